import { useSyncExternalStore } from 'react'

/** A value that changes often, read by the few parts that need it. */
export interface Value<T> {
  readonly get: () => T
  readonly set: (value: T) => void
  readonly follow: (listener: () => void) => () => void
}

export function openValue<T>(first: T): Value<T> {
  let value = first
  const listeners = new Set<() => void>()
  return {
    get: () => value,
    set(next) {
      if (Object.is(next, value)) return
      value = next
      for (const listener of listeners) listener()
    },
    follow(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

export const useValue = <T>(value: Value<T>): T => useSyncExternalStore(value.follow, value.get)
