import type { IncomingMessage, ServerResponse } from 'node:http'
import type { EventLog } from '../app/event-log.ts'
import { eventPlaceIn } from '../page/event-place.ts'

const HEARTBEAT_MS = 15_000
/** A page that reads so slowly is cut off; it comes back and goes on where it was. */
const MOST_UNREAD_BYTES = 1 << 20

/** Server-Sent Events until the page goes away. The id on the wire is `epoch-id`, so that one of an earlier program is told apart. */
export function streamEvents(events: EventLog, request: IncomingMessage, response: ServerResponse, heartbeatMs: number = HEARTBEAT_MS): void {
  response.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8', 'X-Accel-Buffering': 'no' })
  if (request.method === 'HEAD') {
    response.end()
    return
  }
  const write = (text: string): void => {
    if (response.writableLength > MOST_UNREAD_BYTES) response.destroy()
    else response.write(text)
  }
  write('retry: 1000\n\n')
  const stop = events.subscribe((event) => write(`id: ${events.epoch}-${event.id}\ndata: ${JSON.stringify(event)}\n\n`), eventPlaceIn(saidPlace(request)))
  const heartbeat = setInterval(() => write(': \n\n'), heartbeatMs)
  response.on('close', () => {
    clearInterval(heartbeat)
    stop()
  })
}

/** What the browser says by itself, else what the page says. */
const saidPlace = ({ headers, url = '' }: IncomingMessage): unknown => headers['last-event-id'] ?? new URL(url, 'http://localhost').searchParams.get('after')
