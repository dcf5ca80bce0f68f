import { seededRandom } from '../core/random.ts'
import { withNodes } from '../onnx/edit.ts'
import { float32ToFloat16 } from '../onnx/float-bits.ts'
import type { Graph, Tensor, ValueInfo } from '../onnx/graph.ts'
import { elementCount, float32, tensor, tensorOfNumbers } from '../onnx/tensor.ts'
import { topology } from '../onnx/topology.ts'
import { quantizeOptions } from '../quantize/options.ts'
import { quantize } from '../quantize/quantize.ts'

/** One-operator graphs in other types, and what to feed them. */

/** Everything that was float32 as float16, but the scales of a Resize, which stay float32 by its definition. */
export function halfGraph(graph: Graph): Graph {
  const scales = new Set(graph.nodes.flatMap(({ op, inputs }) => (op === 'Resize' ? [inputs[2]] : [])))
  const info = (value: ValueInfo): ValueInfo => (value.type === 'float32' ? { ...value, type: 'float16' } : value)
  const half = (name: string, value: Tensor): Tensor => {
    if (value.type !== 'float32' || scales.has(name)) return value
    return tensor('float16', value.dims, Uint16Array.from(float32(value), float32ToFloat16))
  }
  return {
    ...graph, inputs: graph.inputs.map(info), outputs: graph.outputs.map(info),
    initializers: new Map([...graph.initializers].map(([name, value]) => [name, half(name, value)])),
    values: new Map([...graph.values].map(([name, value]) => [name, info(value)])),
  }
}

const RANGE = { lo: -1, hi: 1, method: 'given', why: 'any range takes the same time' }

/**
 * The graph on codes of 8 or 16 bits, codes coming in and going out, so that nothing but the operator is timed; null where one of
 * its edges is not computed on codes.
 */
export function codedGraph(graph: Graph, bits: 8 | 16): Graph | null {
  const raised: Graph = bits === 16 ? { ...graph, opsets: new Map([['', 21]]), irVersion: 10 } : graph
  const { graph: coded } = quantize(raised, quantizeOptions({ activations: { bits }, fold: 'off' }), () => RANGE)
  const { producer, consumers } = topology(coded)
  const renamed = new Map<string, ValueInfo>()
  const gone = new Set<string>()
  for (const input of coded.inputs) {
    const [reader, ...others] = consumers.get(input.name) ?? []
    if (reader?.op !== 'QuantizeLinear' || others.length > 0) return null
    gone.add(reader.name)
    renamed.set(input.name, { ...input, name: reader.outputs[0]!, type: coded.initializers.get(reader.inputs[2]!)!.type })
  }
  for (const output of coded.outputs) {
    const maker = producer.get(output.name)
    if (maker?.op !== 'DequantizeLinear') return null
    gone.add(maker.name)
    renamed.set(output.name, { ...output, name: maker.inputs[0]!, type: coded.initializers.get(maker.inputs[2]!)!.type })
  }
  const ends = (list: readonly ValueInfo[]): ValueInfo[] => list.map(({ name }) => renamed.get(name)!)
  return withNodes(coded, coded.nodes.filter(({ name }) => !gone.has(name)), { inputs: ends(coded.inputs), outputs: ends(coded.outputs) })
}

/** Seeded values for every input: -1..1, or codes. */
export function feedsFor(graph: Graph): Record<string, Tensor> {
  return Object.fromEntries(graph.inputs.map(({ name, type, dims }, index) => {
    const random = seededRandom(2, index)
    const shape = dims as readonly number[]
    const values = Float32Array.from({ length: elementCount(shape) }, () => random() * 2 - 1)
    if (type === 'float32') return [name, tensor(type, shape, values)]
    if (type === 'float16') return [name, tensor(type, shape, Uint16Array.from(values, float32ToFloat16))]
    return [name, tensorOfNumbers(type, shape, values.map((value) => Math.round((value + 1) * 127)))]
  }))
}
