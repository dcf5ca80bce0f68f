import { sha256 } from '../core/hash.ts'
import type { ObservedSample } from './statistics.ts'

/** By id, then hash, in code unit order: the same list whatever the order of the pass. */
export const sortSamples = (samples: Iterable<ObservedSample>): ObservedSample[] =>
  [...samples].toSorted((a, b) => compare(a.id, b.id) || compare(a.sha256, b.sha256))

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** Hash of a sorted list of samples. */
export const samplesSha256Of = (sorted: readonly ObservedSample[]): string => sha256(JSON.stringify(sorted.map(({ id, sha256: hash }) => [id, hash])))
