import { Fault } from '../core/fault.ts'
import { bitsOf, type Grid, type Range } from '../core/grid.ts'
import type { BiasPlan, Plan, TensorPlan, WeightPlan } from '../core/plan.ts'
import { qparams } from '../core/qparams.ts'
import { dependsOnInput } from '../calibrate/watch.ts'
import { accumulatorTails } from '../onnx/accumulator-tail.ts'
import { floatAttribute, intAttribute } from '../onnx/attribute.ts'
import type { Graph, Node } from '../onnx/graph.ts'
import { COMPUTE, floatActivations, isPassThrough, linearTensors } from '../onnx/operators.ts'
import { topology, type Topology } from '../onnx/topology.ts'
import { absorbedTensors } from './absorb.ts'
import { activationBounds, levelGrid, resultRange, tailRanges, type FixedRange, type PictureRanges } from './fixed-ranges.ts'
import { nodesInFloat } from './float-nodes.ts'
import { givesRange, withBits, type QuantizeOptions } from './options.ts'
import { isReplication } from './replication.ts'
import { resolveOverrides, type ResolvedOverride } from './overrides.ts'
import { refuseQuantized } from './refuse-quantized.ts'

const NO_PICTURES: PictureRanges = { inputs: new Map(), outputs: new Map() }

/** The plan of a graph with the overrides that it was made under. */
export interface QuantizePlan extends Plan {
  readonly overrides: ReadonlyMap<string, ResolvedOverride>
}

/**
 * Decides which tensors of a prepared Graph carry codes, on which grids, and which share a scale. Nothing is measured
 * here. Throws `recipe.*` Faults for names that the graph does not have, and `model.already-quantized`.
 */
export function planQuantization(graph: Graph, options: QuantizeOptions, pictures: PictureRanges = NO_PICTURES): QuantizePlan {
  refuseQuantized(graph)
  const links = topology(graph)
  const activations = floatActivations(graph)
  const floatNodes = nodesInFloat(graph, links, options, activations, resolveOverrides(graph, options.layers))
  const tails = options.output === 'codes' ? [] : accumulatorTails(graph, { clip: options.output === 'accumulator-clip' }).tails.filter(({ node }) => !floatNodes.has(node.name))
  for (const { node, movers } of tails) for (const mover of movers) floatNodes.set(mover.name, `moves what ${node.name} leaves as an accumulator`)
  const accumulators = new Set(tails.flatMap(({ tensors }) => tensors))
  const quantized = (node: Node) => !floatNodes.has(node.name)
  const absorbed = absorbedTensors(graph, links, quantized, options.sums)
  // Who names a convolution means what comes out behind its Relu.
  const overrides = resolveOverrides(graph, options.layers, (tensor) => behind(tensor, absorbed))
  // What constants alone make is a constant operand: like an initializer it stays in float.
  const moving = dependsOnInput(graph)
  const carries = (name: string) => activations.has(name) && moving.has(name) && !absorbed.has(name) && !accumulators.has(name) && carriesCodes(name, links, quantized)
  const coded = [...graph.inputs.map((input) => input.name), ...graph.nodes.flatMap((node) => node.outputs)].filter(carries)
  const fixed = fixedRanges(graph, links, options, pictures, new Set(coded))
  const groups = shareScales(graph, quantized, new Set(coded), absorbed, fixed)
  const bits = bitsByGroup(groups, overrides)
  const linear = linearTensors(graph)
  const planned = coded.map((name): TensorPlan => {
    const node = links.producer.get(name)
    const override = overrides.get(name)
    const bound = node ? boundOf(graph, node) : undefined
    const fixedHere = givesRange(override) ? undefined : fixed.get(name)
    const seenAs = groups.get(name) === name ? sourceOf(name, links, activations) : name
    return {
      tensor: name,
      node: node?.name ?? '',
      group: groups.get(name)!,
      grid: gridOf(options, bits.get(groups.get(name)!)),
      ...(fixedHere ? { fixed: fixedHere } : {}),
      ...(bound ? { bound } : {}),
      ...(seenAs === name ? {} : { seenAs }),
      ...(linear.has(name) ? { linear: true } : {}),
    }
  })
  const tensors = alignSums(graph, links, planned, quantized, overrides)
  const { weights, biases } = constantsOf(graph, links, options, quantized, new Map(tensors.map((plan) => [plan.tensor, plan])), (node) => overrides.get(behind(node.outputs[0]!, absorbed)))
  return { tensors, weights, biases, floatNodes, overrides }
}

