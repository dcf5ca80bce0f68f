/** A launcher or npx passes on the signal that the terminal already sent to everyone: so soon after, it is the same Ctrl-C. */
const SAME_KEYSTROKE_MS = 300

/** The part of a process that is listened to. */
export interface SignalSource {
  on(name: 'SIGINT' | 'SIGTERM' | 'SIGHUP', listener: () => void): unknown
}

/** The first Ctrl-C (or a request to end) aborts the signal and calls `onFirst`; a second one calls `onSecond`. */
export function interruptSignal(
  source: SignalSource, onFirst: () => void, onSecond: () => void, now: () => number = () => performance.now(),
): AbortSignal {
  const controller = new AbortController()
  let firstAt = 0
  const listener = (): void => {
    if (!controller.signal.aborted) {
      firstAt = now()
      onFirst()
      controller.abort()
    } else if (now() - firstAt > SAME_KEYSTROKE_MS) onSecond()
  }
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) source.on(name, listener)
  return controller.signal
}
