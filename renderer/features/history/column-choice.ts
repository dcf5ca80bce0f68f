import { useSyncExternalStore } from 'react'
import { z } from 'zod'

const KEY = 'scalewright.history.columns'
const CHOICE = z.array(z.string())

/** What the table shows until a person chooses. */
export const FIRST_COLUMNS = ['run', 'model', 'method', 'simulated', 'drop', 'latency', 'worst', 'gates', 'created'] as const

/** Columns as they were remembered; the first ones where nothing, or something else, stands there. */
export function columnsFrom(text: string | null): readonly string[] {
  if (text === null) return FIRST_COLUMNS
  try {
    const parsed = CHOICE.safeParse(JSON.parse(text))
    return parsed.success && parsed.data.length > 0 ? parsed.data : FIRST_COLUMNS
  } catch {
    return FIRST_COLUMNS
  }
}

let current: readonly string[] | undefined
const listeners = new Set<() => void>()

const chosenColumns = (): readonly string[] => (current ??= columnsFrom(localStorage.getItem(KEY)))

function onColumns(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** Shows a column or hides it; null goes back to the first ones. */
export function toggleColumn(id: string | null): void {
  const known = chosenColumns()
  current = id === null ? FIRST_COLUMNS : known.includes(id) ? known.filter((each) => each !== id) : [...known, id]
  localStorage.setItem(KEY, JSON.stringify(current))
  for (const listener of listeners) listener()
}

export const useChosenColumns = (): readonly string[] => useSyncExternalStore(onColumns, chosenColumns)
