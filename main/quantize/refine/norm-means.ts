import { intAttribute, stringAttribute } from '../../onnx/attribute.ts'
import type { Graph, Node, Tensor } from '../../onnx/graph.ts'
import { float32 } from '../../onnx/tensor.ts'
import { activationBounds } from '../fixed-ranges.ts'

/** A channel's values as they come out of a BatchNormalization: mean and deviation; null: no normal distribution any more. */
interface Channels {
  readonly mean: Float64Array
  readonly deviation: Float64Array | null
}

/**
 * Mean of each channel without data (ALGORITHMS 5.8): a BatchNormalization makes values of mean beta and deviation |gamma|, taken as
 * normal, of which a Relu or Clip right behind lets a known share through. Sums, joins, averages and nearest copies hand means on.
 * Tensors that no BatchNormalization tells of are left out.
 */
export function normMeans(graph: Graph): Map<string, Float64Array> {
  const known = new Map<string, Channels>()
  for (const node of graph.nodes) {
    const made = node.domain === '' ? channelsBehind(graph, node, known) : undefined
    if (made) known.set(node.outputs[0]!, made)
  }
  return new Map([...known].map(([tensor, { mean }]) => [tensor, mean]))
}

function channelsBehind(graph: Graph, node: Node, known: ReadonlyMap<string, Channels>): Channels | undefined {
  const [first] = node.inputs.map((name) => known.get(name))
  switch (node.op) {
    case 'BatchNormalization': {
      const [gamma, beta] = [node.inputs[1], node.inputs[2]].map((name) => graph.initializers.get(name ?? ''))
      if (!isFloat(gamma) || !isFloat(beta) || intAttribute(node, 'training_mode', 0) !== 0) return undefined
      return { mean: Float64Array.from(float32(beta)), deviation: Float64Array.from(float32(gamma), Math.abs) }
    }
    case 'Relu':
    case 'Clip': {
      const bounds = activationBounds(graph, node)
      const { mean, deviation } = first ?? {}
      if (!bounds || !mean || !deviation || node.inputs.slice(1).some((name) => name !== '' && !graph.initializers.has(name))) return undefined
      const { lo = Number.NEGATIVE_INFINITY, hi = Number.POSITIVE_INFINITY } = bounds
      return { mean: mean.map((each, channel) => clippedMean(each, deviation[channel]!, lo, hi)), deviation: null }
    }
    case 'Identity':
    case 'Dropout':
      return first
    case 'AveragePool':
    case 'GlobalAveragePool':
      return first && { mean: first.mean, deviation: null }
    case 'Resize':
      return first && stringAttribute(node, 'mode', 'nearest') === 'nearest' ? first : undefined
    case 'Add':
    case 'Concat': {
      const parts = node.inputs.map((name) => known.get(name)?.mean)
      if (!parts.every((part) => part !== undefined)) return undefined
      if (node.op === 'Concat') return intAttribute(node, 'axis', 1) === 1 ? { mean: Float64Array.from(parts.flatMap((part) => [...part])), deviation: null } : undefined
      const [one, other] = parts as [Float64Array, Float64Array]
      return one.length === other.length ? { mean: one.map((each, channel) => each + other[channel]!), deviation: null } : undefined
    }
    default:
      return undefined
  }
}

const isFloat = (tensor: Tensor | undefined): tensor is Tensor => tensor?.type === 'float32'

/** Mean of a normal variable cut to lo..hi, values beyond an end counted as the end (ALGORITHMS 5.8). */
export function clippedMean(mean: number, deviation: number, lo: number, hi: number): number {
  if (deviation === 0) return Math.min(Math.max(mean, lo), hi)
  const [from, to] = [(lo - mean) / deviation, (hi - mean) / deviation]
  const below = lo === Number.NEGATIVE_INFINITY ? 0 : lo * shareBelow(from)
  const above = hi === Number.POSITIVE_INFINITY ? 0 : hi * (1 - shareBelow(to))
  return below + above + mean * (shareBelow(to) - shareBelow(from)) + deviation * (density(from) - density(to))
}

const density = (value: number): number => Math.exp(-(value ** 2) / 2) / Math.sqrt(2 * Math.PI)

/** Share of a standard normal variable below a value; Abramowitz and Stegun 7.1.26, error below 1.5e-7. */
function shareBelow(value: number): number {
  if (!Number.isFinite(value)) return value > 0 ? 1 : 0
  const x = Math.abs(value) / Math.SQRT2
  const t = 1 / (1 + 0.3275911 * x)
  const tail = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429)))) * Math.exp(-x * x)
  return value > 0 ? 1 - tail / 2 : tail / 2
}
