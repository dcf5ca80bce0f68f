import { Fault } from '../core/fault.ts'
import { bitsOf, type CodeType, type Grid, type Range } from '../core/grid.ts'
import type { BiasPlan, Plan, TensorPlan, WeightPlan } from '../core/plan.ts'
import { intAttribute } from '../onnx/attribute.ts'
import type { Graph, Node } from '../onnx/graph.ts'
import { COMPUTE, floatActivations, isPassThrough, linearTensors } from '../onnx/operators.ts'
import { topology, type Topology } from '../onnx/topology.ts'
import { absorbedTensors } from './absorb.ts'
import { activationBounds, resultRange, tailRanges, type FixedRange, type PictureRanges } from './fixed-ranges.ts'
import type { QuantizeOptions } from './options.ts'
import { qparams } from '../core/qparams.ts'
import { resolveOverrides, type ResolvedOverride } from './overrides.ts'
import { floatRegions } from './regions.ts'

/** Operators that are computed on codes, or between dequantized inputs and a quantized output. */
const QUANTIZABLE = new Set([
  ...COMPUTE, 'Add', 'Sub', 'Mul', 'Div', 'Concat', 'AveragePool', 'GlobalAveragePool', 'GlobalMaxPool', 'Relu', 'Clip', 'LeakyRelu',
  'PRelu', 'Sigmoid', 'HardSigmoid', 'HardSwish', 'Tanh', 'Softmax', 'BatchNormalization', 'Resize', 'Upsample', 'Pad', 'Abs', 'ReduceMean',
])

const NO_PICTURES: PictureRanges = { inputs: new Map(), outputs: new Map() }

/** The plan of a graph with the overrides that it was made under. */
export interface QuantizePlan extends Plan {
  readonly overrides: ReadonlyMap<string, ResolvedOverride>
}

/**
 * Decides which tensors of a prepared Graph carry codes, on which grids, and which share a scale. Nothing is measured
 * here. Throws `recipe.*` Faults for names that the graph does not have.
 */
export function planQuantization(graph: Graph, options: QuantizeOptions, pictures: PictureRanges = NO_PICTURES): QuantizePlan {
  const links = topology(graph)
  const activations = floatActivations(graph)
  const overrides = resolveOverrides(graph, options.layers)
  const floatNodes = nodesInFloat(graph, options, activations, overrides)
  const quantized = (node: Node) => !floatNodes.has(node.name)
  const absorbed = absorbedTensors(graph, links, quantized)
  const carries = (name: string) => carriesCodes(name, graph, links, quantized)
  const names = [...graph.inputs.map((input) => input.name), ...graph.nodes.flatMap((node) => node.outputs)].filter((name) => activations.has(name))
  const coded = names.filter((name) => !absorbed.has(name) && carries(name))
  const fixed = fixedRanges(graph, links, options, pictures, new Set(coded))
  const groups = shareScales(graph, links, quantized, new Set(coded), absorbed, fixed)
  const linear = linearTensors(graph)
  const planned = coded.map((name): TensorPlan => {
    const node = links.producer.get(name)
    const override = overrides.get(name)
    const bound = node ? boundOf(graph, node) : undefined
    const fixedHere = overridesRange(override) ? undefined : fixed.get(name)
    return {
      tensor: name,
      node: node?.name ?? '',
      group: groups.get(name)!,
      grid: gridOf(options, override),
      ...(fixedHere ? { fixed: fixedHere } : {}),
      ...(bound ? { bound } : {}),
      ...(linear.has(name) ? { linear: true } : {}),
    }
  })
  const tensors = alignSums(graph, planned, quantized)
  const { weights, biases } = constantsOf(graph, links, options, quantized, new Map(tensors.map((plan) => [plan.tensor, plan])))
  return { tensors, weights, biases, floatNodes, overrides }
}

/** Nodes that stay in float: asked for, of an operator that is not quantized, on other than float data, or only moving float. */
function nodesInFloat(graph: Graph, options: QuantizeOptions, activations: ReadonlySet<string>, overrides: ReadonlyMap<string, ResolvedOverride>): Map<string, string> {
  const float = floatRegions(graph, options.float)
  for (const [tensor, override] of overrides) {
    const node = graph.nodes.find((one) => one.outputs.includes(tensor))
    if (override.forward_with_float && node) float.set(node.name, `quantize.layers: ${override.from.join(', ')}`)
  }
  const producer = new Map(graph.nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const)))
  for (const node of graph.nodes) {
    if (float.has(node.name)) continue
    const moves = isPassThrough(node)
    if (node.domain !== '' || !(QUANTIZABLE.has(node.op) || moves)) float.set(node.name, `${node.op} is not computed on codes`)
    else if (!node.outputs.some((name) => activations.has(name))) float.set(node.name, 'not a float activation')
    else if (moves) {
      const above = producer.get(node.inputs[0] ?? '')
      if (above && float.has(above.name)) float.set(node.name, `only moves what ${above.name} makes in float`)
    }
  }
  return float
}

/** ALGORITHMS 4.2: a pair where a quantized node reads; a quantized graph output; none behind a node that only float nodes read. */
function carriesCodes(name: string, graph: Graph, links: Topology, quantized: (node: Node) => boolean): boolean {
  if (graph.initializers.has(name)) return false
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
      if (coded.has(name)) fixed.set(name, { ...range, method: 'image-grid', reason: 'a picture of 256 levels: each level has its own code' })
    }
  }
  return fixed
}

