import { createReadStream } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pipeline } from 'node:stream/promises'
import type { Handlers } from '../../preload/contract/calls.ts'
import { ENVELOPE_TYPE } from '../../preload/contract/envelope.ts'
import { CSRF_HEADER, EVENTS_PATH, SESSION_PATH } from '../../preload/contract/page.ts'
import { answer } from '../app/answer.ts'
import type { App } from '../app/api.ts'
import type { EventLog } from '../app/event-log.ts'
import { Fault } from '../core/fault.ts'
import { SAFE_HEADERS } from '../page/headers.ts'
import { pageFiles, rendererFolder, type PageAnswer } from '../page/page-files.ts'
import { isRecorded, recordedFile, type RecordedFiles } from '../page/recorded-file.ts'
import { readJson } from './body.ts'
import { streamEvents } from './event-stream.ts'
import { refuseBody, refuseForeign, refuseRequest, type Refusal } from './guard.ts'
import { refuse, sendJson } from './headers.ts'
import { receivePiece } from './piece.ts'
import { isCsrf, openSessions, type Session, type Sessions } from './sessions.ts'

export interface PageServerOptions {
  readonly app: RecordedFiles & Pick<App, 'uploads'>
  readonly handlers: Handlers
  readonly events: EventLog
  readonly writable: boolean
  /** 0: any free port. */
  readonly port: number
  /** The built page; default: that of this installation. */
  readonly renderer?: string
  /** Told of every error that is a fault of ours. */
  readonly unexpected?: (error: unknown) => void
  readonly heartbeatMs?: number
}

export interface PageServer {
  readonly port: number
  /** `http://127.0.0.1:PORT/#t=TOKEN`. The token stands in the fragment, which no log and no Referer ever holds. */
  readonly url: string
  /** Stops listening and cuts every connection. */
  close(): Promise<void>
}

const LIMITS = { sessionBody: 4096, callBody: 1 << 20, headerBytes: 16 << 10, connections: 64, streams: 16 } as const

