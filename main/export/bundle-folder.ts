import { lstatSync } from 'node:fs'
import { mkdir, open, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { canonicalJson, sha256, sha256OfFile } from '../core/hash.ts'
import { breathe, type Task } from '../core/task.ts'
import { writeZip } from '../core/zip-write.ts'
import { filesBelow, syncFolder } from './destination.ts'
import { formatFaults } from './formats/index.ts'
import { badBundle, isPlainPath, MANIFEST_NAME, manifestText, readManifest, type Manifest, type ManifestFile } from './manifest.ts'

/** Takes the files of a bundle, one at a time. */
export interface BundleFolder {
  readonly folder: string
  add(path: string, content: Uint8Array | string, format?: string): Promise<void>
  /** Writes the manifest, last of all. `facts`: all of it but the files. */
  finish(facts: Omit<Manifest, 'files' | 'sha256'>): Promise<Manifest>
}

export function bundleFolder(folder: string): BundleFolder {
  const files: ManifestFile[] = []
  return {
    folder,
    async add(path, content, format) {
      if (!isPlainPath(path) || files.some((file) => file.path.toLowerCase() === path.toLowerCase())) throw badBundle(path, 'two files of the bundle would have this name')
      const bytes = typeof content === 'string' ? Buffer.from(content, 'utf8') : content
      await mkdir(dirname(join(folder, path)), { recursive: true })
      await writeSynced(join(folder, path), bytes)
      files.push({ path, bytes: bytes.byteLength, sha256: sha256(bytes), ...(format === undefined ? {} : { format }) })
    },
    async finish(facts) {
      const sorted = files.toSorted((a, b) => (a.path < b.path ? -1 : 1))
      const manifest = inOrder({ ...facts, files: sorted })
      await writeSynced(join(folder, MANIFEST_NAME), manifestText(manifest))
      await syncFolder(folder)
      return manifest
    },
  }
}

/** Keys in the order of the schema, so that equal manifests are equal texts. */
const inOrder = (facts: Omit<Manifest, 'sha256'>): Manifest =>
  readManifest(JSON.stringify({ ...facts, sha256: sha256(canonicalJson(facts)) }), MANIFEST_NAME)

async function writeSynced(path: string, content: Uint8Array | string): Promise<void> {
  const file = await open(path, 'wx', 0o644)
  try {
    await file.writeFile(content)
    await file.sync()
  } finally {
    await file.close()
  }
}

const TEXTS = /\.(?:json|md|csv|ya?ml|py|sh|txt|html|cache|cfg|table|scale)$|_(?:cali_table|qtable)$/

/** The folder as one zip: sorted, with a fixed time, texts packed and arrays as they are. */
export async function zipFolder(folder: string, path: string): Promise<number> {
  const names = await filesBelow(folder)
  return writeZip(path, async (zip) => {
    for (const name of names) await zip.add(name, TEXTS.test(name) ? await readFile(join(folder, name), 'utf8') : { path: join(folder, name) })
  })
}

/** Something in a bundle that is not as its manifest says, or that a reader would refuse. */
export interface BundleProblem {
  readonly path: string
  readonly kind: 'missing' | 'changed' | 'link' | 'format' | 'unlisted'
  readonly what: string
}

/**
 * Reads every file of a bundle's folder again: hashes, sizes, and formats by their strict readers. `unlisted` files are told and
 * are no fault (a board's tools write beside what they read). Throws `input.bundle` where there is no manifest, or a changed one.
 */
export async function checkFolder(folder: string, where: string, task: Task): Promise<{ manifest: Manifest; problems: BundleProblem[] }> {
  const text = await readFile(join(folder, MANIFEST_NAME), 'utf8').catch((error: unknown) => { throw badBundle(where, 'there is no MANIFEST.json in it', error) })
  const manifest = readManifest(text, where)
  const { sha256: whole, ...rest } = manifest
  // The manifest is written one way only: a changed blank counts as a changed word.
  if (manifestText(manifest) !== text || sha256(canonicalJson(rest)) !== whole) throw badBundle(where, 'MANIFEST.json was changed')
  const problems: BundleProblem[] = []
  for (const [index, file] of manifest.files.entries()) {
    problems.push(...(await problemsOf(folder, file)))
    task.report({ stage: 'verify', done: index + 1, total: manifest.files.length, unit: 'files' })
    await breathe(task)
  }
  const known = new Set([MANIFEST_NAME, ...manifest.files.map(({ path }) => path)])
  const unlisted = (await filesBelow(folder)).filter((path) => !known.has(path))
  return { manifest, problems: [...problems, ...unlisted.map((path) => ({ path, kind: 'unlisted' as const, what: 'the manifest does not name it' }))] }
}

async function problemsOf(folder: string, { path, bytes, sha256: wanted, format }: ManifestFile): Promise<BundleProblem[]> {
  const full = join(folder, path)
  const found = lstatSync(full, { throwIfNoEntry: false })
  if (!found) return [{ path, kind: 'missing', what: 'the file is missing' }]
  if (!found.isFile()) return [{ path, kind: 'link', what: 'this is a link or a folder, no file' }]
  if (found.size !== bytes) return [{ path, kind: 'changed', what: `it has ${found.size} bytes instead of ${bytes}` }]
  if ((await sha256OfFile(full)) !== wanted) return [{ path, kind: 'changed', what: 'its content was changed (another SHA-256)' }]
  return format === undefined ? [] : formatFaults(format, await readFile(full, 'utf8')).map((what) => ({ path, kind: 'format', what }))
}
