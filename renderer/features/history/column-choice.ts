import { z } from 'zod'
import { keptJson, keptValue } from '../../ui/kept.ts'

const CHOICE = z.array(z.string()).min(1)

/** What the table shows until a person chooses. */
export const FIRST_COLUMNS: readonly string[] = ['run', 'model', 'method', 'simulated', 'drop', 'latency', 'worst', 'gates', 'created']

/** Columns as they were remembered; the first ones where nothing, or something else, stands there. */
export const columnsFrom = (text: string | null): readonly string[] => keptJson<readonly string[]>(text, CHOICE, FIRST_COLUMNS)

export const chosenColumns = keptValue('scalewright.history.columns', columnsFrom)

/** Shows a column or hides it; null goes back to the first ones. */
export function toggleColumn(id: string | null): void {
  const known = chosenColumns.get()
  chosenColumns.set(id === null ? FIRST_COLUMNS : known.includes(id) ? known.filter((each) => each !== id) : [...known, id])
}
