import { attributesOf } from '../onnx/attribute.ts'
import { nameMaker } from '../onnx/edit.ts'
import type { Graph, Node, Tensor } from '../onnx/graph.ts'
import { float32, float32List } from '../onnx/tensor.ts'

/** A graph with codes in one way of writing: QuantizeLinear and DequantizeLinear around float operators. */
export interface QdqForm {
  readonly graph: Graph
  /** Float tensor that was made up → the tensor of the file that holds its codes. */
  readonly codesOf: ReadonlyMap<string, string>
}

/** Where data, scales and zero points stand in an operator that computes on codes. */
interface Layout {
  readonly op: string
  /** First input of each (data, scale, zero point), in the order of the float operator's inputs. */
  readonly data: readonly number[]
  /** Scale and zero point of the output. */
  readonly result: readonly [scale: number, zeroPoint: number]
  /** An int32 bias on the scale of the first two. */
  readonly bias?: number
}

const triple = (op: string, operands: number): Layout =>
  ({ op, data: Array.from({ length: operands }, (_, index) => 3 * index), result: [3 * operands, 3 * operands + 1] })

const LAYOUTS: Readonly<Record<string, Layout>> = {
  QLinearConv: { ...triple('Conv', 2), bias: 8 },
  QLinearMatMul: triple('MatMul', 2),
  QGemm: { op: 'Gemm', data: [0, 3], bias: 6, result: [7, 8] },
  QLinearAdd: triple('Add', 2),
  QLinearMul: triple('Mul', 2),
  QLinearSigmoid: triple('Sigmoid', 1),
  QLinearLeakyRelu: triple('LeakyRelu', 1),
  QLinearSoftmax: triple('Softmax', 1),
  QLinearAveragePool: triple('AveragePool', 1),
  QLinearGlobalAveragePool: triple('GlobalAveragePool', 1),
}

/** QLinear operators (of ai.onnx and of ONNX Runtime) taken apart. Pairs of Quantize and Dequantize stay as they are. */
export function asQdq(graph: Graph): QdqForm {
  const codesOf = new Map<string, string>()
  const initializers = new Map(graph.initializers)
  const maker = { name: nameMaker(graph), initializers, codesOf }
  const nodes = graph.nodes.flatMap((node) => {
    const layout = node.op === 'QLinearConcat' ? concatLayout(node) : LAYOUTS[node.op]
    return layout === undefined ? [node] : takenApart(node, layout, maker)
  })
  if (codesOf.size === 0) return { graph, codesOf }
  const values = new Map(graph.values)
  for (const [name, codes] of codesOf) {
    const dims = graph.values.get(codes)?.dims
    if (dims !== undefined) values.set(name, { name, type: 'float32', dims })
  }
  return { graph: { ...graph, nodes, initializers, values }, codesOf }
}

interface Maker {
  readonly name: (wish: string) => string
  readonly initializers: Map<string, Tensor>
  readonly codesOf: Map<string, string>
}

/** Scale and zero point of the output stand first, then a triple for each part. */
const concatLayout = ({ inputs }: Node): Layout =>
  ({ op: 'Concat', data: Array.from({ length: Math.floor((inputs.length - 2) / 3) }, (_, index) => 2 + 3 * index), result: [0, 1] })

function takenApart(node: Node, { op, data, result, bias }: Layout, maker: Maker): Node[] {
  const at = (index: number): string => node.inputs[index] ?? ''
  const read = data.map((index) => dequantize(at(index), [at(index + 1), at(index + 2)], maker, op === 'Conv' || op === 'MatMul' || op === 'Gemm'))
  const added = bias === undefined || at(bias) === '' ? [] : biasOf(node, at(bias), [at(1), at(4)], maker)
  const codes = node.outputs[0]!
  const output = maker.name(`${codes}_float`)
  maker.codesOf.set(output, codes)
  const inputs = [...read, ...added].map(({ outputs }) => outputs[0]!)
  return [
    ...read, ...added,
    { ...node, op, domain: '', inputs, outputs: [output] },
    qdq('QuantizeLinear', maker.name(`${codes}_QuantizeLinear`), [output, at(result[0]), at(result[1])], codes),
  ]
}

/** A constant of several scales is a weight: its output channels are counted along the first axis, a MatMul's along the last. */
function dequantize(codes: string, [scale, zeroPoint]: readonly [string, string], maker: Maker, isWeight: boolean): Node {
  const output = maker.name(`${codes}_value`)
  maker.codesOf.set(output, codes)
  const channels = maker.initializers.get(scale)?.dims[0] ?? 1
  const dims = maker.initializers.get(codes)?.dims
  const axis = isWeight && dims && channels > 1 ? (dims[0] === channels ? 0 : dims.length - 1) : undefined
  return qdq('DequantizeLinear', maker.name(`${codes}_DequantizeLinear`), [codes, scale, ...(zeroPoint === '' ? [] : [zeroPoint])], output, axis)
}

/** The bias of an accumulator stands on the product of both scales; without constants there is no telling on which. */
function biasOf(node: Node, bias: string, scales: readonly [string, string], maker: Maker): Node[] {
  const [input, weight] = scales.map((name) => maker.initializers.get(name))
  if (!input || !weight) return []
  const scale = maker.name(`${bias}_scale`)
  maker.initializers.set(scale, float32List(Array.from(float32(weight), (each) => Math.fround(each * float32(input)[0]!))))
  const output = maker.name(`${bias}_value`)
  maker.codesOf.set(output, bias)
  return [qdq('DequantizeLinear', maker.name(`${node.name}_bias_DequantizeLinear`), [bias, scale], output, (weight.dims[0] ?? 1) > 1 ? 0 : undefined)]
}

const qdq = (op: string, name: string, inputs: readonly string[], output: string, axis?: number): Node =>
  ({ name, op, domain: '', inputs, outputs: [output], attributes: attributesOf(axis === undefined ? {} : { axis }) })
