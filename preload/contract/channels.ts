/** What the desktop window's bridge and the app say to each other. No imports: the bridge is one small file that runs in the sandbox. */

/** Page → app, answered: `(name, request as JSON)` gives the bytes of the envelope. */
export const CALL_CHANNEL = 'scalewright:call'
/** Page → app: `(stream, 'follow', place)` and `(stream, 'leave')`. App → page: `(stream, event as JSON)`. */
export const EVENTS_CHANNEL = 'scalewright:events'
/** The bridge's name on the page's `window`. */
export const BRIDGE_NAME = 'scalewright'

/** All that the page of the desktop window can reach outside itself, beside files of `app://scalewright`. */
export interface Bridge {
  /** Rejects only where the app takes nothing from this page. */
  call(name: string, request: string): Promise<Uint8Array>
  /** Events as JSON, from `hello` on, after the place `epoch-id` where one is given. Gives the way to stop. */
  follow(listen: (event: string) => void, after?: string): () => void
}
