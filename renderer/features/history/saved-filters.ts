import { useSyncExternalStore } from 'react'
import { z } from 'zod'

const KEY = 'scalewright.history.filters'
const FILTERS = z.array(z.object({ name: z.string(), line: z.string() }))

export type SavedFilter = Readonly<z.infer<typeof FILTERS>[number]>

/** Filters as they were kept; none where nothing, or something else, stands there. */
export function filtersFrom(text: string | null): readonly SavedFilter[] {
  if (text === null) return []
  try {
    const parsed = FILTERS.safeParse(JSON.parse(text))
    return parsed.success ? parsed.data : []
  } catch {
    return []
  }
}

let current: readonly SavedFilter[] | undefined
const listeners = new Set<() => void>()

const savedFilters = (): readonly SavedFilter[] => (current ??= filtersFrom(localStorage.getItem(KEY)))

function onFilters(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

function keep(next: readonly SavedFilter[]): void {
  current = next
  localStorage.setItem(KEY, JSON.stringify(next))
  for (const listener of listeners) listener()
}

/** Keeps a filter; one of the same name is replaced where it stands. */
export function saveFilter(filter: SavedFilter): void {
  const known = savedFilters()
  keep(known.some(({ name }) => name === filter.name) ? known.map((each) => (each.name === filter.name ? filter : each)) : [...known, filter])
}

/** Forgets a filter; gives what brings it back. */
export function forgetFilter(name: string): () => void {
  const before = savedFilters()
  keep(before.filter((each) => each.name !== name))
  return () => keep(before)
}

export const useSavedFilters = (): readonly SavedFilter[] => useSyncExternalStore(onFilters, savedFilters)
