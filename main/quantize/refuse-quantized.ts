import { Fault } from '../core/fault.ts'
import type { Graph, Node } from '../onnx/graph.ts'

/** Operators that only a model with codes has: QuantizeLinear, QLinearConv, ConvInteger, DynamicQuantizeLSTM … */
const ON_CODES = /^(Dynamic)?Quantize|^Dequantize|^QLinear|^QGemm$|Integer(ToFloat)?$/

export const isOnCodes = ({ op }: Pick<Node, 'op'>): boolean => ON_CODES.test(op)

/** Ranges are found on float values: a model that carries codes already has its scales. Throws `model.already-quantized`. */
export function refuseQuantized(graph: Graph): void {
  const node = graph.nodes.find(isOnCodes)
  if (!node) return
  throw new Fault({
    code: 'model.already-quantized', what: `the model is quantized already: node '${node.name}' is a ${node.op}`, where: node.name,
    next: 'Give the float model that it was made from; to judge this one against it, use `scalewright compare FLOAT QUANTIZED`.',
  })
}
