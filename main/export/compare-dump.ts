import { addErrors, cosine, meanSquaredError, noErrors, sqnrDb } from '../compare/errors.ts'
import type { LayerError } from '../core/run.ts'
import { nearest } from '../core/nearest.ts'
import { CODE_LIMITS, type CodeType } from '../core/grid.ts'
import type { ScaleRow } from '../core/scale-table.ts'
import type { Tensor } from '../onnx/graph.ts'
import { elementCount, float32, isFloat } from '../onnx/tensor.ts'

/** What a board's values look like, where they are not what they should be. */
export type Suspicion = 'layout' | 'channels' | 'layout-and-channels' | 'codes' | 'scale-of-1' | 'shape' | 'not-finite' | 'input-channels' | 'input-layout'

export interface Diagnosis {
  /** Of the graph; '' for all of them. */
  readonly tensor: string
  readonly suspicion: Suspicion
  /** Cosine as it came, and once what is suspected is put right. */
  readonly before: number
  readonly after: number
}

/** A tensor of the simulation, with its row where it has codes, in the order of the graph. */
export interface Simulated {
  readonly tensor: string
  readonly node: string
  readonly op: string
  readonly value: Tensor
  readonly row: ScaleRow | null
}

/** Below this cosine something else than rounding is at work, and what it might be is tried. */
const SUSPECT = 0.995
/** What explains it must bring it here. */
const EXPLAINED = 0.995

const floats = (values: Tensor): Float32Array => (isFloat(values.type) ? float32(values) : Float32Array.from(values.data as ArrayLike<number | bigint>, Number))

export interface Compared {
  readonly layer: LayerError | null
  readonly diagnosis: Diagnosis | null
}

/** One tensor of a dump against the simulation (`clippedPercent`: saturated beyond the simulation's own); what explains a large difference is named, the numbers stay those of the dump as it came. */
export function compareTensor({ tensor, node, op, value, row }: Simulated, dumped: Tensor): Compared {
  const [wanted, found] = [floats(value), floats(dumped)]
  if (wanted.length !== found.length) return { layer: null, diagnosis: { tensor, suspicion: 'shape', before: 0, after: 0 } }
  if (found.some((one) => !Number.isFinite(one))) return { layer: null, diagnosis: { tensor, suspicion: 'not-finite', before: 0, after: 0 } }
  const sums = noErrors()
  addErrors(sums, wanted, found)
  const layer: LayerError = { node, op, tensor, mode: 'accumulated', sqnrDb: sqnrDb(sums), cosine: cosine(sums), mse: meanSquaredError(sums), maxAbs: sums.maxAbs, clippedPercent: Math.max(0, saturatedPercent(found, row) - saturatedPercent(wanted, row)) }
  const before = cosine(sums)
  const scaleOff = before >= SUSPECT && sqnrDb(sums) < 10
  const ones = scaleOfOne(wanted, found, row)
  if (ones !== null) return { layer, diagnosis: { tensor, suspicion: 'scale-of-1', before, after: ones } }
  if (before >= SUSPECT && !scaleOff) return { layer, diagnosis: null }
  const tried = explanations(value.dims, dumped.dims, wanted, found, row).map(([suspicion, values]) => ({ suspicion, after: matches(suspicion, wanted, values) })).filter(({ after }) => after >= EXPLAINED && (after > before || scaleOff))
  const [best] = tried.toSorted((a, b) => b.after - a.after)
  return { layer, diagnosis: best ? { tensor, suspicion: best.suspicion, before, after: best.after } : null }
}

/** Values that stand on the outermost codes, percent; an end that is 0 itself is where an activation rests, and counts for nothing. */
function saturatedPercent(values: Float32Array, row: ScaleRow | null): number {
  if (!row || row.type === 'float32' || row.granularity !== 'tensor' || values.length === 0) return 0
  const [scale, zero, [min, max]] = [row.scale[0]!, row.zeroPoint[0]!, CODE_LIMITS[row.type]]
  const [lo, hi] = [min === zero ? -Infinity : (min - zero + 0.5) * scale, max === zero ? Infinity : (max - zero - 0.5) * scale]
  return (100 * values.reduce((count, value) => count + (value <= lo || value >= hi ? 1 : 0), 0)) / values.length
}

function matches(suspicion: Suspicion, wanted: Float32Array, values: readonly [wanted: Float32Array, found: Float32Array]): number {
  const sums = noErrors()
  addErrors(sums, ...values)
  // Codes put back to real values must fit in size too; a cosine alone does not see a factor.
  if (suspicion === 'codes' && sqnrDb(sums) < 15) return 0
  return wanted.length === 0 ? 0 : cosine(sums)
}

type Explanation = readonly [Suspicion, readonly [Float32Array, Float32Array]]

