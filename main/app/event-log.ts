import { randomBytes } from 'node:crypto'
import type { AppEvent } from '../../preload/contract/events.ts'

/** An event before it has its number. */
export type News = AppEvent extends infer E ? (E extends { id: number; type: 'job' | 'live' | 'log' | 'runs' } ? Omit<E, 'id'> : never) : never

/** Where a window stopped listening. */
export interface EventPlace {
  readonly epoch: string
  readonly id: number
}

/** Events with increasing ids. The last ones are kept, so that a window that was away gets what it missed. */
export interface EventLog {
  readonly epoch: string
  publish(news: News): void
  /** Calls `listen` with `hello`, with what was missed since `after` (or `reset` where that is not known), then with all that comes. Gives the way to stop. */
  subscribe(listen: (event: AppEvent) => void, after?: EventPlace): () => void
}

const KEPT = 2000

export function openEventLog(kept: number = KEPT): EventLog {
  const epoch = randomBytes(8).toString('hex')
  const ring: AppEvent[] = []
  const listeners = new Set<(event: AppEvent) => void>()
  let last = 0
  return {
    epoch,
    publish(news) {
      const event = { ...news, id: ++last } as AppEvent
      ring.push(event)
      if (ring.length > kept) ring.shift()
      for (const listen of listeners) listen(event)
    },
    subscribe(listen, after) {
      const oldest = ring[0]?.id ?? last + 1
      const known = after?.epoch === epoch && after.id <= last && after.id >= oldest - 1
      const missed = known ? ring.filter((event) => event.id > after.id) : []
      listen({ type: 'hello', id: known ? after.id : last, epoch, resumed: known })
      if (after !== undefined && !known) listen({ type: 'reset', id: last })
      for (const event of missed) listen(event)
      listeners.add(listen)
      return () => listeners.delete(listen)
    },
  }
}
