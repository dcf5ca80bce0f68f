import { clone, create, toBinary } from '@bufbuild/protobuf'
import { Fault } from '../core/fault.ts'
import { didYouMean } from '../core/nearest.ts'
import { decodeModel } from '../onnx/decode.ts'
import type { ValueInfo } from '../onnx/graph.ts'
import { ModelProtoSchema, NodeProtoSchema, TensorShapeProtoSchema, ValueInfoProtoSchema } from '../onnx/onnx_pb.ts'
import type { GraphProto, ModelProto, NodeProto, TypeProto_Tensor, ValueInfoProto } from '../onnx/onnx_pb.ts'
import type { InferenceSession } from './onnxruntime.ts'
import { valueInfoOf } from './runtime-tensor.ts'
import { createNative, runtimeOptions } from './session.ts'

/**
 * Element type and shape of every tensor that the graph takes, makes or returns, by ONNX Runtime's own inference; initializers and
 * tensors inside subgraphs are left out. `inputDims` fixes input shapes first, so that sizes downstream become numbers.
 * A tensor is missing where its type cannot leave the runtime (bfloat16, 2-bit, float8, sequences).
 * Throws `model.*` when the runtime refuses the model, `input.*` when `inputDims` does not fit it.
 */
export async function inferValues(
  model: Uint8Array,
  inputDims: Readonly<Record<string, readonly number[]>> = {},
  where = 'model',
): Promise<Map<string, ValueInfo>> {
  const proto = decodeModel(model, where)
  const graph = withInputDims(proto.graph!, inputDims)
  const made = [...new Set(graph.node.flatMap((node) => node.output))].filter((name) => name !== '')
  const ask = (names: readonly string[], extraNodes: readonly NodeProto[] = []) => askRuntime(proto, graph, names, extraNodes, where)

  const { inputs, outputs } = await ask(made)
  const values = new Map([...inputs, ...outputs].map((value) => [value.name, value]))
  for (const name of await scalarsAmong(outputs, ask)) values.set(name, { ...values.get(name)!, dims: [] })
  return values
}

interface Answer {
  readonly inputs: readonly ValueInfo[]
  readonly outputs: readonly ValueInfo[]
}

/** What the runtime knows of the named tensors: they are made the graph's outputs, whose types and shapes it tells. */
async function askRuntime(
  proto: ModelProto,
  graph: GraphProto,
  names: readonly string[],
  extraNodes: readonly NodeProto[],
  where: string,
): Promise<Answer> {
  const declared = new Map([...graph.valueInfo, ...graph.output].map((info) => [info.name, info]))
  const output = names.map((name) => declared.get(name) ?? create(ValueInfoProtoSchema, { name }))
  const asked: ModelProto = { ...proto, graph: { ...graph, node: [...graph.node, ...extraNodes], output } }
  try {
    // Folding of constants lets the runtime see through Shape → Gather → Concat → Reshape.
    const options = { ...runtimeOptions({ mode: 'reference', threads: 1 }), graphOptimizationLevel: 'basic' as const }
    const native = await createNative(toBinary(ModelProtoSchema, asked), options, where)
    const info = (value: InferenceSession.ValueMetadata) => valueInfoOf(value, where)
    const answer = { inputs: native.inputMetadata.map(info), outputs: native.outputMetadata.map(info) }
    await native.release()
    return answer
  } catch (error) {
    if (!(error instanceof Fault && error.code === 'model.unsupported-type')) throw error
    // One of the tensors has a type that the runtime does not hand out: ask for the others without it.
    if (names.length === 1) return { inputs: [], outputs: [] }
    const half = names.length >> 1
    const first = await askRuntime(proto, graph, names.slice(0, half), extraNodes, where)
    const answers = [first, await askRuntime(proto, graph, names.slice(half), extraNodes, where)]
    if (answers.every((answer) => answer.inputs.length === 0)) throw error
    return { inputs: answers.find((answer) => answer.inputs.length > 0)!.inputs, outputs: answers.flatMap((answer) => answer.outputs) }
  }
}

/** The runtime tells scalars and unknown ranks alike; the length of their shape, which it infers too, parts them. */
async function scalarsAmong(
  outputs: readonly ValueInfo[],
  ask: (names: readonly string[], nodes: readonly NodeProto[]) => Promise<Answer>,
): Promise<string[]> {
  const doubtful = outputs.filter((value) => value.dims === null && value.type !== 'string').map((value) => value.name)
  if (doubtful.length === 0) return []
  const shapeOf = (name: string) => `${name}/scalar?`
  const nodes = doubtful.map((name) => create(NodeProtoSchema, { opType: 'Shape', input: [name], output: [shapeOf(name)] }))
  const shapes = new Map((await ask(doubtful.map(shapeOf), nodes)).outputs.map((value) => [value.name, value.dims?.[0]]))
  return doubtful.filter((name) => shapes.get(shapeOf(name)) === 0)
}

/** The graph with the given input shapes. */
function withInputDims(graph: GraphProto, inputDims: Readonly<Record<string, readonly number[]>>): GraphProto {
  const names = graph.input.map((input) => input.name)
  for (const name of Object.keys(inputDims)) {
    if (names.includes(name)) continue
    throw new Fault({ code: 'input.unknown-input', where: `input '${name}'`, what: 'the model has no such input', next: didYouMean(name, names) })
  }
  if (Object.keys(inputDims).length === 0) return graph
  return {
    ...graph,
    input: graph.input.map((info) => (Object.hasOwn(inputDims, info.name) ? withDims(info, inputDims[info.name]!) : info)),
    // Shapes in the file are true for the sizes it was exported with; with others they would contradict the inference.
    valueInfo: graph.valueInfo.map(withoutShape),
    output: graph.output.map(withoutShape),
  }
}

function withDims(info: ValueInfoProto, dims: readonly number[]): ValueInfoProto {
  const fixed = clone(ValueInfoProtoSchema, info)
  const tensor = tensorType(fixed)
  const declared = tensor?.shape?.dim
  const fits =
    dims.every((dim) => Number.isInteger(dim) && dim >= 0) &&
    (declared === undefined ||
      (declared.length === dims.length && declared.every(({ value }, axis) => value.case !== 'dimValue' || Number(value.value) === dims[axis])))
  if (tensor === undefined || !fits) {
    throw new Fault({
      code: 'input.wrong-shape',
      where: `input '${info.name}'`,
      what: `the shape [${dims.join(', ')}] is not possible, the model takes [${(declared ?? []).map(({ value }) => value.value ?? '?').join(', ')}]`,
      next: 'Give a shape that the model takes.',
    })
  }
  tensor.shape = create(TensorShapeProtoSchema, { dim: dims.map((dim) => ({ value: { case: 'dimValue' as const, value: BigInt(dim) } })) })
  return fixed
}

function withoutShape(info: ValueInfoProto): ValueInfoProto {
  const bare = clone(ValueInfoProtoSchema, info)
  const tensor = tensorType(bare)
  if (tensor !== undefined) tensor.shape = undefined
  return bare
}

const tensorType = (info: ValueInfoProto): TypeProto_Tensor | undefined =>
  info.type?.value.case === 'tensorType' ? info.type.value.value : undefined
