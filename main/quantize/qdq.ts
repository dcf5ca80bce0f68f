import { bitsOf, type CodeType } from '../core/grid.ts'
import type { ScaleRow } from '../core/scale-table.ts'
import { attributesOf } from '../onnx/attribute.ts'
import { nameMaker, withNodes } from '../onnx/edit.ts'
import type { Graph, Node, ValueInfo } from '../onnx/graph.ts'
import { COMPUTE } from '../onnx/operators.ts'
import { float32List, float32Scalar, tensorOfNumbers } from '../onnx/tensor.ts'
import { topology } from '../onnx/topology.ts'
import type { QuantizePlan } from './plan.ts'
import type { SolvedScales } from './scale-table.ts'

/** A quantized Graph, and under which name each coded activation can be read after its round trip through codes. */
export interface QdqGraph {
  readonly graph: Graph
  /** Activation tensor → the DequantizeLinear output that its quantized consumers read. */
  readonly dequantizedNames: ReadonlyMap<string, string>
  /** Weight or bias → the DequantizeLinear output that its nodes read. */
  readonly constantNames: ReadonlyMap<string, string>
}

/** 16- and 4-bit codes came to ai.onnx with opset 21. */
const WIDE_OPSET = 21

/** The opset that a table needs: 13 for channels (`axis`), 21 for 16- and 4-bit codes. */
export const opsetFor = (types: Iterable<CodeType | 'float32'>): 13 | 21 =>
  [...types].some((type) => type !== 'float32' && type !== 'int32' && bitsOf(type) !== 8) ? WIDE_OPSET : 13

/**
 * Puts QuantizeLinear/DequantizeLinear pairs around what the plan quantizes: one pair a tensor, read by its quantized
 * consumers; weights and biases become codes with a DequantizeLinear. Tensor names stay; what is added is called
 * `<tensor>_quantized`, `<tensor>_dequantized`. A graph output that a quantized node makes keeps its name behind the pair, and the
 * node writes `<tensor>_float`. Tensors of one group share the same scale and zero-point initializers.
 */
export function insertQdq(graph: Graph, plan: QuantizePlan, solved: SolvedScales): QdqGraph {
  const links = topology(graph)
  const name = nameMaker(graph)
  const rows = new Map(solved.table.map((row) => [row.tensor, row]))
  const initializers = new Map(graph.initializers)
  const shared = new Map<string, { scale: string; zeroPoint: string }>()
  const params = (group: string, row: ScaleRow) => {
    const known = shared.get(group)
    if (known) return known
    const made = { scale: name(`${group}_scale`), zeroPoint: name(`${group}_zero_point`) }
    initializers.set(made.scale, row.granularity === 'tensor' ? float32Scalar(row.scale[0]!) : float32List(row.scale))
    initializers.set(made.zeroPoint, tensorOfNumbers(row.type as CodeType, row.granularity === 'tensor' ? [] : [row.zeroPoint.length], row.zeroPoint))
    shared.set(group, made)
    return made
  }

  const added: Node[] = []
  const dequantized = new Map<string, string>()
  const renamed = new Map<string, string>()
  for (const { tensor, group } of plan.tensors) {
    const { scale, zeroPoint } = params(group, rows.get(tensor)!)
    const producer = links.producer.get(tensor)
    // What a float node gives to the outside stays as it is; its pair is for the quantized readers alone.
    const isOutput = links.outputs.has(tensor) && producer !== undefined && !plan.floatNodes.has(producer.name)
    const source = isOutput ? name(`${tensor}_float`) : tensor
    const target = isOutput ? tensor : name(`${tensor}_dequantized`)
    const codes = name(`${tensor}_quantized`)
    if (isOutput) renamed.set(tensor, source)
    dequantized.set(tensor, target)
    added.push(qdqNode('QuantizeLinear', name(`${tensor}_QuantizeLinear`), [source, scale, zeroPoint], codes))
    added.push(qdqNode('DequantizeLinear', name(`${tensor}_DequantizeLinear`), [codes, scale, zeroPoint], target))
  }

  const constants = new Map<string, string>()
  for (const [tensor, { row, codes }] of solved.constants) {
    const { scale, zeroPoint } = params(tensor, row)
    const stored = name(`${tensor}_quantized`)
    const target = name(`${tensor}_dequantized`)
    initializers.set(stored, codes)
    constants.set(tensor, target)
    added.push(qdqNode('DequantizeLinear', name(`${tensor}_DequantizeLinear`), [stored, scale, zeroPoint], target, row.axis))
  }

  const nodes = graph.nodes.map((node) => {
    const float = plan.floatNodes.has(node.name)
    const outputs = node.outputs.map((output) => renamed.get(output) ?? output)
    const inputs = node.inputs.map((input, index) => {
      const constant = !float && COMPUTE.has(node.op) && index > 0 ? constants.get(input) : undefined
      if (constant !== undefined) return constant
      const pair = dequantized.get(input)
      if (pair === undefined) return input
      const producer = links.producer.get(input)
      // A float consumer of a float producer needs no codes in between.
      if (float && (producer === undefined || plan.floatNodes.has(producer.name))) return renamed.get(input) ?? input
      return pair
    })
    return { ...node, inputs, outputs }
  })
  const outputs = graph.outputs.map(withOwnSymbols)
  return { graph: withNodes(graph, inOrder(nodes, added), { initializers, outputs, values: statedValues(graph, renamed) }), dequantizedNames: dequantized, constantNames: constants }
}

function qdqNode(op: 'QuantizeLinear' | 'DequantizeLinear', name: string, inputs: string[], output: string, axis: number | null = null): Node {
  return { name, op, domain: '', inputs, outputs: [output], attributes: attributesOf(axis === null ? {} : { axis }) }
}

/** Every added node right before its first reader or right behind its producer: topological, and readable in a viewer. */
function inOrder(nodes: readonly Node[], added: readonly Node[]): Node[] {
  const bySource = Map.groupBy(added, (node) => node.inputs[0]!)
  const ordered: Node[] = []
  const emit = (tensor: string): void => {
    for (const node of bySource.get(tensor) ?? []) {
      ordered.push(node)
      emit(node.outputs[0]!)
    }
  }
  const made = new Set(nodes.flatMap((node) => node.outputs))
  const produced = new Set(added.map((node) => node.outputs[0]!))
  for (const source of bySource.keys()) if (!made.has(source) && !produced.has(source)) emit(source)
  for (const node of nodes) {
    ordered.push(node)
    for (const output of node.outputs) emit(output)
  }
  return ordered
}

/**
 * Exporters often give an enlarged output the size symbols of the input. ONNX Runtime shares memory between tensors whose
 * symbols agree, and fails at run time: every output gets symbols of its own, which claim nothing.
 */
const withOwnSymbols = (output: ValueInfo): ValueInfo => ({
  name: output.name, type: output.type, dims: output.dims?.map((dim, axis) => (typeof dim === 'string' ? `${output.name}_${axis}` : dim)) ?? null,
})

/** Stated shapes of inner tensors that are numbers; what the file says of a renamed output holds for its new name too. */
function statedValues(graph: Graph, renamed: ReadonlyMap<string, string>): Graph['values'] {
  const values = new Map<string, ValueInfo>()
  for (const [name, value] of graph.values) {
    if (value.dims?.some((dim) => typeof dim === 'string')) continue
    values.set(name, value)
    const source = renamed.get(name)
    if (source !== undefined) values.set(source, { name: source, type: value.type, dims: value.dims })
  }
  return values
}
