import type { Bridge } from './channels.ts'
import { clientOf, type Call } from './client.ts'
import { parseEvent, type AppEvent } from './events.ts'

export type { Bridge } from './channels.ts'

/** Calls over the desktop window's bridge: the same requests and envelopes as over HTTP. */
export const bridgeCalls = (bridge: Bridge): Call =>
  clientOf((name, request, signal) => untilAborted(bridge.call(name, JSON.stringify(request)), signal))

/** Nobody waits for the answer any more; what was asked goes on, as it does behind a closed connection. */
function untilAborted<T>(answer: Promise<T>, signal?: AbortSignal): Promise<T> {
  if (signal === undefined) return answer
  return new Promise((resolve, reject) => {
    const leave = (): void => reject(signal.reason as Error)
    if (signal.aborted) leave()
    signal.addEventListener('abort', leave, { once: true })
    answer.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave))
  })
}

/** Follows the app's events until the function that it gives back is called; after an earlier event where its place is given. */
export function bridgeEvents(bridge: Bridge, listen: (event: AppEvent) => void, after?: { readonly epoch: string; readonly id: number }): () => void {
  return bridge.follow((event) => listen(parseEvent(event)), after === undefined ? undefined : `${after.epoch}-${after.id}`)
}
