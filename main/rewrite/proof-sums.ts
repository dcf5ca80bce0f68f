import type { WorstPlace } from '../core/run.ts'

/** Differences of two graphs' outputs over all inputs of a proof. */
export interface Comparison {
  readonly maxAbs: number
  /** The part of it within the edge of the last two axes. */
  readonly edgeMaxAbs: number
  /** Largest magnitude of the old output. */
  readonly largest: number
  /** Distance in float32 steps at the place of the largest difference. */
  readonly ulp: number
  readonly worst: Omit<WorstPlace, 'what'> | null
  readonly broken: WorstPlace | null
  add(input: string, output: string, a: Float32Array, b: Float32Array, dims: readonly number[]): void
  break(input: string, output: string, what: string): void
}

const EDGE = 8

export function comparison(): Comparison {
  const sums = {
    maxAbs: 0, edgeMaxAbs: 0, largest: 0, ulp: 0,
    worst: null as Comparison['worst'],
    broken: null as WorstPlace | null,
    break(input: string, output: string, what: string): void {
      sums.broken ??= { output, input, position: [], what }
    },
    add(input: string, output: string, a: Float32Array, b: Float32Array, dims: readonly number[]): void {
      const isEdge = edgeOf(dims)
      for (let i = 0; i < a.length; i++) {
        const [old, now] = [a[i]!, b[i]!]
        const magnitude = Math.abs(old)
        if (magnitude > sums.largest && magnitude !== Infinity) sums.largest = magnitude
        const difference = Math.abs(old - now)
        if (difference === 0 || Object.is(old, now)) continue
        if (Number.isNaN(difference) || difference === Infinity) {
          sums.broken ??= { output, input, position: positionOf(i, dims), what: `is ${now} where ${old} was` }
          return
        }
        if (difference > sums.edgeMaxAbs && isEdge(i)) sums.edgeMaxAbs = difference
        if (difference <= sums.maxAbs) continue
        sums.maxAbs = difference
        sums.ulp = ulpsBetween(old, now)
        sums.worst = { output, input, position: positionOf(i, dims) }
      }
    },
  }
  return sums
}

/** Whether a value lies within an eighth of a side, at most 8 values, of the ends of the last two axes. */
function edgeOf(dims: readonly number[]): (index: number) => boolean {
  if (dims.length < 2) return () => false
  const [height, width] = dims.slice(-2) as [number, number]
  const [rows, columns] = [height, width].map((side) => Math.max(1, Math.min(EDGE, Math.floor(side / 8)))) as [number, number]
  return (index) => {
    const [y, x] = [Math.floor(index / width) % height, index % width]
    return y < rows || x < columns || y >= height - rows || x >= width - columns
  }
}

function positionOf(index: number, dims: readonly number[]): number[] {
  let rest = index
  return dims.map((_, axis) => {
    const inner = dims.slice(axis + 1).reduce((product, dim) => product * dim, 1)
    const at = Math.floor(rest / inner)
    rest %= inner
    return at
  })
}

const bits = new DataView(new ArrayBuffer(4))

/** Place of a float32 in the order of all of them; both zeros stand at 0. */
function order(value: number): number {
  bits.setFloat32(0, value)
  const raw = bits.getInt32(0)
  return raw < 0 ? -(raw & 0x7fffffff) : raw
}

/** How many float32 lie from one to the other. */
export const ulpsBetween = (a: number, b: number): number => Math.abs(order(a) - order(b))
