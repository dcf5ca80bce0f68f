import type { IncomingMessage, ServerResponse } from 'node:http'
import { ENVELOPE_TYPE } from '../../preload/contract/envelope.ts'
import { CSRF_HEADER } from '../../preload/contract/page.ts'
import { PIECE_TYPE } from '../../preload/contract/uploads.ts'
import type { App } from '../app/api.ts'
import { takePiece } from '../page/take-piece.ts'
import type { Refusal } from './guard.ts'
import { refuse } from './headers.ts'
import { isCsrf, type Session } from './sessions.ts'

export interface PieceOptions {
  readonly app: Pick<App, 'uploads'>
  readonly writable: boolean
  readonly unexpected?: (error: unknown) => void
}

/** One piece of an upload from the served page; everything before it was looked at: Host, Origin, cookie. */
export async function receivePiece({ app, writable, unexpected }: PieceOptions, session: Session, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const refused = refusePiece(request, session, writable)
  if (refused) return refuse(response, refused)
  const length = request.headers['content-length']
  // The connection stays open when reading ends early, so that the refusal can be told.
  const body = request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>
  const answered = await takePiece(app, { target: request.url ?? '', body, announcedBytes: length === undefined ? null : Number(length) }, unexpected)
  if (answered === 'no-such-place') return refuse(response, { status: 404, why: 'there is no such upload' })
  if (answered === 'too-large') return refuse(response, { status: 413, why: 'the piece is too large' })
  if (answered === 'cut-off') return refuse(response, { status: 400, why: 'the piece is not whole' })
  response.writeHead(200, { 'Content-Type': ENVELOPE_TYPE, 'Content-Length': answered.bytes.byteLength })
  response.end(answered.bytes)
}

function refusePiece({ headers }: IncomingMessage, session: Session, writable: boolean): Refusal | null {
  if (!isCsrf(session, headers[CSRF_HEADER])) return { status: 403, why: 'this does not come from the page' }
  if (!writable) return { status: 403, why: 'this page only shows; start it with --allow-write' }
  if (headers['content-type'] !== PIECE_TYPE) return { status: 415, why: `only ${PIECE_TYPE} is taken here` }
  if (headers['content-encoding'] !== undefined) return { status: 415, why: 'only plain bodies are taken here' }
  return null
}