/** Starts to serve the page on loopback. Throws `input.port-taken` and `input.no-port`. */
export async function openPageServer(options: PageServerOptions): Promise<PageServer> {
  let port = 0
  const sessions = openSessions(() => port)
  const respond = responder(options, sessions)
  const server = createServer(
    // Duplicates of the headers that the checks read are never joined: the first counts, and Host is counted by the guard.
    { maxHeaderSize: LIMITS.headerBytes, headersTimeout: 10_000, requestTimeout: 30_000, keepAliveTimeout: 5000, connectionsCheckingInterval: 2000, insecureHTTPParser: false },
    (request, response) => {
      for (const [name, value] of Object.entries(SAFE_HEADERS)) response.setHeader(name, value)
      respond(request, response, port).catch((error: unknown) => {
        if (isGoneAway(error)) return
        options.unexpected?.(error)
        response.destroy()
      })
    },
  )
  server.maxConnections = LIMITS.connections
  port = await listen(server, options.port)
  return {
    port,
    url: `http://127.0.0.1:${port}/#t=${sessions.token}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const taken = error.code === 'EADDRINUSE'
      const next = 'Choose another with --port N; --port 0 takes any that is free.'
      reject(new Fault({ code: taken ? 'input.port-taken' : 'input.no-port', where: `port ${port}`, what: taken ? 'another program listens on this port' : error.message, next }, { cause: error }))
    })
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => resolve((server.address() as AddressInfo).port))
  })
}

/** A browser that closed the connection in the middle of an answer. */
const isGoneAway = (error: unknown): boolean => ['ERR_STREAM_PREMATURE_CLOSE', 'ECONNRESET', 'EPIPE'].includes((error as NodeJS.ErrnoException).code ?? '')

type Respond = (request: IncomingMessage, response: ServerResponse, port: number) => Promise<void>

/** Guards first, in one order for every path; then the path. */
function responder(options: PageServerOptions, sessions: Sessions): Respond {
  const findFile = pageFiles(options.renderer ?? rendererFolder())
  let streams = 0
  return async (request, response, port) => {
    const refused = refuseRequest(request, port)
    if (refused) return refuse(response, refused, refused.status === 405 ? { Allow: 'GET, HEAD, POST' } : {})
    const [path = '/'] = (request.url ?? '/').split('?', 1)
    const isData = path === SESSION_PATH || path === EVENTS_PATH || path.startsWith('/call/') || path.startsWith('/upload/') || isRecorded(path)
    const reads = request.method !== 'POST'
    if (!isData && reads) return sendStatic(await findFile(path), response)
    const foreign = refuseForeign(request)
    if (foreign) return refuse(response, foreign)
    if (path === SESSION_PATH) return reads ? rejoin(sessions, request, response) : join(sessions, request, response)
    const session = sessions.find(request.headers.cookie)
    if (!session) return refuse(response, { status: 401, why: 'open the address that scalewright serve printed' })
    if (path.startsWith('/call/')) return reads ? refuse(response, WRONG_METHOD, { Allow: 'POST' }) : call(options, session, path.slice('/call/'.length), request, response)
    if (path.startsWith('/upload/')) return reads ? refuse(response, WRONG_METHOD, { Allow: 'POST' }) : receivePiece(options, session, request, response)
    if (!reads) return refuse(response, isData ? WRONG_METHOD : NOTHING_THERE, isData ? { Allow: 'GET, HEAD' } : {})
    if (isRecorded(path)) return sendRecorded(options.app, path, request, response)
    if (streams >= LIMITS.streams) return refuse(response, { status: 429, why: 'too many pages are open' })
    streams += 1
    response.on('close', () => (streams -= 1))
    streamEvents(options.events, request, response, options.heartbeatMs)
  }
}

const WRONG_METHOD: Refusal = { status: 405, why: 'this method is not answered here' }
const NOTHING_THERE: Refusal = { status: 404, why: 'there is no such page' }

/** The printed token for a cookie. */
async function join(sessions: Sessions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const refused = refuseBody(request)
  if (refused) return refuse(response, refused)
  const body = await readJson(request, LIMITS.sessionBody)
  if (body === 'too-large') return refuse(response, { status: 413, why: 'the body is too large' })
  const token = body === 'not-json' ? undefined : (body.value as { token?: unknown } | null)?.token
  if (typeof token !== 'string') return refuse(response, { status: 400, why: 'the body holds no token' })
  const opened = sessions.open(token)
  if (opened === 'wait') return refuse(response, { status: 429, why: 'too many wrong tokens; wait a minute' }, { 'Retry-After': '60' })
  if (opened === 'wrong') return refuse(response, { status: 401, why: 'this is not the token' })
  sendJson(response, { csrf: opened.session.csrf }, { 'Set-Cookie': `${sessions.cookieName}=${opened.cookie}; Path=/; HttpOnly; SameSite=Strict` })
}

function rejoin(sessions: Sessions, request: IncomingMessage, response: ServerResponse): void {
  const session = sessions.find(request.headers.cookie)
  if (session) sendJson(response, { csrf: session.csrf })
  else refuse(response, { status: 401, why: 'open the address that scalewright serve printed' })
}

/** Faults of the line have an HTTP status of their own; those of the work are ordinary answers. */
const STATUS: Readonly<Record<string, number>> = { 'input.unknown-call': 404, 'input.bad-request': 400, 'workspace.read-only-door': 403 }

async function call(options: PageServerOptions, session: Session, name: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (!isCsrf(session, request.headers[CSRF_HEADER])) return refuse(response, { status: 403, why: 'this does not come from the page' })
  const refused = refuseBody(request)
  if (refused) return refuse(response, refused)
  const body = await readJson(request, LIMITS.callBody)
  if (body === 'too-large') return refuse(response, { status: 413, why: 'the body is too large' })
  if (body === 'not-json') return refuse(response, { status: 400, why: 'the body is not JSON' })
  const { handlers, writable, unexpected } = options
  const { bytes, code } = await answer(handlers, name, body.value, { writable, ...(unexpected ? { unexpected } : {}) })
  response.writeHead(STATUS[code ?? ''] ?? 200, { 'Content-Type': ENVELOPE_TYPE, 'Content-Length': bytes.byteLength })
  response.end(bytes)
}

function sendStatic(found: PageAnswer | null, response: ServerResponse): void {
  if (found === null) return refuse(response, NOTHING_THERE)
  response.writeHead(found.status, found.headers)
  response.end(response.req.method === 'HEAD' ? undefined : found.body)
}

async function sendRecorded(app: RecordedFiles, path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const found = await recordedFile(app, path)
  if (found === null) return refuse(response, NOTHING_THERE)
  response.writeHead(200, found.headers)
  if (request.method === 'HEAD') response.end()
  // Who left meanwhile wants nothing any more.
  else if (!response.destroyed) await pipeline(createReadStream(found.path, { end: Math.max(found.bytes - 1, 0) }), response)
}
