import { randomBytes } from 'node:crypto'
import { lstatSync, statSync } from 'node:fs'
import { mkdir, open, readdir, readFile, rename, rm, statfs } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { Fault } from '../core/fault.ts'
import { asWriteFault, ensureFolder } from '../core/files.ts'
import { openZip } from '../core/zip-read.ts'
import { MANIFEST_NAME, readManifest } from './manifest.ts'

/** Room that is left over beside a bundle. */
const RESERVE_BYTES = 64 << 20

export const isZipPath = (path: string): boolean => /\.zip$/i.test(path)

/** Where a bundle is built before it takes its place: beside it, so that one rename is enough. */
const prefixOf = (out: string, kind: 'partial' | 'old'): string => `.${basename(out)}.${kind}-`

/**
 * Refuses a place that a bundle cannot take. What may be replaced is an empty folder, and an earlier bundle that nobody added a
 * file to. Throws `input.out-exists`, `input.out-is-folder`.
 */
export async function checkDestination(out: string): Promise<void> {
  await restore(out)
  const found = statSync(out, { throwIfNoEntry: false })
  if (!found) return
  const refuse = (what: string): Fault => new Fault({ code: 'input.out-exists', where: out, what, next: 'Choose another path, or move away what stands there.' })
  if (isZipPath(out)) {
    if (found.isDirectory()) throw new Fault({ code: 'input.out-is-folder', what: 'this is a folder, a file is to be written', where: out, next: 'Give the path of a file.' })
    if (!(await isBundleZip(out))) throw refuse('this file is no earlier bundle')
    return
  }
  if (!found.isDirectory()) throw refuse('a file stands where a folder is to be written')
  const names = await readdir(out)
  if (names.length === 0) return
  if (!names.includes(MANIFEST_NAME)) throw refuse('the folder is not empty and holds no earlier bundle')
  const { files } = readManifest(await readFile(join(out, MANIFEST_NAME), 'utf8'), out)
  const known = new Set([MANIFEST_NAME, ...files.map(({ path }) => path)])
  const foreign = (await filesBelow(out)).find((path) => !known.has(path))
  if (foreign !== undefined) throw refuse(`the earlier bundle there holds «${foreign}», which is not of the bundle`)
}

async function isBundleZip(path: string): Promise<boolean> {
  const refuse = (what: string): never => { throw new Fault({ code: 'input.out-exists', where: path, what: `this file is no earlier bundle: ${what}`, next: 'Choose another path, or move away what stands there.' }) }
  const zip = await openZip(path, refuse)
  await zip.close()
  return zip.entries.has(MANIFEST_NAME)
}

/** Paths of all files below a folder, with slashes, sorted. Links count as files. */
export async function filesBelow(folder: string): Promise<string[]> {
  const found: string[] = []
  const walk = async (below: string): Promise<void> => {
    for (const entry of await readdir(join(folder, below), { withFileTypes: true })) {
      const path = below === '' ? entry.name : `${below}/${entry.name}`
      if (entry.isDirectory()) await walk(path)
      else found.push(path)
    }
  }
  await walk('')
  return found.toSorted((a, b) => (a < b ? -1 : 1))
}

/** Makes the folder above where it is missing. Throws `workspace.enospc` where less is free than the bundle needs. */
export async function checkSpace(out: string, bytes: number): Promise<void> {
  ensureFolder(dirname(out))
  const { bavail, bsize } = await statfs(dirname(out))
  if (bavail * bsize >= bytes * 1.2 + RESERVE_BYTES) return
  throw new Fault({
    code: 'workspace.enospc', where: dirname(out), what: `the bundle needs about ${Math.ceil(bytes / 2 ** 20)} MiB, ${Math.floor((bavail * bsize) / 2 ** 20)} MiB are free`,
    next: 'Free some space, or take fewer calibration samples.',
  })
}

/**
 * Gives `fill` an empty folder beside the destination, then puts what it returns (a folder or file inside) in its place: all or
 * nothing. What is replaced stands aside until then. A destination is never half of anything, however this ends.
 */
export async function intoPlace(out: string, fill: (staging: string) => Promise<string>): Promise<void> {
  ensureFolder(dirname(out))
  await sweep(out)
  const mark = `${process.pid}-${randomBytes(4).toString('hex')}`
  const staging = join(dirname(out), `${prefixOf(out, 'partial')}${mark}`)
  try {
    await mkdir(staging)
    const made = await fill(staging)
    await swap(made, out, join(dirname(out), `${prefixOf(out, 'old')}${mark}`))
  } catch (error) {
    throw asWriteFault(error, out)
  } finally {
    await rm(staging, { recursive: true, force: true })
  }
}

async function swap(made: string, out: string, aside: string): Promise<void> {
  const replaces = lstatSync(out, { throwIfNoEntry: false })
  if (replaces?.isDirectory()) await rename(out, aside)
  try {
    await rename(made, out)
  } catch (error) {
    if (replaces?.isDirectory()) await rename(aside, out)
    throw error
  }
  await syncFolder(dirname(out))
  await rm(aside, { recursive: true, force: true })
}

export async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

async function leftBehind(out: string, kind: 'partial' | 'old'): Promise<string[]> {
  const folder = dirname(out)
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return []
  const prefix = prefixOf(out, kind)
  const names = (await readdir(folder)).filter((name) => name.startsWith(prefix) && /^\d+-[0-9a-f]{8}$/.test(name.slice(prefix.length)))
  return names.filter((name) => !isAlive(Number(name.slice(prefix.length).split('-')[0]))).map((name) => join(folder, name))
}

/** What a killed export had moved aside comes back, where nothing took its place. */
async function restore(out: string): Promise<void> {
  const [old] = (await leftBehind(out, 'old')).toSorted()
  if (old !== undefined && !lstatSync(out, { throwIfNoEntry: false })) await rename(old, out)
}

/** Removes what killed exports of this destination left behind. */
async function sweep(out: string): Promise<void> {
  for (const path of [...(await leftBehind(out, 'partial')), ...(await leftBehind(out, 'old'))]) await rm(path, { recursive: true, force: true })
}
