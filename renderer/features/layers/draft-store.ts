import { useCallback, useState } from 'react'
import { z } from 'zod'
import { keptJson } from '../../ui/kept.ts'
import { NO_EDITS, type DraftLog } from './draft.ts'

const DRAFT = z.object({
  lo: z.number().exactOptional(), hi: z.number().exactOptional(), method: z.string().exactOptional(), bits: z.literal([8, 16]).exactOptional(),
  float: z.boolean().exactOptional(), scale: z.number().exactOptional(),
})
const LOG = z.object({
  edits: z.array(z.object({ changes: z.array(z.object({ tensor: z.string(), before: DRAFT.nullable(), after: DRAFT.nullable() })), tag: z.string() })),
  done: z.int().min(0),
})

const keyOf = (run: string): string => `scalewright.layers.draft ${run}`

/** Edits as they were kept; none where nothing, or something else, stands there. */
export function logFrom(text: string | null): DraftLog {
  const log = keptJson<DraftLog>(text, LOG, NO_EDITS)
  return { ...log, done: Math.min(log.done, log.edits.length) }
}

/** The edits on a run's layers, which survive a reload. `change` may be called from anywhere, any number of times before the next drawing. */
export function useDraftLog(run: string): readonly [log: DraftLog, change: (to: (log: DraftLog) => DraftLog) => void] {
  const [held, setHeld] = useState(() => ({ run, log: logFrom(localStorage.getItem(keyOf(run))) }))
  if (held.run !== run) setHeld({ run, log: logFrom(localStorage.getItem(keyOf(run))) })
  const change = useCallback((to: (log: DraftLog) => DraftLog): void => {
    // What is stored is the truth: an edit that follows another at once starts from it.
    const log = to(logFrom(localStorage.getItem(keyOf(run))))
    if (log.edits.length === 0) localStorage.removeItem(keyOf(run))
    else localStorage.setItem(keyOf(run), JSON.stringify(log))
    setHeld({ run, log })
  }, [run])
  return [held.log, change]
}
