import type { SampleVectors } from '../../../preload/contract/index.ts'

export type OutputVectors = SampleVectors['outputs'][number]
export type Judged = 'simulated' | 'fused'

/** One number a class: only one dimension is longer than one. */
export const isClasses = ({ dims }: Pick<OutputVectors, 'dims'>): boolean => dims.filter((dim) => dim > 1).length === 1

/** Places of a long vector that are drawn: of each stretch the one where `other` is farthest from `float`. */
export function shownPlaces(float: Float32Array, other: Float32Array, most: number): readonly number[] {
  if (float.length <= most) return Array.from(float.keys())
  return Array.from({ length: most }, (_, stretch) => {
    const [from, to] = [Math.floor((stretch * float.length) / most), Math.floor(((stretch + 1) * float.length) / most)]
    let worst = from
    for (let at = from; at < to; at++) if (Math.abs(other[at]! - float[at]!) > Math.abs(other[worst]! - float[worst]!)) worst = at
    return worst
  })
}

export interface ValueRow {
  readonly place: number
  readonly float: number
  readonly simulated: number
  readonly fused: number
}

/** The first `count` places by what `by` gives, the largest first. */
export function rowsBy({ float, simulated, fused }: OutputVectors, count: number, by: (row: ValueRow) => number): readonly ValueRow[] {
  return Array.from(float, (value, place): ValueRow => ({ place, float: value, simulated: simulated[place]!, fused: fused[place]! }))
    .toSorted((a, b) => by(b) - by(a) || a.place - b.place).slice(0, count)
}

export interface Bin {
  readonly from: number
  readonly to: number
  readonly count: number
}

/** How often `other` differs from `float` by how much: an odd number of bins, zero in the middle of the middle one. */
export function differenceBins(float: Float32Array, other: Float32Array, count = 41): readonly Bin[] {
  let most = 0
  for (const [at, value] of float.entries()) most = Math.max(most, Math.abs(other[at]! - value))
  const width = most === 0 ? 1 : (2 * most) / (count - 1)
  const counts = new Uint32Array(count)
  for (const [at, value] of float.entries()) counts[Math.min(count - 1, Math.max(0, Math.round((other[at]! - value) / width) + (count - 1) / 2))]! += 1
  return Array.from(counts, (n, bin) => ({ from: (bin - count / 2) * width, to: (bin - count / 2 + 1) * width, count: n }))
}
