import { statSync } from 'node:fs'
import { dirname } from 'node:path'
import { Fault } from '../core/fault.ts'
import { ensureFolder } from '../core/files.ts'
import { canonicalJson, sha256OfFile } from '../core/hash.ts'
import type { Run } from '../core/run.ts'
import { ownVersion } from '../core/version.ts'
import type { JobInput, JobOutput } from '../engine/jobs.ts'
import type { Recipe } from '../recipe/recipe.ts'
import type { Store } from '../store/open-store.ts'
import type { RunTask } from './api.ts'
import type { RecordRun } from './app.ts'
import { withWaivers } from './waivers.ts'

export type ExportInput = {
  /** Absent: the board of the run's recipe. */
  readonly board?: string
  /** Absolute path of a folder, or of a file that ends with .zip. */
  readonly out: string
  /** Exports although a check failed; README and manifest say so. */
  readonly force?: boolean
  /** Formats besides those of the board. */
  readonly formats?: readonly string[]
  /** Absolute path of a .mlir of the board's importer, whose names the tables then take. */
  readonly names?: string
  /** Language of the report. */
  readonly language?: 'en' | 'zh'
} & (
  | { readonly run: string }
  /** The newest run of the recipe; where there is none it is run first. */
  | { readonly recipe: Recipe }
)

/** The export as a run whose parent is what was exported, and the bundle. */
export interface ExportResult extends Run {
  readonly bundle: JobOutput<'export'> & { readonly out: string }
}

export interface ExportPlace {
  readonly record: RecordRun
  readonly store: () => Store
  readonly workspace: string
  readonly runRecipe: (recipe: Recipe, task: RunTask) => Promise<Run>
}

type SubjectInput = Omit<JobInput<'export'>, 'out' | 'force' | 'language' | 'scalewright' | 'picture'>

/** Writes the bundle of a run for a board, recorded as a run of its own. */
export async function exportBundle(input: ExportInput, task: RunTask, place: ExportPlace): Promise<ExportResult> {
  ensureFolder(dirname(input.out))
  const run = 'run' in input ? place.store().getRun(input.run) : ((await newestOf(input.recipe, place.store())) ?? (await place.runRecipe(input.recipe, task)))
  const subject = subjectOf(run, input, place)
  const picture = run.artifacts?.find(({ role }) => role === 'picture')?.path
  let made: JobOutput<'export'> | undefined
  const recipe = { ...(run.recipe as Recipe), board: subject.board }
  const recorded = await place.record('export', recipe, task, async (recording) => {
    made = await recording.job('export', {
      ...subject, out: input.out, force: input.force === true, language: input.language ?? 'en', scalewright: ownVersion(),
      ...(picture !== undefined && statSync(picture, { throwIfNoEntry: false }) ? { picture } : {}),
    })
    const { proofs: _proofs, ...facts } = made
    const kept = await recording.store.putArtifact(Buffer.from(`${JSON.stringify({ ...facts, out: input.out }, null, 2)}\n`), { role: 'bundle-record', name: 'bundle-record.json' })
    const zip = /\.zip$/i.test(input.out) ? [{ role: 'bundle', path: input.out, sha256: made.sha256, bytes: statSync(input.out).size }] : []
    return {
      recipe, ...(run.model ? { model: run.model } : {}), ...(run.samples ? { samples: run.samples } : {}), proofs: made.proofs, artifacts: [kept, ...zip],
      notes: [`Bundle for ${made.board}: ${made.files.length} files, ${made.bytes} bytes, SHA-256 ${made.sha256}.`, `Written to ${input.out}.`, ...(made.forced ? ['Exported although checks failed: README.md and MANIFEST.json name them.'] : [])],
    }
  }, run.run)
  return { ...recorded, bundle: { ...made!, out: input.out } }
}

/** What the jobs of an export take of a recorded run. Throws `input.nothing-to-export`. */
export function subjectOf(run: Run, { board, formats = [], names }: Pick<ExportInput, 'board' | 'formats' | 'names'>, { store, workspace }: Pick<ExportPlace, 'store' | 'workspace'>): SubjectInput {
  const pathOf = (role: string): string | undefined => run.artifacts?.find((artifact) => artifact.role === role)?.path
  const [quantized, statistics] = [pathOf('quantized-model'), pathOf('statistics')]
  if (run.status !== 'done' || quantized === undefined || statistics === undefined || !run.recipe || !run.scales) {
    throw new Fault({ code: 'input.nothing-to-export', where: run.run, what: `this run (${run.verb}, ${run.status}) does not keep a quantized model with its scales and statistics`, next: 'Take a run of `run` or `quantize` that was done, or give its recipe.' })
  }
  for (const path of [quantized, statistics, pathOf('tuned-values') ?? statistics]) {
    if (!statSync(path, { throwIfNoEntry: false })) throw new Fault({ code: 'input.no-artifact', where: path, what: 'the run keeps this file, and it is gone', next: 'Put it back, or run the recipe again.' })
  }
  const waivers = withWaivers(run.gates ?? [], store().marksOf(run.run).waivers)
  const waived = Object.fromEntries(waivers.flatMap((gate) => (gate.waived === null ? [] : [[gate.rule, gate.waived] as const])))
  return { run, board: board ?? (run.recipe as Recipe).board, workspace, formats, quantized, statistics, waived, ...(names === undefined ? {} : { names }) }
}

const FROM_RECIPE: readonly Run['verb'][] = ['run', 'demo', 'quantize', 'tune']
const LOOKED_AT = 200

/** The newest run of this very model whose recipe is the asked one; what a run wrote into it (preprocessing that was guessed) is no difference. */
async function newestOf(recipe: Recipe, store: Store): Promise<Run | undefined> {
  const sha256 = await sha256OfFile(recipe.model).catch(() => '')
  if (sha256 === '') return undefined
  for (const { run: id, verb } of store.listRuns({ model: sha256, status: 'done', limit: LOOKED_AT })) {
    if (!FROM_RECIPE.includes(verb)) continue
    const run = store.getRun(id)
    if (run.recipe && run.artifacts?.some(({ role }) => role === 'quantized-model') && sameRecipe(recipe, run.recipe as Recipe)) return run
  }
  return undefined
}

function sameRecipe(asked: Recipe, recorded: Recipe): boolean {
  const plain = ({ board: _board, workspace: _workspace, threads: _threads, samples, ...rest }: Recipe, like: Recipe['samples']): string => {
    const part = (name: 'calibration' | 'evaluation') => {
      const found = samples[name]
      return found && { ...found, preprocess: like[name]?.preprocess === undefined ? null : found.preprocess && Object.fromEntries(Object.entries(found.preprocess).filter(([key]) => Object.hasOwn(like[name]!.preprocess!, key))) }
    }
    return canonicalJson({ ...rest, calibration: rest.calibration, samples: { calibration: part('calibration') ?? null, evaluation: part('evaluation') ?? null } })
  }
  return plain(asked, asked.samples) === plain(recorded, asked.samples)
}
