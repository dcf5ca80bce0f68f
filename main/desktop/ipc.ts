import type { Handlers } from '../../preload/contract/calls.ts'
import { EVENTS_CHANNEL } from '../../preload/contract/channels.ts'
import { encodeReply } from '../../preload/contract/envelope.ts'
import { answer } from '../app/answer.ts'
import type { EventLog } from '../app/event-log.ts'
import { eventPlaceIn } from '../page/event-place.ts'
import { isOwnPage } from './own-page.ts'

/** What of Electron's message events is looked at. */
export interface Message {
  readonly sender: Sender
  /** Null once the frame is gone. */
  readonly senderFrame: { readonly url: string; readonly parent: unknown } | null
}

export interface Sender {
  readonly id: number
  isDestroyed(): boolean
  send(channel: string, ...words: unknown[]): void
}

export interface IpcOptions {
  readonly handlers: Handlers
  readonly events: EventLog
  /** Ids of the web contents that are windows of ours. */
  readonly windows: ReadonlySet<number>
  /** Told of every error that is a fault of ours. */
  readonly unexpected: (error: unknown) => void
}

/** A call as large as the served page's. */
const LARGEST_REQUEST = 1 << 20
const MOST_STREAMS = 16

/** Whether a message comes from the main frame of one of our windows while it shows our page. */
export const isOwnMessage = ({ sender, senderFrame }: Message, windows: ReadonlySet<number>): boolean =>
  windows.has(sender.id) && senderFrame !== null && senderFrame.parent === null && isOwnPage(senderFrame.url)

/** Answers CALL_CHANNEL: the bytes of an envelope, whatever was sent. Rejects only for a sender that is not ours. */
export const answerCalls = ({ handlers, windows, unexpected }: IpcOptions) =>
  async (message: Message, name: unknown, request: unknown): Promise<Uint8Array> => {
    if (!isOwnMessage(message, windows)) throw new Error('this sender is not answered')
    const read = readRequest(name, request)
    return 'refused' in read ? badRequest(read.refused) : (await answer(handlers, read.name, read.value, { writable: true, unexpected })).bytes
  }

function readRequest(name: unknown, request: unknown): { readonly name: string; readonly value: unknown } | { readonly refused: string } {
  if (typeof name !== 'string' || typeof request !== 'string') return { refused: 'a call is a name and JSON' }
  if (request.length > LARGEST_REQUEST) return { refused: 'the request is too large' }
  try {
    return { name, value: JSON.parse(request) as unknown }
  } catch (error) {
    if (error instanceof SyntaxError) return { refused: 'the request is not JSON' }
    throw error
  }
}

const badRequest = (what: string): Uint8Array => encodeReply({ ok: false, fault: { code: 'input.bad-request', what, next: 'Reload the window; if it comes again, report it.' } })

/** Streams of events to windows. A stream ends when it is left, and all of a window's when that is reloaded or closed (`forget`). */
export interface EventStreams {
  hear(message: Message, stream: unknown, verb: unknown, after?: unknown): void
  forget(window: number): void
}

export function eventStreams({ events, windows }: Pick<IpcOptions, 'events' | 'windows'>): EventStreams {
  const stops = new Map<number, Map<number, () => void>>()
  const leave = (window: number, stream: number): void => {
    stops.get(window)?.get(stream)?.()
    stops.get(window)?.delete(stream)
  }
  return {
    hear(message, stream, verb, after) {
      const { sender } = message
      if (!isOwnMessage(message, windows) || !Number.isSafeInteger(stream)) return
      leave(sender.id, stream as number)
      const own = stops.get(sender.id) ?? new Map<number, () => void>()
      stops.set(sender.id, own)
      if (verb !== 'follow' || own.size >= MOST_STREAMS) return
      const tell = (event: unknown): void => {
        if (!sender.isDestroyed()) sender.send(EVENTS_CHANNEL, stream, JSON.stringify(event))
      }
      own.set(stream as number, events.subscribe(tell, eventPlaceIn(after)))
    },
    forget(window) {
      for (const stop of stops.get(window)?.values() ?? []) stop()
      stops.delete(window)
    },
  }
}
