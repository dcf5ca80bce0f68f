import { stat } from 'node:fs/promises'
import { asFault, Fault } from '../../core/fault.ts'
import { digestPicture, type PictureDigest } from '../../samples/digest-picture.ts'
import { decodePicture, readBytes, readPictureHeader, type PictureHeader } from '../../samples/read-picture.ts'
import type { Picture } from '../../samples/sample.ts'

/** What was found out about a file; it holds as long as the file keeps its size and time of change. */
interface Known {
  readonly stamp: string
  readonly bytes: number
  header?: PictureHeader | Fault
  digest?: PictureDigest | Fault
  small?: { readonly side: number; readonly picture: Picture }
}

const AT_ONCE = 16
/** More is known of no more files than this; what is forgotten is found out again. */
const MOST_FILES = 60_000
const MOST_SMALL = 2_000

const files = new Map<string, Known>()
const withSmall = new Set<Known>()

/** Runs over items, some at once, until all are done or the time is over; at least one round. */
async function eachUntil<T>(items: readonly T[], end: number, atOnce: number, work: (item: T) => Promise<void>): Promise<void> {
  for (let from = 0; from < items.length; from += atOnce) {
    if (from > 0 && performance.now() > end) return
    await Promise.all(items.slice(from, from + atOnce).map(work))
  }
}

/** Looks whether files changed; what was known of a changed one is forgotten. */
export async function refreshFiles(paths: readonly string[]): Promise<void> {
  if (files.size + paths.length > MOST_FILES) files.clear()
  await eachUntil(paths, Infinity, 64, async (path) => {
    // A file that is gone is told when it is read.
    const facts = await stat(path).catch(() => null)
    const stamp = facts === null ? 'gone' : `${facts.mtimeMs} ${facts.size}`
    if (files.get(path)?.stamp !== stamp) files.set(path, { stamp, bytes: facts?.size ?? 0 })
  })
}

/** Of a file that was refreshed. */
function known(path: string): Known {
  const one = files.get(path)
  if (one) return one
  const fresh: Known = { stamp: 'not looked', bytes: 0 }
  files.set(path, fresh)
  return fresh
}

export const bytesOf = (path: string): number => known(path).bytes
export const headerKnown = (path: string): PictureHeader | Fault | undefined => known(path).header
export const digestKnown = (path: string): PictureDigest | Fault | undefined => known(path).digest

/** A header that was read before; throws what reading it threw. */
export async function headerAt(path: string): Promise<PictureHeader> {
  await learnHeader(path)
  const header = known(path).header!
  if (header instanceof Fault) throw header
  return header
}

async function learnHeader(path: string): Promise<void> {
  const one = known(path)
  one.header ??= await orFault(() => readPictureHeader(path))
}

/** Reads headers that are not known yet, until the time is over. True: all are known. */
export async function learnHeaders(paths: readonly string[], end: number): Promise<boolean> {
  await eachUntil(paths.filter((path) => headerKnown(path) === undefined), end, AT_ONCE, learnHeader)
  return paths.every((path) => headerKnown(path) !== undefined)
}

/** Decodes pictures that have no digest yet, until the time is over. */
export async function learnDigests(paths: readonly string[], end: number): Promise<void> {
  await eachUntil(paths.filter((path) => digestKnown(path) === undefined), end, 2, async (path) => {
    known(path).digest = await orFault(async () => digestPicture(await decodePicture(await readBytes(path), path)))
  })
}

/** A picture of a file, made small for looking at. Throws `samples.picture`. */
export async function smallPicture(path: string, side: number): Promise<Picture> {
  const one = known(path)
  if (one.small?.side !== side) {
    one.small = { side, picture: await decodePicture(await readBytes(path), path, side) }
    withSmall.add(one)
    for (const oldest of withSmall) {
      if (withSmall.size <= MOST_SMALL) break
      delete oldest.small
      withSmall.delete(oldest)
    }
  }
  return one.small.picture
}

/** Only what is wrong with a sample is kept; anything else is thrown on. */
async function orFault<T>(work: () => Promise<T>): Promise<T | Fault> {
  try {
    return await work()
  } catch (error) {
    const fault = asFault(error)
    if (fault.code.startsWith('samples.')) return fault
    throw error
  }
}
