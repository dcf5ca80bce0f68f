import type { IncomingMessage } from 'node:http'

/** Why a request goes no further: an HTTP status and a plain word for it. */
export interface Refusal {
  readonly status: 400 | 401 | 403 | 404 | 405 | 413 | 415 | 429
  readonly why: string
}

const METHODS = ['GET', 'HEAD', 'POST']

/**
 * What every request must pass before anything looks at its path. Null: it may go on.
 *
 * - Host: exactly one, a loopback name and our port. A page of another site that got its own name to point here (DNS rebinding)
 *   sends that name.
 * - Target: a plain absolute path, so that `//host`, `\host` and absolute addresses mean nothing.
 * - Upgrade: there is no WebSocket here.
 */
export function refuseRequest(request: IncomingMessage, port: number): Refusal | null {
  const { headers, rawHeaders, method = '', url = '' } = request
  const hosts = rawHeaders.filter((_, index) => index % 2 === 0 && rawHeaders[index]!.toLowerCase() === 'host').length
  if (hosts !== 1 || !isOwnHost(headers.host ?? '', port)) return { status: 403, why: 'this host name is not answered here' }
  if (!METHODS.includes(method)) return { status: 405, why: 'this method is not answered here' }
  if (!/^\/(?![/\\])[\x21-\x7e]*$/.test(url) || url.includes('\\')) return { status: 400, why: 'this is no path' }
  if (headers.upgrade !== undefined) return { status: 400, why: 'there is nothing to upgrade to' }
  return null
}

const HOST_NAMES = ['127.0.0.1', 'localhost', '[::1]']

export const isOwnHost = (host: string, port: number): boolean => HOST_NAMES.some((name) => host.toLowerCase() === `${name}:${port}`)

/**
 * What a request for anything but the page's own files must pass: it comes from our page, or was typed by the person. An Origin must
 * be our own, and must be there on what is not a GET; Sec-Fetch-Site, which scripts cannot write, must say the same.
 */
export function refuseForeign(request: IncomingMessage): Refusal | null {
  const { origin, host, 'sec-fetch-site': site } = request.headers
  const asks = request.method === 'GET' || request.method === 'HEAD'
  if (origin === undefined ? !asks : origin !== `http://${host}`) return { status: 403, why: 'this comes from another page' }
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return { status: 403, why: 'this comes from another page' }
  return null
}

/** A body that a form of another page could not send without asking first. */
export function refuseBody({ headers }: IncomingMessage): Refusal | null {
  if (!/^application\/json(?:; ?charset=utf-8)?$/i.test(headers['content-type'] ?? '')) return { status: 415, why: 'only application/json is taken here' }
  if (headers['content-encoding'] !== undefined) return { status: 415, why: 'only plain bodies are taken here' }
  return null
}
