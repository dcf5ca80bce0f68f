import { bitsOf } from '../core/grid.ts'
import type { Plan } from '../core/plan.ts'
import type { ParetoPoint, PrecisionName } from '../core/tune.ts'
import type { Graph, Node } from '../onnx/graph.ts'
import { COMPUTE } from '../onnx/operators.ts'
import { elementCount } from '../onnx/tensor.ts'
import { topology } from '../onnx/topology.ts'
import type { Kernel, Timing } from './timing.ts'
import type { Unit } from './units.ts'

/** Who computes in float, and how many bits codes have. */
export interface Layout {
  /** Names of nodes. */
  readonly float: ReadonlySet<string>
  /** Bits of the tensors with codes; those that only float nodes read and make have none. */
  readonly tensors: ReadonlyMap<string, number>
  /** Bits of the weights of nodes that are not in float. */
  readonly weights: ReadonlyMap<string, number>
  /** Biases with codes. */
  readonly biases: ReadonlySet<string>
}

export type PlanCosts = Pick<ParetoPoint, 'bitMacs' | 'bytes' | 'macsInt16' | 'macsFloat' | 'latency'>

/** As a plan of the quantizer lays it out. */
export function layoutOf({ tensors, weights, biases, floatNodes }: Plan): Layout {
  return {
    float: new Set(floatNodes.keys()), tensors: new Map(tensors.map(({ tensor, grid }) => [tensor, bitsOf(grid.type)])),
    weights: new Map(weights.map(({ tensor, grid }) => [tensor, bitsOf(grid.type)])), biases: new Set(biases.map(({ tensor }) => tensor)),
  }
}

/** What a change of precision makes of a layout, without planning anew. `floatOf`: by unit, the nodes that go to float with it. */
export function layouter(graph: Graph, plan: Plan, units: readonly Unit[], floatOf: readonly ReadonlySet<string>[]): (taken: readonly PrecisionName[]) => Layout {
  const links = topology(graph)
  const base = layoutOf(plan)
  return (taken) => {
    const float = new Set([...base.float, ...units.flatMap((_, index) => (taken[index] === 'float' ? [...floatOf[index]!] : []))])
    const wide = (precisions: readonly PrecisionName[], of: (unit: Unit) => readonly string[]): Set<string> => new Set(units.flatMap((unit, index) => (precisions.includes(taken[index]!) ? of(unit) : [])))
    const [wideTensors, wideWeights] = [wide(['int16', 'int8w/int16a'], ({ tensors }) => tensors), wide(['int16'], ({ constants }) => constants)]
    const isRead = (tensor: string): boolean => (links.consumers.get(tensor) ?? []).some(({ name }) => !float.has(name)) || (links.outputs.has(tensor) && !float.has(links.producer.get(tensor)?.name ?? ''))
    const isComputed = ({ node }: { readonly node: string }): boolean => !float.has(node)
    return {
      float, tensors: new Map([...base.tensors].flatMap(([tensor, bits]) => (isRead(tensor) ? [[tensor, wideTensors.has(tensor) ? 16 : bits] as const] : []))),
      weights: new Map(plan.weights.filter(isComputed).map(({ tensor }) => [tensor, wideWeights.has(tensor) ? 16 : base.weights.get(tensor)!])),
      biases: new Set(plan.biases.filter(isComputed).map(({ tensor }) => tensor)),
    }
  }
}

const FLOAT_BITS = 32
const BIAS_BITS = 32

export interface CostModel {
  of(layout: Layout): PlanCosts
  /** Of weights and biases. */
  readonly floatBytes: number
}

/**
 * Costs of layouts of one graph. A product counts the bits of the weight times those of what is read; one operand of 16 bits makes it an
 * int16 product. Latency is over that of the float model, conversions at borders between precisions included (ALGORITHMS 8.3); null without times.
 */
