import { createReadStream } from 'node:fs'
import { Readable } from 'node:stream'
import { ENVELOPE_TYPE } from '../../preload/contract/envelope.ts'
import { PIECE_TYPE } from '../../preload/contract/uploads.ts'
import type { App } from '../app/api.ts'
import { SAFE_HEADERS } from '../page/headers.ts'
import { pageFiles } from '../page/page-files.ts'
import { isRecorded, recordedFile, type RecordedFiles } from '../page/recorded-file.ts'
import { takePiece } from '../page/take-piece.ts'
import { isOwn, PAGE } from './own-page.ts'

export interface AppProtocolOptions {
  readonly app: RecordedFiles & Pick<App, 'uploads'>
  /** Folder of the built page. */
  readonly renderer: string
  /** Told of every error that is a fault of ours. */
  readonly unexpected: (error: unknown) => void
}

/** What a request must say of itself. */
export interface PageRequest {
  readonly method: string
  readonly url: string
  readonly headers?: { get(name: string): string | null }
  readonly body?: ReadableStream<Uint8Array> | null
}

/** Answers `app://scalewright/…`: files of the page, `/artifact/<run>/<role>` and `/export/<name>`, to GET and HEAD; takes pieces of uploads. Never rejects. */
export function appProtocol({ app, renderer, unexpected }: AppProtocolOptions): (request: PageRequest) => Promise<Response> {
  const findFile = pageFiles(renderer)
  return async (request) => {
    const { method, url } = request
    if (method === 'POST' && url.startsWith(UPLOADS)) return piece(app, request, unexpected)
    if (method !== 'GET' && method !== 'HEAD') return refused(405, 'this method is not answered here', { Allow: 'GET, HEAD' })
    const path = pathIn(url)
    if (path === null) return refused(400, 'this is no path')
    try {
      return (await (isRecorded(path) ? recorded(app, path, method) : file(findFile, path, method))) ?? refused(404, 'there is no such page')
    } catch (error) {
      unexpected(error)
      return refused(500, 'this could not be read')
    }
  }
}

const UPLOADS = `${PAGE}upload/`

/** One piece of an upload. Nothing but our own page can send one here, and it says so. */
async function piece(app: Pick<App, 'uploads'>, { url, headers, body }: PageRequest, unexpected: (error: unknown) => void): Promise<Response> {
  const origin = headers?.get('origin') ?? null
  if (origin !== null && !isOwn(origin)) return refused(403, 'this comes from another page')
  if (headers?.get('content-type') !== PIECE_TYPE) return refused(415, `only ${PIECE_TYPE} is taken here`)
  const length = headers.get('content-length')
  const answered = await takePiece(app, { target: url.slice(PAGE.length - 1), body: body ?? Readable.from([]), announcedBytes: length === null ? null : Number(length) }, unexpected)
  if (answered === 'no-such-place') return refused(404, 'there is no such upload')
  if (answered === 'too-large') return refused(413, 'the piece is too large')
  if (answered === 'cut-off') return refused(400, 'the piece is not whole')
  return new Response(answered.bytes, { headers: { ...SAFE_HEADERS, 'Content-Type': ENVELOPE_TYPE } })
}

/** The path of an address of ours, decoded once; null for one of another origin, or that could mean two things. */
export function pathIn(url: string): string | null {
  const raw = url.startsWith(PAGE) && isOwn(url) ? url.slice(PAGE.length - 1).split(/[?#]/, 1)[0]! : ''
  if (!/^\/(?!\/)[\x21-\x7e]*$/.test(raw)) return null
  let path: string
  try {
    path = decodeURIComponent(raw)
  } catch (error) {
    if (error instanceof URIError) return null
    throw error
  }
  const strange = /[%\\]|\p{Cc}|\/\/|(?:^|\/)\.{1,2}(?:\/|$)/u.test(path)
  return strange ? null : path
}

async function file(findFile: ReturnType<typeof pageFiles>, path: string, method: string): Promise<Response | null> {
  const found = await findFile(path)
  return found && new Response(method === 'HEAD' ? null : found.body, { status: found.status, headers: { ...SAFE_HEADERS, ...found.headers } })
}

async function recorded(app: RecordedFiles, path: string, method: string): Promise<Response | null> {
  const found = await recordedFile(app, path)
  if (found === null) return null
  const headers = { ...SAFE_HEADERS, ...found.headers }
  if (method === 'HEAD' || found.bytes === 0) return new Response(null, { headers })
  return new Response(Readable.toWeb(createReadStream(found.path, { end: found.bytes - 1 })) as ReadableStream, { headers })
}

const refused = (status: number, why: string, more: Readonly<Record<string, string>> = {}): Response =>
  new Response(`${why}\n`, { status, headers: { ...SAFE_HEADERS, 'Content-Type': 'text/plain; charset=utf-8', ...more } })
