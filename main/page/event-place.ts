import type { EventPlace } from '../app/event-log.ts'

/** Where an earlier connection ended, as a page says it: `epoch-id`. What cannot be read is a place nobody knows. */
export function eventPlaceIn(said: unknown): EventPlace | undefined {
  if (said === undefined || said === null || said === '') return undefined
  const [, epoch, id] = typeof said === 'string' ? (/^([0-9a-f]{16})-(\d{1,15})$/.exec(said) ?? []) : []
  return { epoch: epoch ?? '', id: Number(id ?? 0) }
}
