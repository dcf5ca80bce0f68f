import { sumsBelow, type Side, type View } from './view.ts'

export interface EqualBins {
  /** bins + 1, ascending. */
  readonly edges: Float64Array
  readonly counts: Float64Array
  /** Values outside the window. */
  readonly below: number
  readonly above: number
}

export interface BinWindow {
  /** Over x, or over |x|. */
  readonly of: 'signed' | 'magnitude'
  readonly bins: number
  readonly from: number
  readonly to: number
}

/** A histogram in equal bins, for drawing. A stored bin that an edge cuts is shared out as if its values were spread evenly. */
export function equalBins(view: View, { of, bins, from, to }: BinWindow): EqualBins {
  const below = of === 'signed' ? (x: number) => signedBelow(view, x) : (x: number) => magnitudesBelow(view, x)
  const edges = Float64Array.from({ length: bins + 1 }, (_, bin) => from + ((to - from) * bin) / bins)
  edges[bins] = to
  const counts = new Float64Array(bins)
  const first = below(from)
  let before = first
  for (let bin = 0; bin < bins; bin++) {
    // Half-open bins; the last one also holds its upper edge.
    const next = bin === bins - 1 ? upTo(view, of, to) : below(edges[bin + 1]!)
    counts[bin] = Math.max(next - before, 0)
    before = next
  }
  return { edges, counts, below: first, above: Math.max(view.count - before, 0) }
}

const sums = new Float64Array(3)
const sideBelow = (side: Side, x: number): number => sumsBelow(side, x, sums)[0]!

/** Values v < x. */
const signedBelow = (view: View, x: number): number =>
  x <= 0 ? view.negative.total - sideBelow(view.negative, -x) : view.negative.total + view.zeros + sideBelow(view.positive, x)

const magnitudesBelow = ({ magnitude, zeros }: View, x: number): number => (x <= 0 ? 0 : zeros + sideBelow(magnitude, x))

/** Values v <= x: apart from zeros, single values have no weight. */
const upTo = (view: View, of: BinWindow['of'], x: number): number =>
  of === 'magnitude' ? (x < 0 ? 0 : view.zeros + sideBelow(view.magnitude, x)) : signedBelow(view, x) + (x === 0 ? view.zeros : 0)
