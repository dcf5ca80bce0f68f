import { useCallback, useEffect, useRef } from 'react'

/** One function for the whole life of a component that always does what the last one given does: for listeners and kept parts. */
export function useStable<Given extends readonly unknown[]>(act: (...given: Given) => void): (...given: Given) => void {
  const latest = useRef(act)
  useEffect(() => {
    latest.current = act
  })
  return useCallback((...given: Given) => latest.current(...given), [])
}