/** Behind the nodes that absorb a tensor, the one that carries its codes; the tensor itself where none does. */
export function behind(tensor: string, absorbed: ReadonlyMap<string, string>): string {
  let name = tensor
  for (let next = absorbed.get(name); next !== undefined; next = absorbed.get(name)) name = next
  return name
}

/** Calibration does not look at what movers make: the values are those of their source. */
function sourceOf(tensor: string, links: Topology, activations: ReadonlySet<string>): string {
  let name = tensor
  for (let node = links.producer.get(name); node && isPassThrough(node) && activations.has(node.inputs[0]!); node = links.producer.get(name)) name = node.inputs[0]!
  return name
}

/** ALGORITHMS 4.2: a pair where a quantized node reads; a quantized graph output; none behind a node that only float nodes read. */
function carriesCodes(name: string, links: Topology, quantized: (node: Node) => boolean): boolean {
  if ((links.consumers.get(name) ?? []).some((node) => quantized(node) && readsAsData(node, name))) return true
  const node = links.producer.get(name)
  return links.outputs.has(name) && node !== undefined && quantized(node)
}

/** False for the operands that are parameters (a Clip's bounds, a Resize's scales). */
function readsAsData(node: Node, name: string): boolean {
  if (node.op === 'Concat' || node.op === 'Add' || node.op === 'Sub' || node.op === 'Mul' || node.op === 'Div' || node.op === 'MatMul') return true
  return node.inputs[0] === name || (COMPUTE.has(node.op) && node.inputs[1] === name)
}

function fixedRanges(graph: Graph, links: Topology, options: QuantizeOptions, pictures: PictureRanges, coded: ReadonlySet<string>): Map<string, FixedRange> {
  const fixed = options.tail === 'auto' ? tailRanges(graph, links, pictures) : new Map<string, FixedRange>()
  for (const node of graph.nodes) {
    const range = resultRange(node)
    if (range) for (const output of node.outputs) fixed.set(output, { ...range, method: 'result-range', reason: `${node.op} cannot leave ${range.lo}..${range.hi}` })
  }
  if (options.input === 'auto') {
    for (const [name, range] of pictures.inputs) {
      if (coded.has(name)) fixed.set(name, levelGrid(range))
    }
  }
  return fixed
}

/** Union of tensors that must share scale and zero point; a group is named by its first tensor. */
function shareScales(
  graph: Graph, quantized: (node: Node) => boolean, coded: ReadonlySet<string>, absorbed: ReadonlyMap<string, string>, fixed: ReadonlyMap<string, FixedRange>,
): Map<string, string> {
  const group = new Map<string, string>([...coded].map((name) => [name, name]))
  const order = new Map([...coded].map((name, index) => [name, index]))
  const find = (name: string): string => (group.get(name) === name ? name : find(group.get(name)!))
  const join = (a: string, b: string) => {
    const [first, second] = [find(a), find(b)].toSorted((x, y) => order.get(x)! - order.get(y)!) as [string, string]
    group.set(second, first)
  }
  for (const node of graph.nodes) {
    const source = node.inputs[0]
    if (!quantized(node) || !(isPassThrough(node) || isReplication(graph, node)) || source === undefined || !coded.has(source)) continue
    for (const output of node.outputs) {
      const end = sharingEnd(output, absorbed, fixed, source)
      if (end !== undefined && coded.has(end)) join(source, end)
    }
  }
  return new Map([...coded].map((name) => [name, find(name)]))
}

