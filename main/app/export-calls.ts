import { statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { CheckedRequestOf, Handlers } from '../../preload/contract/calls.ts'
import { EXPORTED_BUNDLE, VERIFIED_BUNDLE, type RecentBundle } from '../../preload/contract/exports.ts'
import { finite } from '../core/finite.ts'
import { shellWord } from '../core/shell-word.ts'
import type { Run } from '../core/run.ts'
import type { Recipe } from '../recipe/recipe.ts'
import type { PathGuard } from './allowed-paths.ts'
import type { App } from './api.ts'
import { bundleText, type BundledFile } from './bundle-text.ts'
import { guardImported } from './imported-runs.ts'
import type { Order } from './jobs.ts'
import { stem } from './pipeline.ts'

type Names = 'export.boards' | 'export.preview' | 'export.place' | 'export.bundle' | 'export.earlier' | 'export.recent' | 'export.sheet' | 'export.verified'

export interface ExportDoor {
  /** Absolute folder that relative paths count from. */
  readonly folder: string
  readonly guard: PathGuard
}

/** Bundles that a window makes without saying where. */
const bundlesOf = (app: App): string => join(app.workspace, 'bundles')

/** The calls of the export screen. */
export function exportCalls(app: App, { folder, guard }: ExportDoor): Pick<Handlers, Names> {
  const load = async (ref: string) => {
    const run = await app.runs.show(ref)
    await guardImported(app, guard, run)
    return run
  }
  return {
    'export.boards': async ({ run: ref }) => {
      const run = await load(ref)
      const { board: _board, formats: _formats, ...input } = await app.exportSubject(run, {})
      const found = await app.view('export-boards', input)
      return finite({ ...found, board: (run.recipe as Recipe).board, out: join(bundlesOf(app), `${await nameOf(app, run)}-{board}.zip`) }) as Awaited<ReturnType<Handlers['export.boards']>>
    },
    'export.preview': async ({ run: ref, board, formats, names, language }) => {
      const run = await load(ref)
      const picture = run.artifacts?.find(({ role }) => role === 'picture')?.path
      const preview = await app.view('export-preview', { ...(await app.exportSubject(run, { board, formats, ...namesAt(names, { folder, guard }) })), language, ...(picture === undefined ? {} : { picture }) })
      const last = await lastExport(app, run, board)
      const before = new Map(last?.files.map(({ path, sha256 }) => [path, sha256]))
      const changeOf = (path: string, sha256: string | null) => (last === null || !before.has(path) ? 'new' : sha256 === null ? 'unknown' : before.get(path) === sha256 ? 'same' : 'changed')
      const here = new Set(preview.files.map(({ path }) => path))
      return finite({
        ...preview, files: preview.files.map((file) => ({ ...file, change: changeOf(file.path, file.sha256) })),
        last: last && { run: last.run, created: last.created, of: last.of, gone: [...before.keys()].filter((path) => !here.has(path)) },
      }) as Awaited<ReturnType<Handlers['export.preview']>>
    },
    'export.sheet': async ({ run: ref }) => {
      const { run, quantized, statistics } = await app.exportSubject(await load(ref), {})
      return structuredClone(await app.view('export-sheet', { run, quantized, statistics })) as Awaited<ReturnType<Handlers['export.sheet']>>
    },
    'export.place': async ({ out }) => {
      const path = resolve(folder, out)
      guardOut(app, guard, path)
      return { out: path, ...(await app.view('export-place', { out: path })) } as Awaited<ReturnType<Handlers['export.place']>>
    },
    'export.bundle': async ({ run }) => {
      const record = JSON.parse(await readFile((await app.artifact(run, 'bundle-record')).path, 'utf8')) as { out: string }
      return EXPORTED_BUNDLE.parse({ ...record, kind: /\.zip$/i.test(record.out) ? 'zip' : 'folder', present: statSync(record.out, { throwIfNoEntry: false }) !== undefined })
    },
    'export.earlier': async ({ run: ref, path }) => {
      const run = await app.runs.show(ref)
      const record = run.artifacts?.find(({ role }) => role === 'bundle-record')
      // What another workspace wrote lies elsewhere, whatever stands at its path here.
      if (record === undefined || (await app.runs.isImported(run.run))) return { text: null }
      const { out, files } = JSON.parse(await readFile(record.path, 'utf8')) as { out: string; files: BundledFile[] }
      const file = files.find((each) => each.path === path)
      return { text: file === undefined ? null : await bundleText(out, file) }
    },
    'export.recent': async () => ({ bundles: await recentBundles(app) }),
    'export.verified': async ({ run }) => VERIFIED_BUNDLE.parse(JSON.parse(await readFile((await app.artifact(run, 'verify-record')).path, 'utf8'))),
  }
}

/** The app's own folder of bundles may always be written. */
function guardOut(app: App, guard: PathGuard, path: string): void {
  const own = bundlesOf(app)
  guard([path], path.startsWith(`${own}/`) && !path.slice(own.length + 1).includes('/') ? [path] : [])
}

/** A file of the board's importer, where one is given. */
function namesAt(names: string | undefined, { folder, guard }: ExportDoor): { names?: string } {
  if (names === undefined) return {}
  const path = resolve(folder, names)
  guard([path])
  return { names: path }
}

/** What a person calls a run: its model, its tag or else its method, and the end of its id, as the window shows it. */
async function nameOf(app: App, run: Run): Promise<string> {
  const [tag] = (await app.runs.marks(run.run)).tags
  const word = tag ?? (run.recipe as Recipe).quantize.activations.method
  return `${stem(run.model?.path ?? 'model')}-${word}-${run.run.slice(-6).toLowerCase()}`.replaceAll(/[^\p{L}\p{N}.()_-]+/gu, '_')
}

const LOOKED_AT = 100
const RECENT = 12

interface BundleRecord {
  readonly out: string
  readonly board: string
  readonly bytes: number
  readonly files: readonly { readonly path: string; readonly sha256: string }[]
}

/** What an export wrote down of its bundle; null where it is not there, or was swept away by hand. */
async function bundleRecord({ artifacts }: Run): Promise<BundleRecord | null> {
  const path = artifacts?.find(({ role }) => role === 'bundle-record')?.path
  const text = path === undefined ? null : await readFile(path, 'utf8').catch(() => null)
  return text ? (JSON.parse(text) as BundleRecord) : null
}

/** The newest exports of this workspace that are still where they were written, one for each place. */
async function recentBundles(app: App): Promise<RecentBundle[]> {
  const found = new Map<string, RecentBundle>()
  for (const { run: id, created, parent } of await app.runs.list({ verb: 'export', status: 'done', limit: LOOKED_AT })) {
    // What another workspace wrote lies elsewhere, whatever stands at its path here.
    if (await app.runs.isImported(id)) continue
    const run = await app.runs.show(id)
    const record = await bundleRecord(run)
    if (record === null) continue
    const { out, board, bytes } = record
    if (!found.has(out) && statSync(out, { throwIfNoEntry: false })) found.set(out, { run: id, of: parent, created, board, out, bytes, model: run.model?.path ?? null })
    if (found.size === RECENT) break
  }
  return [...found.values()]
}

/** The newest export of the same model for a board. */
async function lastExport(app: App, { model }: Run, board: string): Promise<{ run: string; created: string; of: string; files: readonly { path: string; sha256: string }[] } | null> {
  if (!model) return null
  for (const { run: id } of await app.runs.list({ verb: 'export', status: 'done', model: model.sha256, board, limit: LOOKED_AT })) {
    const run = await app.runs.show(id)
    const record = await bundleRecord(run)
    if (record) return { run: run.run, created: run.created, of: run.parent ?? '', files: record.files }
  }
  return null
}

type Spec = Extract<CheckedRequestOf<'jobs.start'>, { kind: 'export' | 'verify' }>

/** An export or a check of a bundle as something the queue can do. */
export async function exportOrder(spec: Spec, app: App, { folder, guard }: ExportDoor, command: (words: string) => string): Promise<Order> {
  if (spec.kind === 'verify') {
    const [bundle, outputs] = [resolve(folder, spec.bundle), spec.outputs === undefined ? undefined : resolve(folder, spec.outputs)]
    const isOwn = bundle.startsWith(`${bundlesOf(app)}/`) || (await recentBundles(app)).some(({ out }) => out === bundle)
    guard([bundle, ...(outputs === undefined ? [] : [outputs])], isOwn ? [bundle] : [])
    const words = `verify ${shellWord(bundle)}${outputs === undefined ? '' : ` --outputs ${shellWord(outputs)} --golden ${spec.golden}`}`
    return { kind: 'verify', command: command(words), work: async (task) => app.runs.show((await app.verifyBundle({ bundle, golden: spec.golden, ...(outputs === undefined ? {} : { outputs }) }, task)).run) }
  }
  const run = await app.runs.show(spec.run)
  await guardImported(app, guard, run)
  const out = resolve(folder, spec.out)
  guardOut(app, guard, out)
  const { board, formats, force, language } = spec
  const given = { board, formats, ...namesAt(spec.names, { folder, guard }) }
  await app.exportSubject(run, given)
  const words = `export ${run.run} --board ${board} --out ${shellWord(out)}${force ? ' --force' : ''}${formats.length > 0 ? ` --format ${formats.join(',')}` : ''}${given.names === undefined ? '' : ` --names ${shellWord(given.names)}`}`
  return { kind: 'export', command: command(words), work: (task) => app.exportBundle({ run: run.run, ...given, out, force, language }, task) }
}
