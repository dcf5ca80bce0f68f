import { bitsOf } from '../core/grid.ts'
import type { ScaleRow, ScaleTable } from '../core/scale-table.ts'
import type { Graph } from '../onnx/graph.ts'
import { float32, isFloat } from '../onnx/tensor.ts'
import { topology } from '../onnx/topology.ts'

/** All that a toolchain can be told of one quantized tensor: one record a tensor, from which every format is written. */
export interface TensorQuant {
  /** ONNX value name, exact. */
  readonly name: string
  readonly role: 'input' | 'activation' | 'weight' | 'bias'
  readonly bits: 4 | 8 | 16 | 32
  readonly signed: boolean
  /** The zero point is the middle of the type, for every channel. */
  readonly symmetric: boolean
  /** Channel axis; null: one scale a tensor. */
  readonly axis: number | null
  /** float32 values, one or one a channel. */
  readonly scale: readonly number[]
  /** ONNX convention: real = (code - zeroPoint) * scale. */
  readonly zeroPoint: readonly number[]
  /** What was seen; null where nobody looked (a constant's own extremes are always known). */
  readonly observed: readonly [lo: number, hi: number] | null
  /** The clip range after the threshold method, real units, all channels together. */
  readonly range: readonly [lo: number, hi: number]
  readonly method: string
  readonly samples: number
  /** Node that makes it, and its operator; '' for inputs and constants. */
  readonly node: string
  readonly op: string
}

/** What Statistics tell of a tensor here. */
export interface SeenRange {
  readonly min: number
  readonly max: number
}

/** The records of a run, in the order of its scale table. Rows that stay in float have none. `seen`: by tensor; `samples`: pictures behind it. */
export function recordsOf(graph: Graph, scales: ScaleTable, seen: ReadonlyMap<string, SeenRange>, samples: number): TensorQuant[] {
  const { producer } = topology(graph)
  const inputs = new Set(graph.inputs.map(({ name }) => name))
  return scales.filter((row) => !row.float && row.type !== 'float32').map((row) => {
    const node = producer.get(row.tensor)
    return {
      name: row.tensor, role: row.kind === 'activation' && inputs.has(row.tensor) ? 'input' : row.kind, ...gridOf(row),
      axis: row.granularity === 'channel' ? row.axis : null, scale: row.scale, zeroPoint: row.zeroPoint,
      observed: row.kind === 'activation' ? rangeOf(seen.get(row.tensor)) : extremesOf(graph, row.tensor),
      range: [row.lo, row.hi], method: row.method, samples: row.kind === 'activation' ? samples : 0,
      node: node?.name ?? '', op: node?.op ?? '',
    }
  })
}

function gridOf(row: ScaleRow): Pick<TensorQuant, 'bits' | 'signed' | 'symmetric'> {
  const type = row.type as Exclude<ScaleRow['type'], 'float32'>
  const bits = bitsOf(type) as TensorQuant['bits']
  const signed = !type.startsWith('u')
  const middle = signed ? 0 : 2 ** (bits - 1)
  return { bits, signed, symmetric: row.zeroPoint.every((zero) => zero === middle) }
}

const rangeOf = (seen: SeenRange | undefined): TensorQuant['observed'] => (seen === undefined ? null : [seen.min, seen.max])

function extremesOf(graph: Graph, name: string): TensorQuant['observed'] {
  const constant = graph.initializers.get(name)
  if (!constant || !isFloat(constant.type)) return null
  let [lo, hi] = [Infinity, -Infinity]
  for (const value of float32(constant)) {
    if (value < lo) lo = value
    if (value > hi) hi = value
  }
  return lo <= hi ? [lo, hi] : null
}

/** Least and greatest code of a record's type. */
export function codesOf({ bits, signed }: Pick<TensorQuant, 'bits' | 'signed'>): readonly [min: number, max: number] {
  return signed ? [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1] : [0, 2 ** bits - 1]
}

/** The real range that a record's codes hold, of one channel. */
export function coveredBy(record: TensorQuant, channel = 0): readonly [lo: number, hi: number] {
  const [min, max] = codesOf(record)
  const [scale, zero] = [record.scale[channel]!, record.zeroPoint[channel]!]
  return [(min - zero) * scale, (max - zero) * scale]
}

/** Clip of a symmetric grid: the larger magnitude of the range. */
export const amaxOf = ({ range: [lo, hi] }: Pick<TensorQuant, 'range'>): number => Math.max(Math.abs(lo), Math.abs(hi))

export const isActivation = ({ role }: TensorQuant): boolean => role === 'activation' || role === 'input'
