import type { OutputDifference, TriedInput, WorstPlace } from '../core/run.ts'

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
  readonly tried: readonly TriedInput[]
  /** One for each output, in order. */
  byOutput(): OutputDifference[]
  /** The differences that follow are those of this input. */
  begin(input: string, seed: number | null): void
  add(input: string, output: string, a: Float32Array, b: Float32Array, dims: readonly number[]): void
  break(input: string, output: string, what: string): void
}

const EDGE = 8

/** What is summed of one output. */
interface OutputSums {
  maxAbs: number
  edgeMaxAbs: number
  insideMaxAbs: number
  largest: number
  ulp: number
}

export function comparison(): Comparison {
  const outputs = new Map<string, OutputSums>()
  const tried: { input: string; seed: number | null; maxAbs: number }[] = []
  const most = (key: keyof OutputSums): number => Math.max(0, ...[...outputs.values()].map((sums) => sums[key]))
  const sums = {
    get maxAbs(): number { return most('maxAbs') },
    get edgeMaxAbs(): number { return most('edgeMaxAbs') },
    get largest(): number { return most('largest') },
    ulp: 0,
    worst: null as Comparison['worst'],
    broken: null as WorstPlace | null,
    tried,
    byOutput: (): OutputDifference[] =>
      [...outputs].map(([output, { largest, ...own }]) => ({ output, ...own, relative: own.maxAbs === 0 ? 0 : own.maxAbs / Math.max(largest, Number.MIN_VALUE) })),
    begin(input: string, seed: number | null): void {
      tried.push({ input, seed, maxAbs: 0 })
    },
    break(input: string, output: string, what: string): void {
      sums.broken ??= { output, input, position: [], what }
    },
    add(input: string, output: string, a: Float32Array, b: Float32Array, dims: readonly number[]): void {
      const isEdge = edgeOf(dims)
      const own = outputs.get(output) ?? { maxAbs: 0, edgeMaxAbs: 0, insideMaxAbs: 0, largest: 0, ulp: 0 }
      outputs.set(output, own)
      let here = 0
      let overall = sums.maxAbs
      for (let i = 0; i < a.length; i++) {
        const [old, now] = [a[i]!, b[i]!]
        const magnitude = Math.abs(old)
        if (magnitude > own.largest && magnitude !== Infinity) own.largest = magnitude
        const difference = Math.abs(old - now)
        if (difference === 0 || Object.is(old, now)) continue
        if (Number.isNaN(difference) || difference === Infinity) {
          sums.broken ??= { output, input, position: positionOf(i, dims), what: `is ${now} where ${old} was` }
          return
        }
        if (difference > here) here = difference
        const side = isEdge(i) ? 'edgeMaxAbs' : 'insideMaxAbs'
        if (difference > own[side]) own[side] = difference
        if (difference <= own.maxAbs) continue
        own.maxAbs = difference
        own.ulp = ulpsBetween(old, now)
        if (difference <= overall) continue
        overall = difference
        sums.ulp = own.ulp
        sums.worst = { output, input, position: positionOf(i, dims) }
      }
      const last = tried.at(-1)
      if (last && here > last.maxAbs) last.maxAbs = here
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
