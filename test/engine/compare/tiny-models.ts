import type { ScaleRow } from '../../../main/core/scale-table.ts'
import type { Graph, Node, Tensor } from '../../../main/onnx/graph.ts'
import { tensor } from '../../../main/onnx/tensor.ts'
import type { Sample, SampleSet } from '../../../main/samples/sample.ts'
import { floats, graph, node, noise } from '../../fixtures/build-model.ts'

export const WEIGHT_SCALE = Math.fround(1 / 127)

/** Weight codes of the one Conv, [4, 3, 3, 3]: the float graph holds exactly their values, so weights cost nothing. */
const codes = Int8Array.from(noise([4, 3, 3, 3], 7).data as Float32Array, (value) => Math.round(value * 127))

export const row = (name: string, fields: Partial<ScaleRow>): ScaleRow => ({
  tensor: name, kind: 'activation', type: 'uint8', granularity: 'tensor', axis: null, scale: [1], zeroPoint: [0], lo: 0, hi: 0,
  method: 'max', float: false, reason: '', ...fields,
})

/** x → Conv (`conv`) → y, in float. */
export const floatConv = (weights: Float32Array = Float32Array.from(codes, (code) => Math.fround(code * WEIGHT_SCALE))): Graph =>
  graph({
    inputs: { x: [1, 3, 'h', 'w'] },
    outputs: { y: [1, 4, 'h', 'w'] },
    nodes: [node('Conv', ['x', 'w'], ['y'], { pads: [1, 1, 1, 1] }, 'conv')],
    initializers: { w: tensor('float32', [4, 3, 3, 3], weights) },
  })

export interface Codes {
  readonly scale: number
  readonly zeroPoint: number
}

/** QuantizeLinear and DequantizeLinear in uint8 between two tensors, with the constants they read. */
export function quantizePair(from: string, to: string, { scale, zeroPoint }: Codes): { nodes: Node[]; initializers: Record<string, Tensor> } {
  const [s, z] = [`${from}_scale`, `${from}_zero`]
  return {
    nodes: [node('QuantizeLinear', [from, s, z], [`${from}_quantized`]), node('DequantizeLinear', [`${from}_quantized`, s, z], [to])],
    initializers: { [s]: floats([], [scale]), [z]: tensor('uint8', [], Uint8Array.of(zeroPoint)) },
  }
}

/** The same Conv between Q/DQ pairs of x and y: x_dequantized, then `conv_float`, then y. `flip` adds to every weight code. */
export function quantizedConv(x: Codes, y: Codes, flip = 0): Graph {
  const input = quantizePair('x', 'x_dequantized', x)
  const output = quantizePair('conv_float', 'y', y)
  return graph({
    inputs: { x: [1, 3, 'h', 'w'] },
    outputs: { y: [1, 4, 'h', 'w'] },
    nodes: [
      ...input.nodes,
      node('DequantizeLinear', ['w_codes', 'w_scale'], ['w']),
      node('Conv', ['x_dequantized', 'w'], ['conv_float'], { pads: [1, 1, 1, 1] }, 'conv'),
      ...output.nodes,
    ],
    initializers: {
      ...input.initializers,
      ...output.initializers,
      w_codes: tensor('int8', [4, 3, 3, 3], codes.map((code) => Math.max(-127, Math.min(127, code + flip)))),
      w_scale: floats([], [WEIGHT_SCALE]),
    },
  })
}

/** Samples held in memory. */
export const sampleSet = (samples: readonly Sample[]): SampleSet => ({
  count: samples.length,
  ids: samples.map((sample) => sample.id),
  sha256: '',
  skipped: [],
  load: async (index) => samples[index]!,
})

/** Samples of noise for input x, each of its own size. */
export const noiseSamples = (count: number, scale = 1): SampleSet =>
  sampleSet(Array.from({ length: count }, (_, index) => ({ id: `s${index}`, feeds: { x: noise([1, 3, 8 + index, 9], index + 1, scale) } })))