/**
 * A mover's output, or what an absorbed Clip or Relu makes of it when both ends stand on the same fixed grid (elsewhere
 * the activation changes the range).
 */
function sharingEnd(output: string, absorbed: ReadonlyMap<string, string>, fixed: ReadonlyMap<string, FixedRange>, source: string): string | undefined {
  const end = behind(output, absorbed)
  if (end === output) return end
  const [a, b] = [fixed.get(source), fixed.get(end)]
  return a && b && a.lo === b.lo && a.hi === b.hi ? end : undefined
}

/**
 * An Add whose result and one operand stand on the same fixed scale s: the other operand's step becomes s too, so that the
 * sum needs no second rounding (an image-space residual: pixels plus whole levels are whole levels). Only where nobody else
 * reads that operand: elsewhere the coarser step would be a loss.
 */
function alignSums(
  graph: Graph, links: Topology, plans: readonly TensorPlan[], quantized: (node: Node) => boolean, overrides: ReadonlyMap<string, ResolvedOverride>,
): TensorPlan[] {
  const byTensor = new Map(plans.map((plan) => [plan.tensor, plan]))
  const groups = Map.groupBy(plans, (plan) => plan.group)
  const scaleOf = (name: string) => {
    const members = groups.get(byTensor.get(name)?.group ?? '') ?? []
    const [leader] = members
    // A range of the recipe, given for any member, decides for the whole group.
    const ruled = leader?.fixed && !members.some(({ tensor }) => givesRange(overrides.get(tensor)))
    return ruled ? qparams(leader.fixed, leader.grid).scale : undefined
  }
  const aligned = new Map<string, NonNullable<TensorPlan['alignTo']>>()
  for (const node of graph.nodes) {
    if (node.op !== 'Add' || !quantized(node) || node.inputs.length !== 2) continue
    const scale = scaleOf(node.outputs[0]!)
    for (const [own, other] of [node.inputs, node.inputs.toReversed()] as [string, string][]) {
      const plan = byTensor.get(own)
      if (scale === undefined || scaleOf(other) !== scale || !plan || plan.fixed || plan.group !== own || plan.grid.symmetric) continue
      if (links.consumers.get(own)?.length !== 1 || links.outputs.has(own)) continue
      aligned.set(own, { scale, reason: `${node.name} adds it to ${other} on a step of ${scale}: on the same step the sum is exact` })
    }
  }
  return plans.map((plan) => ({ ...plan, ...(aligned.has(plan.tensor) ? { alignTo: aligned.get(plan.tensor)! } : {}) }))
}

/** Bits that the recipe asks for, by group: who shares a scale shares its type. Where members disagree the most bits win. */
function bitsByGroup(groups: ReadonlyMap<string, string>, overrides: ReadonlyMap<string, ResolvedOverride>): Map<string, number> {
  const wanted = new Map<string, number>()
  for (const [tensor, group] of groups) {
    const bits = overrides.get(tensor)?.bits
    if (bits !== undefined) wanted.set(group, Math.max(bits, wanted.get(group) ?? 0))
  }
  return wanted
}

function gridOf(options: QuantizeOptions, bits: number | undefined): Grid {
  const { type, symmetric, reduced } = options.activations
  const wanted = bits === undefined ? type : withBits(type, bits)
  return { type: wanted, symmetric, ...(reduced && bitsOf(wanted) === 8 ? { reduced } : {}) }
}

/** What a Relu or Clip at the end of a node's chain allows. */
function boundOf(graph: Graph, node: Node): Range | undefined {
  const bounds = activationBounds(graph, node)
  return bounds ? { lo: bounds.lo ?? Number.NEGATIVE_INFINITY, hi: bounds.hi ?? Number.POSITIVE_INFINITY } : undefined
}

