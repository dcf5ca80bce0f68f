import { z } from 'zod'
import { keptJson, keptList, keptValue } from '../../ui/kept.ts'

const VIEWS = z.array(z.object({ name: z.string(), q: z.string(), sort: z.string(), columns: z.string(), mode: z.string() }))

/** A filter, a sort and the columns shown, under a name; as they stand in the address. */
export type SavedView = Readonly<z.infer<typeof VIEWS>[number]>

/** Views as they were kept; none where nothing, or something else, stands there. */
export const viewsFrom = (text: string | null): readonly SavedView[] => keptJson(text, VIEWS, [])

export const savedViews = keptList(keptValue('scalewright.layers.views', viewsFrom))