function explanations(dims: readonly number[], dumpedDims: readonly number[], wanted: Float32Array, found: Float32Array, row: ScaleRow | null): Explanation[] {
  const tries: Explanation[] = []
  if (dims.length === 4) {
    const [batch, a, b, c] = dims as [number, number, number, number]
    const moved = transposed(found, [batch, b, c, a], [0, 3, 1, 2])
    const back = transposed(found, [batch, c, a, b], [0, 2, 3, 1])
    const saysNhwc = elementCount(dumpedDims) === found.length
    if (saysNhwc) tries.push(['layout', [wanted, moved]], ['layout', [wanted, back]])
    if (a === 3) tries.push(['channels', [wanted, swapped(found, dims, 1)]], ['layout-and-channels', [wanted, swapped(moved, dims, 1)]])
    else if (c === 3) tries.push(['channels', [wanted, swapped(found, dims, 3)]], ['layout-and-channels', [wanted, swapped(back, dims, 3)]])
  }
  if (row && row.type !== 'float32' && row.granularity === 'tensor') {
    const [scale, zero] = [row.scale[0]!, row.zeroPoint[0]!]
    tries.push(['codes', [wanted, found.map((one) => (one - zero) * scale)]], ['codes', [wanted, found.map((one) => one * scale)]])
  }
  return tries
}

/** A value this near to a grid lies on it: boards compute in float32 and less. */
const NEAR = 1e-4

/** The cosine with the simulation rounded and clipped as a scale of 1 does, where the values lie on whole numbers and not on their own grid; else null. */
function scaleOfOne(wanted: Float32Array, found: Float32Array, row: ScaleRow | null): number | null {
  if (!row || row.type === 'float32' || row.granularity !== 'tensor') return null
  const [scale, zero, [min, max]] = [row.scale[0]!, row.zeroPoint[0]!, CODE_LIMITS[row.type as CodeType]]
  const offGrid = (value: number, step: number): boolean => Math.abs(value / step - Math.round(value / step)) > NEAR
  const isWhole = found.every((one) => !offGrid(one, 1) && one >= min - zero - NEAR && one <= max - zero + NEAR)
  if (!isWhole || !found.some((one) => offGrid(one, scale))) return null
  const sums = noErrors()
  addErrors(sums, wanted.map((one) => Math.max(min - zero, Math.min(max - zero, Math.round(one)))), found)
  return cosine(sums) >= EXPLAINED ? cosine(sums) : null
}

/** Values of `dims` with their axes in the order of `perm`. */
export function transposed(values: Float32Array, dims: readonly number[], perm: readonly number[]): Float32Array {
  const strides = dims.map((_, axis) => elementCount(dims.slice(axis + 1)))
  const out = perm.map((axis) => dims[axis]!)
  const result = new Float32Array(values.length)
  const at = out.map(() => 0)
  for (let index = 0; index < result.length; index++) {
    result[index] = values[perm.reduce((sum, axis, position) => sum + at[position]! * strides[axis]!, 0)]!
    for (let axis = out.length - 1; axis >= 0 && ++at[axis]! === out[axis]; axis--) at[axis] = 0
  }
  return result
}

/** The first and third of three channels change places. */
export function swapped(values: Float32Array, dims: readonly number[], axis: number): Float32Array {
  const inner = elementCount(dims.slice(axis + 1))
  const result = values.slice()
  for (let index = 0; index < values.length; index++) {
    const channel = Math.floor(index / inner) % 3
    if (channel !== 1) result[index] = values[index + (1 - channel) * 2 * inner]!
  }
  return result
}

/** Arrays of a dump by tensor of the graph: by its name, by what a toolchain calls it, or by either with plain letters only. */
export function matchNames(arrays: Iterable<string>, known: ReadonlyMap<string, string>): { matched: Map<string, string>; unmatched: { readonly array: string; readonly nearest: readonly string[] }[] } {
  const plain = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '_')
  const tensors = [...known.keys()]
  const byVendor = new Map([...known].map(([tensor, vendor]) => [vendor, tensor]))
  const loosely = Map.groupBy([...known].flatMap(([tensor, vendor]) => [...new Set([plain(tensor), plain(vendor)])].map((name) => ({ name, tensor }))), ({ name }) => name)
  const matched = new Map<string, string>()
  const unmatched: { array: string; nearest: string[] }[] = []
  for (const array of arrays) {
    const loose = loosely.get(plain(array)) ?? []
    const tensor = known.has(array) ? array : (byVendor.get(array) ?? (loose.length === 1 ? loose[0]!.tensor : undefined))
    if (tensor === undefined || matched.has(tensor)) unmatched.push({ array, nearest: nearest(array, tensors, 2) })
    else matched.set(tensor, array)
  }
  return { matched, unmatched }
}
