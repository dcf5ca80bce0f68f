import { useEffect, useLayoutEffect, useRef, useState } from 'react'

/** What a work in slices gives; null until it is done, and again while it is done anew because one of `of` changed. */
export function useWork<T>(work: ((signal: AbortSignal) => Promise<T>) | null, of: readonly unknown[]): T | null {
  const [done, setDone] = useState<{ readonly of: readonly unknown[]; readonly value: T } | null>(null)
  const latest = useRef(work)
  useLayoutEffect(() => {
    latest.current = work
  })
  useEffect(() => {
    const stop = new AbortController()
    latest.current?.(stop.signal).then(
      (value) => setDone({ of, value }),
      (error: unknown) => {
        if (!stop.signal.aborted) throw error
      },
    )
    return () => stop.abort()
    // eslint-disable-next-line react-hooks/exhaustive-deps -- the caller says what the work hangs on
  }, of)
  return work !== null && done !== null && done.of.length === of.length && done.of.every((each, index) => Object.is(each, of[index])) ? done.value : null
}
