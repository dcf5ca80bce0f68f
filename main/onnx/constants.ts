import { create } from '@bufbuild/protobuf'
import { withNodes } from './edit.ts'
import type { Graph, Node, Tensor } from './graph.ts'
import { GraphProtoSchema, ModelProtoSchema } from './onnx_pb.ts'
import { counted } from './preparation.ts'
import type { PreparedGraph } from './preparation.ts'
import { float32List, float32Scalar, tensor } from './tensor.ts'

/** Initializers that a caller could override (listed among the inputs, as IR version 3 demanded) become plain constants. */
export function withoutDefaultInputs(graph: Graph): PreparedGraph {
  const { proto } = graph
  const inputs = proto?.graph?.input ?? []
  const kept = inputs.filter((input) => !graph.initializers.has(input.name))
  if (proto === undefined || kept.length === inputs.length) return { graph, steps: [] }
  const inner = Object.assign(create(GraphProtoSchema), proto.graph, { input: kept })
  // Initializers outside the inputs are allowed from IR version 4 on.
  const irVersion = Math.max(graph.irVersion, 4)
  return {
    graph: { ...graph, irVersion, proto: Object.assign(create(ModelProtoSchema), proto, { graph: inner }) },
    steps: [`${counted(inputs.length - kept.length, 'weight')} listed among the inputs became constants`],
  }
}

/** Constant nodes become initializers under their output's name. One that is a graph output, or sparse, stays. */
export function constantsToInitializers(graph: Graph): PreparedGraph {
  const outputs = new Set(graph.outputs.map((output) => output.name))
  const made = new Map<string, Tensor>()
  const nodes = graph.nodes.filter((node) => {
    const value = node.op === 'Constant' && node.domain === '' && !outputs.has(node.outputs[0]!) ? constantValue(node) : undefined
    if (value !== undefined) made.set(node.outputs[0]!, value)
    return value === undefined
  })
  if (made.size === 0) return { graph, steps: [] }
  const initializers = new Map([...graph.initializers, ...made])
  return { graph: withNodes(graph, nodes, { initializers }), steps: [`${counted(made.size, 'Constant node')} became initializers`] }
}

/** The value of a Constant node in any of its forms; undefined for a sparse one. */
export function constantValue(node: Node): Tensor | undefined {
  for (const [name, attribute] of node.attributes) {
    if (name === 'value' && attribute.kind === 'tensor') return attribute.value
    if (name === 'value_float' && attribute.kind === 'float') return float32Scalar(attribute.value)
    if (name === 'value_floats' && attribute.kind === 'floats') return float32List(attribute.value)
    if (name === 'value_int' && attribute.kind === 'int') return tensor('int64', [], BigInt64Array.of(attribute.value))
    if (name === 'value_ints' && attribute.kind === 'ints') return tensor('int64', [attribute.value.length], BigInt64Array.from(attribute.value))
    if (name === 'value_string' && attribute.kind === 'string') return tensor('string', [], [attribute.value])
    if (name === 'value_strings' && attribute.kind === 'strings') return tensor('string', [attribute.value.length], [...attribute.value])
  }
  return undefined
}
