import { useCallback, useEffect, useRef, useState } from 'react'
import { useLocation, useSearchParams } from 'react-router'
import { lookOf, lookParameters, type Look } from './look.ts'

/** The address follows after so long without a change. */
const REST_MS = 250

export type ChangeLook = (change: Partial<Look> | ((look: Look) => Partial<Look>)) => void

/** An entry of the browser's history, and what its address says of the look. */
interface Entry {
  readonly place: string
  readonly address: string
}

/** Addresses that were to be written to entries which were left before. */
const unwritten = new Map<string, string>()

/**
 * The look that the address holds. Changes show at once and are written to it once they rest; who leaves sooner finds them when
 * coming back to the same entry of the browser's history.
 */
export function useLook(): readonly [Look, ChangeLook] {
  const [parameters, setParameters] = useSearchParams()
  const { key, pathname } = useLocation()
  const address = parameters.toString()
  const place = `${key} ${pathname}?${address}`
  const [look, setLook] = useState(() => lookOf(new URLSearchParams(unwritten.get(place) ?? address)))
  const entry = useRef<Entry>({ place, address })
  const latest = useRef(look)
  const change = useCallback<ChangeLook>((next) => setLook((known) => ({ ...known, ...(typeof next === 'function' ? next(known) : next) })), [])

  useEffect(() => {
    const before = entry.current
    entry.current = { place, address }
    if (address === before.address) return
    keep(before, latest.current)
    setLook(lookOf(new URLSearchParams(unwritten.get(place) ?? address)))
  }, [place, address])

  useEffect(() => {
    latest.current = look
    const timer = setTimeout(() => {
      const next = addressOf(look, entry.current)
      if (next === entry.current.address) return
      entry.current = { ...entry.current, address: next }
      setParameters(new URLSearchParams(next), { replace: true })
    }, REST_MS)
    return () => clearTimeout(timer)
  }, [look, setParameters])

  useEffect(() => () => keep(entry.current, latest.current), [])
  return [look, change]
}

const addressOf = (look: Look, { address }: Entry): string => lookParameters(look, new URLSearchParams(address)).toString()

function keep(entry: Entry, look: Look): void {
  const next = addressOf(look, entry)
  if (next !== entry.address) unwritten.set(entry.place, next)
}