/** Weights and biases of the computing nodes that are quantized. */
function constantsOf(
  graph: Graph, links: Topology, options: QuantizeOptions, quantized: (node: Node) => boolean, coded: ReadonlyMap<string, TensorPlan>, overrideOf: (node: Node) => ResolvedOverride | undefined,
) {
  const weights = new Map<string, WeightPlan>()
  const biases: BiasPlan[] = []
  for (const node of graph.nodes) {
    if (!COMPUTE.has(node.op) || !quantized(node)) continue
    const [input, weight, bias] = node.inputs as [string, string, string | undefined]
    if (!graph.initializers.has(weight)) continue
    const { granularity = options.weights.granularity, rounding, weight_bits } = overrideOf(node) ?? {}
    const grid = weightGrid(options, weight_bits)
    const axis = granularity === 'tensor' ? null : channelAxis(graph, node)
    const groups = granularity === 'group' && axis !== null ? options.weights.groups : undefined
    const earlier = weights.get(weight)
    if (earlier && (earlier.axis !== axis || earlier.groups !== groups || earlier.grid.type !== grid.type)) {
      throw new Fault({
        code: 'model.shared-weight',
        what: `the weight ${weight} is read by ${earlier.node} and ${node.name} along different channel axes, granularities or bits`,
        where: node.name,
        next: 'Give both the same weight_bits and granularity: tensor, or keep one of the two in float.',
      })
    }
    weights.set(weight, earlier ?? { tensor: weight, node: node.name, grid, axis, ...(groups === undefined ? {} : { groups }), ...(rounding === undefined ? {} : { rounding }) })
    const ratio = accumulatorRatio(node)
    if (bias && coded.has(input) && isChannelBias(graph, node, bias) && ratio > 0 && Number.isFinite(ratio)) {
      biases.push({ tensor: bias, node: node.name, input, weight, ...(ratio === 1 ? {} : { accumulatorRatio: ratio }) })
    }
  }
  // A bias that two nodes read has two scales: it stays as it is.
  const readers = (name: string) => links.consumers.get(name)?.length ?? 0
  return { weights: [...weights.values()], biases: biases.filter((bias) => readers(bias.tensor) === 1) }
}

/** Types of a layer's weights; half the codes only where the preset's own width is kept. */
function weightGrid({ weights: { type, reduced } }: QuantizeOptions, bits: number | undefined): Grid {
  const wanted = bits === undefined ? type : withBits(type, bits)
  return { type: wanted, symmetric: true, ...(reduced && (wanted === type || bitsOf(wanted) === 8) ? { reduced: true } : {}) }
}

/** One value an output channel, along the last axis; anything else that a Gemm may add is no bias of an accumulator. */
function isChannelBias(graph: Graph, node: Node, bias: string): boolean {
  const dims = graph.initializers.get(bias)?.dims
  const weight = graph.initializers.get(node.inputs[1]!)!.dims
  const channels = { Conv: weight[0], ConvTranspose: weight[1]! * intAttribute(node, 'group', 1), Gemm: weight[intAttribute(node, 'transB', 0) === 1 ? 0 : 1] }[node.op]
  return dims !== undefined && dims.at(-1) === channels && dims.slice(0, -1).every((dim) => dim === 1)
}

/** A Gemm adds beta · C to alpha times its accumulator: a step of C is alpha / beta steps of it (ALGORITHMS 1.5). */
const accumulatorRatio = (node: Node): number => (node.op === 'Gemm' ? floatAttribute(node, 'alpha', 1) / floatAttribute(node, 'beta', 1) : 1)

/** Output-channel axis of a weight (ALGORITHMS 1.2); null where no single axis is the output channel. */
export function channelAxis(graph: Graph, node: Node): number | null {
  const dims = graph.initializers.get(node.inputs[1]!)!.dims
  switch (node.op) {
    case 'Conv':
      return 0
    case 'ConvTranspose': {
      const group = intAttribute(node, 'group', 1)
      if (group === 1) return 1
      return group === dims[0] && dims[1] === 1 ? 0 : null
    }
    case 'Gemm':
      return intAttribute(node, 'transB', 0) === 1 ? 0 : 1
    case 'MatMul':
      return dims.length === 2 ? 1 : null
    default:
      return null
  }
}
