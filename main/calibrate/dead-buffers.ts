import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Buffers may pile up by this much before they are collected, bytes. */
const ALLOWED = 8e6

/**
 * Frees the buffers of pictures that are through. The collector sees the small objects that hold them and waits until tens of
 * megabytes lie dead, which would look like memory that grows with the number of pictures. Collecting our small heap takes some ms.
 */
export function deadBuffers(): { free(): void } {
  // The engine's own `gc`: contexts made after the flag is set have it.
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  let after = getHeapStatistics().external_memory
  return {
    free() {
      if (getHeapStatistics().external_memory - after < ALLOWED) return
      collect()
      after = getHeapStatistics().external_memory
    },
  }
}
