import { useCallback } from 'react'
import { useSearchParams } from 'react-router'
import { changed } from './search.ts'

export type ChangeAddress = (change: Readonly<Record<string, string>>) => void

/**
 * What the address says after `?`, and how to change it in place; an empty value takes its key away. A change is there before the
 * next key is taken: a later one would be made to what was before, and the first be lost.
 */
export function useAddress(): readonly [URLSearchParams, ChangeAddress] {
  const [parameters, setParameters] = useSearchParams()
  const change = useCallback<ChangeAddress>((by) => setParameters((known) => changed(known, by), { replace: true, flushSync: true }), [setParameters])
  return [parameters, change]
}
