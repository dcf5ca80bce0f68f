import type { Range } from '../core/grid.ts'
import type { TensorPlan } from '../core/plan.ts'
import { float32 } from '../onnx/tensor.ts'
import { floatAttribute } from '../onnx/attribute.ts'
import type { Graph, Node } from '../onnx/graph.ts'
import { isPassThrough } from '../onnx/operators.ts'
import type { Topology } from '../onnx/topology.ts'

export type FixedRange = NonNullable<TensorPlan['fixed']>

/** Picture inputs and outputs of the model with the range that their levels 0..255 are mapped to. */
export interface PictureRanges {
  readonly inputs: ReadonlyMap<string, Range>
  readonly outputs: ReadonlyMap<string, Range>
}

const RESULT_RANGES: Readonly<Record<string, Range>> = {
  Sigmoid: { lo: 0, hi: 1 },
  HardSigmoid: { lo: 0, hi: 1 },
  Softmax: { lo: 0, hi: 1 },
  Tanh: { lo: -1, hi: 1 },
}

/**
 * The grid of a picture's 256 levels. Where 0 is a level, each level has its own code. Where 0 lies between two (-1..1), every
 * level would be a tie and pairs of them would fall on one code: one code is left unused, and the ties are gone.
 */
export function levelGrid({ lo, hi }: Range): FixedRange {
  const zero = (-255 * lo) / (hi - lo)
  if (Math.abs(zero - Math.round(zero)) < 1e-6) return { lo, hi, method: 'image-grid', reason: 'a picture of 256 levels: each level has its own code' }
  return { lo, hi: hi + (hi - lo) / 254, method: 'image-grid', reason: 'the range of the picture; 0 is between two levels, so that levels lie beside codes' }
}

/** The range that an operator's result cannot leave, or undefined. */
export const resultRange = (node: Node): Range | undefined => (node.domain === '' ? RESULT_RANGES[node.op] : undefined)

/** Bounds of a Clip (opset 11 on: inputs) or Relu; undefined ends are open. */
export function activationBounds(graph: Graph, node: Node): { lo?: number; hi?: number } | undefined {
  if (node.op === 'Relu') return { lo: 0 }
  if (node.op !== 'Clip') return undefined
  const bound = (input: number, attribute: string) => {
    const name = node.inputs[input]
    const constant = name ? graph.initializers.get(name) : undefined
    if (constant) return float32(constant)[0]
    const value = floatAttribute(node, attribute, Number.NaN)
    return Number.isNaN(value) ? undefined : value
  }
  const lo = bound(1, 'min')
  const hi = bound(2, 'max')
  return { ...(lo === undefined ? {} : { lo }), ...(hi === undefined ? {} : { hi }) }
}

/**
 * The tail rule: a graph output that is clipped to [lo, hi] (or is a picture, which whoever shows it clips) takes the grid
 * of that range, and so do the tensors it is only moved from. What lies outside is lost anyway; inside, no step is wasted.
 */
export function tailRanges(graph: Graph, links: Topology, pictures: PictureRanges): Map<string, FixedRange> {
  const fixed = new Map<string, FixedRange>()
  for (const output of graph.outputs) {
    const way = upwards(graph, links, output.name)
    const clip = way.nodes.map((node) => (node.op === 'Clip' ? activationBounds(graph, node) : undefined)).find((bounds) => bounds !== undefined)
    const picture = pictures.outputs.get(output.name)
    if (clip?.lo !== undefined && clip.hi !== undefined && isTight({ lo: clip.lo, hi: clip.hi }, picture)) {
      const reason = `the graph output ${output.name} is clipped to ${clip.lo}..${clip.hi}`
      for (const name of way.tensors) fixed.set(name, { lo: clip.lo, hi: clip.hi, method: 'clip-grid', reason })
    } else if (picture && !links.consumers.has(output.name)) {
      const reason = `${output.name} is a picture of ${picture.lo}..${picture.hi}: what lies outside is cut when it is shown`
      for (const name of way.tensors) fixed.set(name, { ...picture, method: 'image-grid', reason })
    }
  }
  return fixed
}

/** Ranges that outputs are clipped to because their levels end there. Others (0..3.4e38, ±1000) only guard against accidents. */
const LEVELS: readonly (readonly [number, number])[] = [[0, 1], [-1, 1], [0, 255]]

const isTight = ({ lo, hi }: Range, picture: Range | undefined): boolean =>
  lo <= 0 && hi > 0 && (LEVELS.some((levels) => levels[0] === lo && levels[1] === hi) || (picture !== undefined && hi - lo <= picture.hi - picture.lo))

/** What may stand between the clip of a picture and the graph output without changing what its levels are. */
const ROUNDINGS = new Set(['Round', 'Cast'])

/** From a graph output up through movers, clips and roundings, as long as nobody else reads on the way. */
function upwards(graph: Graph, links: Topology, output: string): { tensors: string[]; nodes: Node[] } {
  const tensors = [output]
  const nodes: Node[] = []
  for (let name = output; ; ) {
    const node = links.producer.get(name)
    const above = node?.inputs[0]
    if (!node || above === undefined || graph.initializers.has(above)) break
    if (!isPassThrough(node) && node.op !== 'Clip' && node.op !== 'Relu' && !ROUNDINGS.has(node.op)) break
    if ((links.consumers.get(above)?.length ?? 0) !== 1 || links.outputs.has(above) || !links.producer.has(above)) break
    nodes.push(node)
    tensors.push(above)
    name = above
  }
  return { tensors, nodes }
}
