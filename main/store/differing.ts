import { canonicalJson } from '../core/hash.ts'
import type { Run } from '../core/run.ts'

/** One value in both runs; `undefined` where a run does not have it. */
export interface Difference {
  readonly key: string
  readonly a: unknown
  readonly b: unknown
}

/** A nested value as dotted paths to its leaves; a list is a leaf. */
export function flatten(value: unknown, path = '', leaves = new Map<string, unknown>()): Map<string, unknown> {
  if (value !== null && typeof value === 'object' && !Array.isArray(value)) {
    for (const [key, inner] of Object.entries(value)) flatten(inner, path === '' ? key : `${path}.${key}`, leaves)
  } else if (value !== undefined) leaves.set(path, value)
  return leaves
}

/** Model, samples, size, latency, environment, by dotted path. */
export const factsOf = ({ verb, status, model, samples, size, latency, environment }: Run): Map<string, unknown> =>
  flatten({ verb, status, model, samples, size, latency, environment })

export const isSame = (a: unknown, b: unknown): boolean => Object.is(a, b) || canonicalJson(a) === canonicalJson(b)

export function diffValues(a: ReadonlyMap<string, unknown>, b: ReadonlyMap<string, unknown>, all: boolean): Difference[] {
  return [...new Set([...a.keys(), ...b.keys()])]
    .map((key) => ({ key, a: a.get(key), b: b.get(key) }))
    .filter((each) => all || !isSame(each.a, each.b))
}