export function costModel(graph: Graph, macs: ReadonlyMap<string, number>, timing: Timing | null): CostModel {
  const links = topology(graph)
  const nodes = graph.nodes.filter(({ name }) => macs.has(name))
  const all = [...macs.values()].reduce((sum, count) => sum + count, 0) || 1
  const constants = new Map(nodes.flatMap(({ inputs }) => inputs.slice(1)).flatMap((name) => (graph.initializers.has(name) ? [[name, elementCount(graph.initializers.get(name)!.dims)] as const] : [])))
  const floatLatency = timing ? latencyOf({ float: new Set(graph.nodes.map(({ name }) => name)), tensors: new Map(), weights: new Map(), biases: new Set() }, timing) : 0
  return {
    floatBytes: [...constants.values()].reduce((sum, count) => sum + (count * FLOAT_BITS) / 8, 0),
    of(layout) {
      const operands = new Map(nodes.map((node) => [node.name, operandBits(node, layout)]))
      const share = (fits: (node: Node) => boolean): number => nodes.reduce((sum, node) => sum + (fits(node) ? macs.get(node.name)! : 0), 0) / all
      const isFloat = ({ name }: Node): boolean => layout.float.has(name)
      const bitsOf = (name: string): number => layout.weights.get(name) ?? (layout.biases.has(name) ? BIAS_BITS : FLOAT_BITS)
      return {
        bitMacs: nodes.reduce((sum, { name }) => sum + operands.get(name)![0] * operands.get(name)![1] * macs.get(name)!, 0) / (64 * all),
        bytes: [...constants].reduce((sum, [name, count]) => sum + Math.ceil((count * bitsOf(name)) / 8), 0),
        macsInt16: share((node) => !isFloat(node) && operands.get(node.name)!.includes(16)), macsFloat: share(isFloat),
        latency: timing && floatLatency > 0 ? latencyOf(layout, timing) / floatLatency : null,
      }
    },
  }

  /** Times of nodes, and of the roundings to and from codes where what makes a tensor and what reads it compute in other types. */
  function latencyOf(layout: Layout, times: Timing): number {
    const kernels = new Map(graph.nodes.map((node) => [node.name, kernelOf(node, layout, times)]))
    let sum = graph.nodes.reduce((total, node) => total + (times.node(node, kernels.get(node.name)!) ?? 0), 0)
    for (const [tensor, bits] of layout.tensors) {
      const producer = links.producer.get(tensor)
      const readers = links.consumers.get(tensor) ?? []
      if (producer === undefined || kernels.get(producer.name) === 'float') sum += times.quantize(tensor, bits)
      // A float node behind a float node reads no codes; one that only lacks a kernel reads through them.
      const isBare = (name: string): boolean => layout.float.has(name) && (producer === undefined || layout.float.has(producer.name))
      const leaves = readers.some(({ name }) => kernels.get(name) === 'float' && !isBare(name))
      if (leaves || (links.outputs.has(tensor) && producer && !layout.float.has(producer.name))) sum += times.dequantize(tensor, bits)
      // The narrower operand of a 16-bit kernel is widened; a convolution multiplies 8 by 16 bits.
      if (bits === 8 && readers.some(({ name, op }) => kernels.get(name) === 'int16' && !COMPUTE.has(op))) sum += times.dequantize(tensor, 8) + times.quantize(tensor, 16)
    }
    return sum
  }
}

/** Bits of both operands of a product. */
function operandBits({ name, inputs }: Node, { float, tensors, weights }: Layout): [number, number] {
  if (float.has(name)) return [FLOAT_BITS, FLOAT_BITS]
  const [left, right] = [inputs[0]!, inputs[1]!].map((operand) => tensors.get(operand) ?? weights.get(operand) ?? FLOAT_BITS)
  return [left!, right!]
}

/** What a node is computed as: of its operands' bits; where 16 bits have no kernel, of its result's too, and in float. */
function kernelOf(node: Node, { float, tensors, weights }: Layout, timing: Timing): Kernel {
  if (float.has(node.name)) return 'float'
  const reads = node.inputs.flatMap((name) => tensors.get(name) ?? weights.get(name) ?? [])
  const bits = timing.wide === 'int16' ? reads : [...reads, ...node.outputs.flatMap((name) => tensors.get(name) ?? [])]
  return bits.includes(16) ? timing.wide : 'int8'
}
