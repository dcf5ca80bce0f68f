/** Asking for the resident memory reads a file; often enough is twice a second. */
const EVERY_MS = 500

export interface PeakMemory {
  /** Notes the resident memory of this moment, if the last look was a while ago. */
  look(): void
  /** The largest resident memory since the start, bytes. */
  bytes(): number
}

/**
 * Peak resident memory of this process from now on. Native code blocks the thread while it allocates most, so looking now
 * and then misses the peak; the system's own high-water mark is taken where it rose meanwhile.
 */
export function peakMemory(): PeakMemory {
  const before = highWater()
  let seen = process.memoryUsage.rss()
  let looked = performance.now()
  return {
    look() {
      if (performance.now() - looked < EVERY_MS) return
      seen = Math.max(seen, process.memoryUsage.rss())
      looked = performance.now()
    },
    bytes() {
      seen = Math.max(seen, process.memoryUsage.rss())
      return Math.max(seen, highWater() > before ? highWater() : 0)
    },
  }
}

const highWater = (): number => process.resourceUsage().maxRSS * 1024
