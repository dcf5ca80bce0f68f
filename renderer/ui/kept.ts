import { useSyncExternalStore } from 'react'

/** A value that this browser keeps, whatever screen asks for it. */
export interface Kept<T> {
  get(): T
  set(value: T): void
  /** Draws anew where it changes, in another tab too. */
  use(): T
}

/** `read` makes a value of what is kept, which may be nothing, damaged, or of another version. */
export function keptValue<T>(key: string, read: (text: string | null) => T): Kept<T> {
  let current: { readonly value: T } | undefined
  const listeners = new Set<() => void>()
  const get = (): T => (current ??= { value: read(localStorage.getItem(key)) }).value
  const listen = (listener: () => void): (() => void) => {
    const onStorage = (event: StorageEvent): void => {
      if (event.key !== key) return
      current = undefined
      listener()
    }
    listeners.add(listener)
    window.addEventListener('storage', onStorage)
    return () => {
      listeners.delete(listener)
      window.removeEventListener('storage', onStorage)
    }
  }
  return {
    get,
    set(value) {
      current = { value }
      localStorage.setItem(key, JSON.stringify(value))
      for (const listener of listeners) listener()
    },
    use: () => useSyncExternalStore(listen, get),
  }
}

/** What is kept as JSON, where it is of the shape; `fallback` where it is not. */
export function keptJson<T>(text: string | null, schema: { safeParse(value: unknown): { readonly success: true; readonly data: T } | { readonly success: false } }, fallback: T): T {
  if (text === null) return fallback
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return fallback
    throw error
  }
  const parsed = schema.safeParse(value)
  return parsed.success ? parsed.data : fallback
}

interface Named {
  readonly name: string
}

/** A list of named things that a person keeps. */
export const keptList = <T extends Named>(kept: Kept<readonly T[]>) => ({
  use: kept.use,
  /** One of the same name is replaced where it stands. */
  save(item: T): void {
    const known = kept.get()
    kept.set(known.some(({ name }) => name === item.name) ? known.map((each) => (each.name === item.name ? item : each)) : [...known, item])
  },
  /** Gives what brings it back. */
  forget(name: string): () => void {
    const before = kept.get()
    kept.set(before.filter((each) => each.name !== name))
    return () => kept.set(before)
  },
})
