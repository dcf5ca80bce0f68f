import { useSyncExternalStore } from 'react'
import { z } from 'zod'

const KEY = 'scalewright.layers.views'
const VIEWS = z.array(z.object({ name: z.string(), q: z.string(), sort: z.string(), columns: z.string(), mode: z.string() }))

/** A filter, a sort and the columns shown, under a name; as they stand in the address. */
export type SavedView = Readonly<z.infer<typeof VIEWS>[number]>

/** Views as they were kept; none where nothing, or something else, stands there. */
export function viewsFrom(text: string | null): readonly SavedView[] {
  if (text === null) return []
  try {
    const parsed = VIEWS.safeParse(JSON.parse(text))
    return parsed.success ? parsed.data : []
  } catch {
    return []
  }
}

let current: readonly SavedView[] | undefined
const listeners = new Set<() => void>()

const savedViews = (): readonly SavedView[] => (current ??= viewsFrom(localStorage.getItem(KEY)))

function keep(next: readonly SavedView[]): void {
  current = next
  localStorage.setItem(KEY, JSON.stringify(next))
  for (const listener of listeners) listener()
}

/** Keeps a view; one of the same name is replaced where it stands. */
export function saveView(view: SavedView): void {
  const known = savedViews()
  keep(known.some(({ name }) => name === view.name) ? known.map((each) => (each.name === view.name ? view : each)) : [...known, view])
}

/** Forgets a view; gives what brings it back. */
export function forgetView(name: string): () => void {
  const before = savedViews()
  keep(before.filter((each) => each.name !== name))
  return () => keep(before)
}

function onViews(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export const useSavedViews = (): readonly SavedView[] => useSyncExternalStore(onViews, savedViews)
