/** 32-bit FNV-1a of a text: a stable small hash for folds and seeds, not for security. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193)
  return hash >>> 0
}

/**
 * A seeded generator of doubles in [0, 1): mulberry32 (Tommy Ettinger, public domain algorithm).
 * The same seeds give the same numbers on every machine.
 */
export function seededRandom(...seeds: number[]): () => number {
  let state = 0x9e3779b9
  for (const seed of seeds) state = Math.imul(state ^ (seed >>> 0), 0x85ebca6b) + 0x6d2b79f5
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}
