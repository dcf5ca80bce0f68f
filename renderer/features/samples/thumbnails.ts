import { useEffect, useReducer, useRef } from 'react'
import type { SamplesPart, SmallPicture } from '../../../preload/contract/index.ts'
import { call, faultOf, type RecipeJson } from '../../client.ts'

/** `why`: it cannot be read. Undefined: not here yet. */
export type Thumbnail = { readonly picture: SmallPicture; readonly why: null } | { readonly picture: null; readonly why: string }

const SIDE = 96
const AT_ONCE = 32
/** Folders whose thumbnails are kept; the oldest goes. */
const MOST_FOLDERS = 4
/** Of a folder; those that were out of sight longest are asked for again when they come back. */
const MOST_KEPT = 1000

const kept = new Map<string, Map<number, Thumbnail>>()

export const forgetThumbnails = (): void => kept.clear()

function keptOf(key: string): Map<number, Thumbnail> {
  const known = kept.get(key) ?? new Map<number, Thumbnail>()
  kept.delete(key)
  kept.set(key, known)
  const oldest = kept.keys().next().value
  if (kept.size > MOST_FOLDERS && oldest !== undefined) kept.delete(oldest)
  return known
}

/** Thumbnails of the files in sight: asked for in batches, one after the other, the first in sight first. */
export function useThumbnails(place: RecipeJson, part: SamplesPart, key: string, wanted: readonly number[]): ReadonlyMap<number, Thumbnail> {
  const [, arrived] = useReducer((count: number) => count + 1, 0)
  const known = keptOf(key)
  const asking = useRef(false)
  useEffect(() => {
    const missing = wanted.filter((file) => !known.has(file)).slice(0, AT_ONCE)
    if (missing.length === 0 || asking.current) return
    asking.current = true
    void fetchInto(known, place, part, missing).finally(() => {
      forgetOldest(known, new Set(wanted))
      asking.current = false
      arrived()
    })
  })
  return known
}

/** Never one that is wanted: it would be asked for again at once. */
export function forgetOldest(known: Map<number, unknown>, wanted: ReadonlySet<number>, most = MOST_KEPT): void {
  for (const file of known.keys()) {
    if (known.size <= most) return
    if (!wanted.has(file)) known.delete(file)
  }
}

async function fetchInto(known: Map<number, Thumbnail>, place: RecipeJson, part: SamplesPart, files: readonly number[]): Promise<void> {
  try {
    const { thumbnails } = await call('samples.thumbnails', { recipe: place, part, files: [...files], side: SIDE })
    for (const { file, picture, why } of thumbnails) known.set(file, picture === null ? { picture, why: why ?? '' } : { picture, why: null })
  } catch (thrown) {
    // The list itself says what is wrong with the folder; a thumbnail only stays empty.
    for (const file of files) known.set(file, { picture: null, why: faultOf(thrown).what })
  }
}