/** Union of tensors that must share scale and zero point; a group is named by its first tensor. */
function shareScales(
  graph: Graph, links: Topology, quantized: (node: Node) => boolean, coded: ReadonlySet<string>, absorbed: ReadonlySet<string>, fixed: ReadonlyMap<string, FixedRange>,
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
    if (!quantized(node) || !isPassThrough(node) || source === undefined || !coded.has(source)) continue
    for (const output of node.outputs) {
      const end = behindAbsorbed(output, links, absorbed, fixed, source)
      if (end !== undefined && coded.has(end)) join(source, end)
    }
  }
  return new Map([...coded].map((name) => [name, find(name)]))
}

/**
 * A mover's output, or what an absorbed Clip or Relu makes of it when both ends stand on the same fixed grid (elsewhere
 * the activation changes the range).
 */
function behindAbsorbed(output: string, links: Topology, absorbed: ReadonlySet<string>, fixed: ReadonlyMap<string, FixedRange>, source: string): string | undefined {
  let name: string | undefined = output
  let clipped = false
  while (name !== undefined && absorbed.has(name)) {
    clipped = true
    name = links.consumers.get(name)?.[0]?.outputs[0]
  }
  if (name === undefined || !clipped) return name
  const [a, b] = [fixed.get(source), fixed.get(name)]
  return a && b && a.lo === b.lo && a.hi === b.hi ? name : undefined
}

/**
 * An Add whose result and one operand stand on the same fixed scale s: the other operand's step becomes s too, so that the
 * sum needs no second rounding (an image-space residual: pixels plus whole levels are whole levels).
 */
function alignSums(graph: Graph, plans: readonly TensorPlan[], quantized: (node: Node) => boolean): TensorPlan[] {
  const byTensor = new Map(plans.map((plan) => [plan.tensor, plan]))
  const leaders = new Map(plans.map((plan) => [plan.tensor, byTensor.get(plan.group)!]))
  const scaleOf = (name: string) => {
    const fixed = leaders.get(name)?.fixed
    return fixed && qparams(fixed, leaders.get(name)!.grid).scale
  }
  const aligned = new Map<string, NonNullable<TensorPlan['alignTo']>>()
  for (const node of graph.nodes) {
    if (node.op !== 'Add' || !quantized(node) || node.inputs.length !== 2) continue
    const scale = scaleOf(node.outputs[0]!)
    for (const [own, other] of [node.inputs, node.inputs.toReversed()] as [string, string][]) {
      const plan = byTensor.get(own)
      if (scale === undefined || scaleOf(other) !== scale || !plan || plan.fixed || plan.group !== own || plan.grid.symmetric) continue
      aligned.set(own, { scale, reason: `${node.name} adds it to ${other} on a step of ${scale}: on the same step the sum is exact` })
    }
  }
  return plans.map((plan) => ({ ...plan, ...(aligned.has(plan.tensor) ? { alignTo: aligned.get(plan.tensor)! } : {}) }))
}

const overridesRange = (override: ResolvedOverride | undefined) => typeof override?.threshold === 'number'

function gridOf(options: QuantizeOptions, override: ResolvedOverride | undefined): Grid {
  const { type, symmetric, reduced } = options.activations
  const wanted = override?.bits === undefined ? type : (type.replace(/\d+/, String(override.bits)) as CodeType)
  return { type: wanted, symmetric, ...(reduced && bitsOf(wanted) === 8 ? { reduced } : {}) }
}

/** What a Relu or Clip at the end of a node's chain allows. */
function boundOf(graph: Graph, node: Node): Range | undefined {
  const bounds = activationBounds(graph, node)
  return bounds ? { lo: bounds.lo ?? Number.NEGATIVE_INFINITY, hi: bounds.hi ?? Number.POSITIVE_INFINITY } : undefined
}

/** Weights and biases of the computing nodes that are quantized. */
function constantsOf(graph: Graph, links: Topology, options: QuantizeOptions, quantized: (node: Node) => boolean, coded: ReadonlyMap<string, TensorPlan>) {
  const weights = new Map<string, WeightPlan>()
  const biases: BiasPlan[] = []
  const grid: Grid = { type: options.weights.type, symmetric: true, ...(options.weights.reduced ? { reduced: true } : {}) }
  for (const node of graph.nodes) {
    if (!COMPUTE.has(node.op) || !quantized(node)) continue
    const [input, weight, bias] = node.inputs as [string, string, string | undefined]
    if (!graph.initializers.has(weight)) continue
    const axis = options.weights.granularity === 'channel' ? channelAxis(graph, node) : null
    const earlier = weights.get(weight)
    if (earlier && earlier.axis !== axis) {
      throw new Fault({
        code: 'model.shared-weight',
        what: `the weight ${weight} is read by ${earlier.node} and ${node.name} along different channel axes`,
        where: node.name,
        next: 'Use quantize.weights.granularity: tensor, or keep one of the two in float.',
      })
    }
    weights.set(weight, earlier ?? { tensor: weight, node: node.name, grid, axis })
    if (bias && graph.initializers.has(bias) && coded.has(input)) biases.push({ tensor: bias, node: node.name, input, weight })
  }
  // A bias that two nodes read has two scales: it stays as it is.
  const readers = (name: string) => links.consumers.get(name)?.length ?? 0
  return { weights: [...weights.values()], biases: biases.filter((bias) => readers(bias.tensor) === 1) }
}

/** Output-channel axis of a weight (ALGORITHMS 1.2); null where no single axis is the output channel. */
export function channelAxis(graph: Graph, node: Node): number | null {
  const dims = graph.initializers.get(node.inputs[1]!)!.dims
  switch (node.op) {
    case 'Conv':
      return 0
    case 'ConvTranspose': {
      const group = intAttribute(node, 'group', 1)
      if (group === 1) return 1
      return dims[1] === 1 ? 0 : null
    }
    case 'Gemm':
      return intAttribute(node, 'transB', 0) === 1 ? 0 : 1
    case 'MatMul':
      return dims.length === 2 ? 1 : null
    default:
      return null
  }
}
