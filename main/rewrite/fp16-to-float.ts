import { constantsToInitializers, withoutDefaultInputs } from '../onnx/constants.ts'
import { halfToFloat } from '../onnx/fp16-to-float.ts'
import type { Graph } from '../onnx/graph.ts'
import { elementsOf } from './site.ts'
import { inOrder, wholeRewrite } from './whole-rewrite.ts'

/** float16 and bfloat16 as float32. The original rounds to half precision at every node: a percent of the output's range is its own. */
export const fp16ToFloat = wholeRewrite({
  name: 'fp16-to-float',
  why: 'Statistics and scales are taken in float32; every half-precision value is a float32 value, so weights lose nothing.',
  plan: (graph) => inOrder(graph, halfToFloat, [withoutDefaultInputs, constantsToInitializers]),
  refusedBy: ['model.half-precision'],
  cost: (graph) => ({ macs: 0, bytesMoved: halfBytes(graph), channelPeak: null }),
  relativeTolerance: 1e-2,
})

/** Two bytes more for every half-precision activation, written and read. */
function halfBytes(graph: Graph): number | null {
  const made = graph.nodes.flatMap(({ outputs }) => outputs).filter((name) => ['float16', 'bfloat16'].includes(graph.values.get(name)?.type ?? ''))
  const elements = made.map((name) => elementsOf(graph, name))
  return elements.includes(null) ? null : elements.reduce<number>((sum, count) => sum + count! * 4, 0)
}
