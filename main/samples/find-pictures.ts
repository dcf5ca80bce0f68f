import { readFile, readdir, realpath, stat } from 'node:fs/promises'
import { dirname, extname, join, relative, resolve, sep } from 'node:path'
import picomatch from 'picomatch'
import { Fault } from '../core/fault.ts'
import { isSampleList } from '../core/sample-list.ts'
import { datumKeys, datumPath } from './datum.ts'
import { isPictureFile } from './read-picture.ts'

/** A file that samples come from. */
export interface PictureFile {
  /** Path below the folder (or as the list writes it), with `/`. */
  readonly name: string
  readonly path: string
}

export type SampleSource =
  | { readonly kind: 'pictures'; readonly files: readonly PictureFile[]; readonly folder: string }
  | { readonly kind: 'arrays'; readonly path: string }

export interface Filter {
  readonly include?: string | readonly string[]
  readonly exclude?: string | readonly string[]
}

/** By code units, so that the order is the same in every language and on every system. */
export const byName = (a: { name: string }, b: { name: string }): number => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)

function unreadable(path: string, error: unknown): Fault {
  const code = (error as NodeJS.ErrnoException).code
  if (code === 'ENOENT') return new Fault({ code: 'samples.missing', where: path, what: 'there is no such file or folder', next: 'Correct the path of the samples.' }, { cause: error })
  const what = code === 'EACCES' || code === 'EPERM' ? 'reading is not permitted' : `it cannot be read (${code ?? String(error)})`
  return new Fault({ code: 'samples.unreadable', where: path, what, next: 'Change its permissions, or give another path.' }, { cause: error })
}

async function reading<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw error instanceof Fault ? error : unreadable(path, error)
  }
}

/** Every file below a folder, links followed once, hidden names left out. */
async function filesBelow(folder: string, root: string, seen: Set<string>): Promise<PictureFile[]> {
  const real = await realpath(folder)
  if (seen.has(real)) return []
  seen.add(real)
  const found: PictureFile[] = []
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.name.startsWith('.')) continue
    const path = join(folder, entry.name)
    const kind = entry.isSymbolicLink() ? await reading(path, () => stat(path)) : entry
    if (kind.isDirectory()) found.push(...(await filesBelow(path, root, seen)))
    else if (kind.isFile()) found.push({ name: relative(root, path).split(sep).join('/'), path })
  }
  return found
}

/** `*.png` matches at any depth, `set5/*.png` from the top. */
function filterOf({ include, exclude }: Filter): (name: string) => boolean {
  const matcher = (globs: string | readonly string[]) => {
    const tests = [globs].flat().map((glob) => picomatch(glob, { basename: !glob.includes('/') }))
    return (name: string) => tests.some((test) => test(name))
  }
  const wanted = include === undefined ? () => true : matcher(include)
  const unwanted = exclude === undefined ? () => false : matcher(exclude)
  return (name) => wanted(name) && !unwanted(name)
}

function noneFound(folder: string, all: readonly PictureFile[], pictures: number): Fault {
  const kinds = [...new Set(all.map(({ name }) => extname(name).toLowerCase() || 'without extension'))].slice(0, 5).join(', ')
  const what = pictures > 0 ? `none of the ${pictures} pictures passes include and exclude` : `no pictures were found${all.length > 0 ? ` among ${all.length} files (${kinds})` : ': the folder is empty'}`
  const next = pictures > 0 ? 'Correct the patterns; `*.png` matches at any depth.' : 'Give a folder with PNG, JPEG, WebP, BMP or TIFF files, a list (.txt), or arrays (.npy, .npz).'
  return new Fault({ code: 'samples.none', where: folder, what, next })
}

/** Pictures of a folder in name order. Throws `samples.none` where nothing is left. */
export async function picturesIn(folder: string, filter: Filter): Promise<PictureFile[]> {
  const all = await reading(folder, () => filesBelow(folder, folder, new Set()))
  const pictures = all.filter(({ name }) => isPictureFile(name))
  const passes = filterOf(filter)
  const chosen = pictures.filter(({ name }) => passes(name)).toSorted(byName)
  if (chosen.length === 0) throw noneFound(folder, all, pictures.length)
  return chosen
}

/** One path a line, relative to the list; blank lines and lines that begin with # are left out. The list's order is kept. */
async function listed(path: string, filter: Filter): Promise<PictureFile[]> {
  const text = await reading(path, () => readFile(path, 'utf8'))
  const passes = filterOf(filter)
  const files: PictureFile[] = []
  const lineOf = new Map<string, number>()
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const name = line.trim().replaceAll('\\', '/').replace(/^\.\//, '')
    if (name === '' || name.startsWith('#') || !passes(name)) continue
    const file = resolve(dirname(path), name)
    const first = lineOf.get(file)
    if (first !== undefined) throw new Fault({ code: 'samples.list', where: `${path}:${index + 1}`, what: `'${name}' stands on line ${first} already`, next: 'Name every picture once.' })
    lineOf.set(file, index + 1)
    files.push({ name, path: file })
  }
  if (files.length === 0) throw new Fault({ code: 'samples.none', where: path, what: 'the list names no pictures', next: 'Write one path a line, relative to the list.' })
  return files
}

/** Entries of a Caffe database, in the order of their keys. */
function datums(folder: string, keys: readonly string[], filter: Filter): PictureFile[] {
  const passes = filterOf(filter)
  const files = keys.filter((key) => passes(key)).map((key) => ({ name: key, path: datumPath(folder, key) }))
  if (files.length === 0) throw new Fault({ code: 'samples.none', where: folder, what: keys.length === 0 ? 'the database is empty' : `none of the ${keys.length} entries passes include and exclude`, next: 'Give a database with pictures, or correct the patterns.' })
  return files
}

/** What a samples path stands for: a folder, a Caffe database (a folder with data.mdb), a list, arrays, or one picture. */
export async function findSamples(path: string, filter: Filter): Promise<SampleSource> {
  const facts = await reading(path, () => stat(path))
  if (facts.isDirectory()) {
    const keys = await reading(path, () => datumKeys(path))
    return { kind: 'pictures', files: keys === undefined ? await picturesIn(path, filter) : datums(path, keys, filter), folder: path }
  }
  const extension = extname(path).toLowerCase()
  if (extension === '.npy' || extension === '.npz') return { kind: 'arrays', path }
  if (isSampleList(path)) return { kind: 'pictures', files: await listed(path, filter), folder: dirname(path) }
  if (isPictureFile(path)) return { kind: 'pictures', files: [{ name: path.split(/[\\/]/).at(-1)!, path }], folder: dirname(path) }
  throw new Fault({ code: 'samples.kind', where: path, what: 'this is neither a folder, a list (.txt), a picture nor an array file', next: 'Give one of those.' })
}
