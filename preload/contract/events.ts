import { z } from 'zod'
import { JOB, LIVE_HISTOGRAM, LOG_LINE } from './job.ts'

/**
 * What the app tells without being asked, in order, ids increasing by one. A window that was away says the last id it saw and gets
 * what it missed. Where that is no longer known (too long ago, or the program was started anew) it gets `reset` first: then
 * everything it holds is to be asked for again.
 */
export const APP_EVENT = z.discriminatedUnion('type', [
  /** First on every connection. `epoch` differs each time the program starts; `resumed` false: this window is new or got a reset. */
  z.object({ type: z.literal('hello'), id: z.int(), epoch: z.string(), resumed: z.boolean() }),
  z.object({ type: z.literal('reset'), id: z.int() }),
  /** A job is there, moved on, or ended: the whole job each time, at most ten times a second. */
  z.object({ type: z.literal('job'), id: z.int(), job: JOB }),
  /** What the pass over the samples has seen of some tensors: at most twice a second while it lasts. */
  z.object({ type: z.literal('live'), id: z.int(), job: z.string(), live: z.array(LIVE_HISTOGRAM) }),
  z.object({ type: z.literal('log'), id: z.int(), job: z.string(), line: LOG_LINE }),
  /** A run began, ended, or was tagged or archived: lists that hold it are old. */
  z.object({ type: z.literal('runs'), id: z.int(), run: z.string() }),
])
export type AppEvent = z.infer<typeof APP_EVENT>

/** The data of one event. Throws TypeError for what is none. */
export function parseEvent(data: string): AppEvent {
  let json: unknown
  try {
    json = JSON.parse(data)
  } catch (error) {
    throw new TypeError('the event is not JSON', { cause: error })
  }
  const parsed = APP_EVENT.safeParse(json)
  if (!parsed.success) throw new TypeError('the event is not what it should be', { cause: parsed.error })
  return parsed.data
}
