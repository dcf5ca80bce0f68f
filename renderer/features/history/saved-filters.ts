import { z } from 'zod'
import { keptJson, keptList, keptValue } from '../../ui/kept.ts'

const FILTERS = z.array(z.object({ name: z.string(), line: z.string() }))

type SavedFilter = Readonly<z.infer<typeof FILTERS>[number]>

/** Filters as they were kept; none where nothing, or something else, stands there. */
export const filtersFrom = (text: string | null): readonly SavedFilter[] => keptJson(text, FILTERS, [])

/** Filter lines that a person keeps under a name. */
export const savedFilters = keptList(keptValue('scalewright.history.filters', filtersFrom))
