import { clientOf, type Call, type Transport } from './client.ts'
import { CallFault } from './fault.ts'

/**
 * How the served page talks to `scalewright serve`. Same origin only.
 *
 * - `POST /session` `{token}`: the token of the printed address (`#t=…`) for a cookie; gives `{csrf}`. `GET /session`: the same
 *   `{csrf}` again after a reload, by the cookie. 401 where neither is right.
 * - `POST /call/<name>`: JSON request, envelope reply (also for faults); needs the cookie and the csrf header.
 * - `GET /events`: Server-Sent Events; each `data` is one AppEvent. A browser's EventSource resumes by itself, and
 *   gives up on 401: then the program was started anew, and the page has to join again.
 * - `GET /artifact/<run>/<role>`: bytes, see `artifactPath`.
 * - Any other GET: a file of the built page, `/` for index.html. Deep links stand in the fragment: `#/layers?run=…`.
 *
 * What the page has to keep to (the Content-Security-Policy of both doors): no inline script, no eval (call
 * `z.config({ jitless: true })` before the first check), `style` elements only with the nonce that stands in place of
 * `CSP_NONCE_PLACEHOLDER` in index.html (Vite: `html.cspNonce`; Mantine: `getStyleNonce`), and Trusted Types:
 * call `installTrustedTypes()` before anything is rendered.
 */
export const CSRF_HEADER = 'x-scalewright-csrf'
export const SESSION_PATH = '/session'
export const EVENTS_PATH = '/events'
/** Replaced by a fresh nonce wherever it stands in index.html. */
export const CSP_NONCE_PLACEHOLDER = '__CSP_NONCE__'
/** For a stream that goes on after an event of an earlier connection: `epoch` of its hello and the last id seen. */
export const eventsPath = (after?: { readonly epoch: string; readonly id: number }): string =>
  after === undefined ? EVENTS_PATH : `${EVENTS_PATH}?after=${after.epoch}-${after.id}`
export const callPath = (name: string): string => `/call/${name}`

/** The token in an address, or null: `#t=…`. The page takes it out of the address bar once it has a session. */
export const tokenIn = (hash: string): string | null => /^#t=([0-9a-f]{64})$/.exec(hash)?.[1] ?? null

/** Joins the server by the token or, without one, by the cookie of this browser. Null: neither is right, the printed address is needed. */
export async function joinSession(token: string | null, request: typeof fetch = fetch): Promise<{ readonly csrf: string } | null> {
  const answer = token === null
    ? await request(SESSION_PATH)
    : await request(SESSION_PATH, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ token }) })
  if (!answer.ok) return null
  const { csrf } = (await answer.json()) as { csrf?: unknown }
  return typeof csrf === 'string' ? { csrf } : null
}

/** Calls over HTTP. A session that the server no longer knows is the fault `input.no-session`. */
export function pageCalls(session: { readonly csrf: string }, request: typeof fetch = fetch): Call {
  const transport: Transport = async (name, body, signal) => {
    const answer = await request(callPath(name), {
      method: 'POST',
      headers: { 'content-type': 'application/json', [CSRF_HEADER]: session.csrf },
      body: JSON.stringify(body),
      ...(signal ? { signal } : {}),
    })
    if (answer.status === 401) {
      throw new CallFault({ code: 'input.no-session', what: 'this page is no longer signed in', next: 'Open the address that `scalewright serve` printed.' })
    }
    return new Uint8Array(await answer.arrayBuffer())
  }
  return clientOf(transport)
}

interface TrustedTypes {
  createPolicy(name: string, rules: { createHTML(text: string): string; createScriptURL(url: string): string }): unknown
}

/**
 * The one policy that the page's Content-Security-Policy allows: text put into an element may hold no markup (style sheets have
 * none), and workers come from here. Does nothing where the browser has no Trusted Types.
 */
export function installTrustedTypes(scope: { readonly trustedTypes?: unknown; readonly location: { readonly origin: string; readonly href: string } }): void {
  const types = scope.trustedTypes as TrustedTypes | undefined
  if (types === undefined) return
  types.createPolicy('default', {
    createHTML: (text) => {
      if (text.includes('<')) throw new TypeError('markup may not be put into the page as text')
      return text
    },
    createScriptURL: (url) => {
      const { origin, protocol } = new URL(url, scope.location.href)
      if (origin !== scope.location.origin && protocol !== 'blob:') throw new TypeError('scripts come from this page alone')
      return url
    },
  })
}
