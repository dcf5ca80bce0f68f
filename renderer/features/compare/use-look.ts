import { useCallback, useEffect, useRef, useState } from 'react'
import { useSearchParams } from 'react-router'
import { lookOf, lookParameters, type Look } from './look.ts'

/** The address follows after so long without a change. */
const REST_MS = 250

export type ChangeLook = (change: Partial<Look> | ((look: Look) => Partial<Look>)) => void

/** The look that the address holds. Changes show at once and are written to it once they rest. */
export function useLook(): readonly [Look, ChangeLook] {
  const [parameters, setParameters] = useSearchParams()
  const [look, setLook] = useState(() => lookOf(parameters))
  const address = parameters.toString()
  const written = useRef(address)
  const change = useCallback<ChangeLook>((next) => setLook((known) => ({ ...known, ...(typeof next === 'function' ? next(known) : next) })), [])

  useEffect(() => {
    if (address === written.current) return
    written.current = address
    setLook(lookOf(new URLSearchParams(address)))
  }, [address])

  useEffect(() => {
    const timer = setTimeout(() => {
      const next = lookParameters(look, new URLSearchParams(written.current))
      if (next.toString() === written.current) return
      written.current = next.toString()
      setParameters(next, { replace: true })
    }, REST_MS)
    return () => clearTimeout(timer)
  }, [look, setParameters])
  return [look, change]
}
