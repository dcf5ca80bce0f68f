import { create } from '@bufbuild/protobuf'
import { describe, expect, it } from 'vitest'
import { decodeModel, graphOf } from '../../../main/onnx/decode.ts'
import { encodeModel, encodeProto } from '../../../main/onnx/encode.ts'
import type { Graph } from '../../../main/onnx/graph.ts'
import { ModelProtoSchema } from '../../../main/onnx/onnx_pb.ts'
import { OPERATOR_HISTORY } from '../../../main/onnx/opset-history.ts'
import { prepareGraph } from '../../../main/onnx/prepare.ts'
import { float32, tensor, tensorOfNumbers } from '../../../main/onnx/tensor.ts'
import { floats, graph, model, node, noise } from '../../fixtures/build-model.ts'
import type { ModelSpec } from '../../fixtures/build-model.ts'
import { faultOf } from '../../fixtures/thrown-fault.ts'

const read = (spec: ModelSpec): Graph => graphOf(decodeModel(model(spec), 'm'), 'm')
const ops = (prepared: Graph): string[] => prepared.nodes.map((entry) => entry.op)

describe('a model that is ready', () => {
  it('is returned as it is', () => {
    const ready = read({ inputs: { x: [1] }, outputs: { y: [1] }, nodes: [node('Relu', ['x'], ['y'])], opset: 17 })
    const { graph: prepared, steps } = prepareGraph(ready, { opset: 13 })
    expect(prepared).toBe(ready)
    expect(steps).toEqual([])
  })
})

describe('constants', () => {
  it('in every form become initializers under their names; one that is an output stays', () => {
    const forms = { a: { value: floats([1], [2]) }, b: { value_float: 3 }, c: { value_floats: [1, 2] }, d: { value_int: 4 }, e: { value_ints: [5, 6] } }
    const nodes = Object.entries(forms).map(([name, attributes]) => node('Constant', [], [name], attributes))
    const { graph: prepared, steps } = prepareGraph(read({ inputs: { x: [1] }, outputs: { y: null, e: { type: 'int64', dims: [2] } }, nodes: [...nodes, node('Sum', ['x', 'a', 'b'], ['y']), node('Identity', ['c'], ['unused']), node('Identity', ['d'], ['unused2'])] }), { opset: 13 })
    expect(prepared.initializers.get('a')!.data).toEqual(Float32Array.of(2))
    expect(prepared.initializers.get('b')).toMatchObject({ type: 'float32', dims: [], data: Float32Array.of(3) })
    expect(prepared.initializers.has('e')).toBe(false)
    expect(ops(prepared)).toEqual(['Constant', 'Sum'])
    expect(steps[0]).toBe('4 Constant nodes became initializers')
  })

  it('that are listed among the inputs stop being inputs', () => {
    const bytes = encodeProto(create(ModelProtoSchema, {
      irVersion: 3n, opsetImport: [{ version: 13n }],
      graph: { name: 'g', input: [{ name: 'x' }, { name: 'w' }], output: [{ name: 'y' }], initializer: [{ name: 'w', dataType: 1, floatData: [1] }], node: [{ opType: 'Add', input: ['x', 'w'], output: ['y'] }] },
    }))
    const asRead = graphOf(decodeModel(bytes, 'm'), 'm')
    expect(asRead.inputs.map((input) => input.name)).toEqual(['x'])
    expect(Buffer.compare(encodeModel(asRead), bytes)).toBe(0)
    const { graph: prepared } = prepareGraph(asRead, { opset: 13 })
    expect(decodeModel(encodeModel(prepared), 'm').graph!.input.map((input) => input.name)).toEqual(['x'])
    expect(prepared.irVersion).toBeGreaterThanOrEqual(4)
  })
})

describe('copies', () => {
  it('are removed, and an output keeps its name', () => {
    const { graph: prepared, steps } = prepareGraph(read({
      inputs: { x: [1] }, outputs: { y: [1] }, initializers: { w: floats([1], [1]) }, opset: 9,
      nodes: [node('Identity', ['w'], ['v']), node('Add', ['x', 'v'], ['a']), node('Dropout', ['a'], ['b', 'mask']), node('Relu', ['b'], ['c']), node('Dropout', ['c'], ['y'])],
    }), { opset: 13 })
    expect(prepared.nodes.map((entry) => [entry.op, ...entry.inputs])).toEqual([['Add', 'x', 'w'], ['Relu', 'a'], ['Identity', 'c']])
    expect(prepared.outputs[0]!.name).toBe('y')
    expect(steps.join('\n')).toContain('1 × Dropout removed')
  })

  it('Dropout that drops, or whose mask is used, is refused', async () => {
    const used = read({ inputs: { x: [1] }, outputs: { y: [1], m: { type: 'bool', dims: [1] } }, opset: 12, nodes: [node('Dropout', ['x'], ['y', 'm'], {}, 'drop')] })
    expect(await faultOf(() => prepareGraph(used, { opset: 13 }))).toMatchObject({ code: 'model.dropout', where: "node 'drop' (Dropout)" })
    const training = read({ inputs: { x: [1] }, outputs: { y: [1] }, opset: 12, initializers: { r: floats([], [0.5]), t: tensor('bool', [], Uint8Array.of(1)) }, nodes: [node('Dropout', ['x', 'r', 't'], ['y'])] })
    expect((await faultOf(() => prepareGraph(training, { opset: 13 }))).code).toBe('model.dropout')
  })
})

describe('half precision', () => {
  it.each([['float16', 0x3e00, 10], ['bfloat16', 0x3fc0, 16]] as const)('%s weights, inputs, outputs, constants and casts become float32', (type, oneAndHalf, code) => {
    const half = read({
      inputs: { x: [2] }, outputs: { y: { type, dims: [2] } }, opset: 17, initializers: { w: tensorOfNumbers(type, [2], [oneAndHalf, oneAndHalf]) },
      nodes: [
        node('Cast', ['x'], ['h'], { to: code }), node('Mul', ['h', 'w'], ['p']), node('ConstantOfShape', ['shape'], ['f'], { value: tensorOfNumbers(type, [1], [oneAndHalf]) }),
        node('Shape', ['p'], ['shape']), node('Add', ['p', 'f'], ['y']),
      ],
    })
    const { graph: prepared, steps } = prepareGraph(half, { opset: 13 })
    expect([...prepared.initializers.values(), ...prepared.values.values()].map((item) => item.type)).toEqual(expect.not.arrayContaining([type]))
    expect([...float32(prepared.initializers.get('w')!)]).toEqual([1.5, 1.5])
    expect(ops(prepared).toSorted()).toEqual(['Add', 'ConstantOfShape', 'Mul', 'Shape'])
    expect(steps[0]).toContain(`converted from ${type} to float32`)
    const filling = prepared.nodes.find((entry) => entry.op === 'ConstantOfShape')!.attributes.get('value')
    expect(filling).toMatchObject({ kind: 'tensor', value: { type: 'float32', data: Float32Array.of(1.5) } })
  })

  it('a cast from integers stays', () => {
    const { graph: prepared } = prepareGraph(read({ inputs: { x: { type: 'uint8', dims: [2] } }, outputs: { y: { type: 'float16', dims: [2] } }, nodes: [node('Cast', ['x'], ['y'], { to: 10 })] }), { opset: 13 })
    expect(prepared.nodes[0]!.attributes.get('to')).toEqual({ kind: 'int', value: 1n })
  })
})

/** `since` versions of the ONNX operator changelog up to 25 for operators of image networks. */
const CHANGELOG = `AveragePool 7 10 11 19 22; BatchNormalization 7 9 14 15; Cast 6 9 13 19 21 23 24 25; Clip 6 11 12 13; Concat 4 11 13; Conv 1 11 22; ConvTranspose 1 11 22; DepthToSpace 1 11 13;
DequantizeLinear 10 13 19 21 23 24 25; Expand 8 13; Flatten 1 9 11 13 21 23 24 25; Gather 1 11 13; Gemm 7 9 11 13; GridSample 16 20 22; GroupNormalization 18 21; HardSigmoid 6 22; HardSwish 14 22; Hardmax 1 11 13;
Identity 1 13 14 16 19 21 23 24 25; If 1 11 13 16 19 21 23 24 25; InstanceNormalization 6 22; LeakyRelu 6 16; LogSoftmax 1 11 13; Loop 1 11 13 16 19 21 23 24 25; LpPool 2 11 18 22; MatMul 1 9 13; Max 6 8 12 13; MaxPool 1 8 10 11 12 22;
NonMaxSuppression 10 11; OneHot 9 11; PRelu 7 9 16; Pad 2 11 13 18 19 21 23 24 25; Pow 7 12 13 15; QuantizeLinear 10 13 19 21 23 24 25; ReduceMax 1 11 12 13 18 20; ReduceMean 1 11 13 18; ReduceSum 1 11 13; Relu 6 13 14;
Reshape 5 13 14 19 21 23 24 25; Resize 10 11 13 18 19; RoiAlign 10 16 22; ScatterND 11 13 16 18; Shape 1 13 15 19 21 23 24 25; Sigmoid 6 13; Slice 1 10 11 13; Softmax 1 11 13; Softplus 1 22; Split 2 11 13 18; Squeeze 1 11 13 21 23 24 25;
Tanh 6 13; Tile 6 13; TopK 1 10 11 24; Transpose 1 13 21 23 24 25; Unsqueeze 1 11 13 21 23 24 25; Upsample 7 9 10; Where 9 16; Erf 9 13; LRN 1 13; GlobalAveragePool 1 22; Add 7 13 14; Equal 7 11 13 19; Elu 6 22`

describe('the operator history', () => {
  it('has an answer for every version of the changelog', () => {
    const missing = CHANGELOG.split(';').flatMap((line) => {
      const [op, ...versions] = line.trim().split(' ') as [string, ...string[]]
      return versions.map(Number).filter((version) => version > 7 && version > Number(versions[0]) && OPERATOR_HISTORY[op]?.[version] === undefined).map((version) => `${op} ${version}`)
    })
    expect(missing).toEqual([])
  })
})

describe('what cannot be raised', () => {
  const one = (spec: Partial<ModelSpec> & Pick<ModelSpec, 'nodes'>): Graph => graph({ inputs: { x: [1, 4, 4, 4] }, outputs: { y: null }, ...spec })
  const cases: [string, Graph, number][] = [
    ['an operator that is not known', one({ opset: 11, nodes: [node('Bernoulli', ['x'], ['y'], {}, 'n')] }), 13],
    ['old broadcasting', one({ opset: 7, nodes: [node('Add', ['x', 'x'], ['y'], { broadcast: 1, axis: 1 }, 'n')] }), 13],
    ['statistics for each pixel', one({ opset: 7, initializers: { s: noise([4]) }, nodes: [node('BatchNormalization', ['x', 's', 's', 's', 's'], ['y'], { spatial: 0 }, 'n')] }), 13],
    ['batch normalization that trains', one({ opset: 13, initializers: { s: noise([4]) }, nodes: [node('BatchNormalization', ['x', 's', 's', 's', 's'], ['y', 'm'], {}, 'n')] }), 21],
    ['tf_half_pixel_for_nn', one({ opset: 11, initializers: { s: floats([4], [1, 1, 2, 2]) }, nodes: [node('Resize', ['x', '', 's'], ['y'], { coordinate_transformation_mode: 'tf_half_pixel_for_nn' }, 'n')] }), 13],
    ['nearest Resize with computed scales', one({ opset: 10, inputs: { x: [1, 4, 4, 4], s: [4] }, nodes: [node('Resize', ['x', 's'], ['y'], {}, 'n')] }), 13],
    ['average of padding and ceiling', one({ opset: 11, nodes: [node('AveragePool', ['x'], ['y'], { kernel_shape: [2, 2], ceil_mode: 1, count_include_pad: 1 }, 'n')] }), 21],
    ['Scan with a batch axis', one({ opset: 8, nodes: [node('Scan', ['x'], ['y'], {}, 'n')] }), 13],
  ]

  it.each(cases)('%s names node, operator and versions', async (_, asked, opset) => {
    const fault = await faultOf(() => prepareGraph(asked, { opset }))
    const [{ op, name }] = asked.nodes as [Graph['nodes'][number]]
    expect(fault).toMatchObject({ code: 'model.opset', where: `node '${name}' (${op})`, what: expect.stringMatching(new RegExp(`^${op} of opset ${asked.opsets.get('')} cannot be raised to opset ${opset}: `)) as string })
  })

  it('an opset before 7', async () => {
    expect((await faultOf(() => prepareGraph(one({ opset: 6, nodes: [node('Relu', ['x'], ['y'])] }), { opset: 13 }))).what).toContain('opset 6')
  })

  it('an operator inside a subgraph that would have to change; one that stays the same is fine', async () => {
    const branch = (op: string) => create(ModelProtoSchema, { graph: { name: 'b', node: [{ opType: op, input: ['x'], output: ['o'] }], output: [{ name: 'o' }] } }).graph!
    const choose = (op: string): Graph => one({
      opset: 11, inputs: { x: [1, 4], c: { type: 'bool', dims: [] } },
      nodes: [node('If', ['c'], ['y'], { then_branch: { kind: 'graph', value: branch(op) }, else_branch: { kind: 'graph', value: branch(op) } }, 'choose')],
    })
    expect(await faultOf(() => prepareGraph(choose('Softmax'), { opset: 13 }))).toMatchObject({ code: 'model.opset', where: "node 'choose' (If)" })
    expect(prepareGraph(choose('Relu'), { opset: 13 }).steps).toHaveLength(1)
  })

  it('half precision inside a subgraph', async () => {
    const branch = create(ModelProtoSchema, { graph: { name: 'b', initializer: [{ name: 'h', dataType: 10, rawData: new Uint8Array(2) }], output: [{ name: 'h' }] } }).graph!
    const asked = one({
      inputs: { x: { type: 'float16', dims: [1] }, c: { type: 'bool', dims: [] } },
      nodes: [node('If', ['c'], ['y'], { then_branch: { kind: 'graph', value: branch }, else_branch: { kind: 'graph', value: branch } }, 'choose')],
    })
    expect(await faultOf(() => prepareGraph(asked, { opset: 13 }))).toMatchObject({ code: 'model.half-precision', where: "node 'choose' (If)" })
  })
})

describe('shapes that are lists', () => {
  it('keep values beyond 2^53', () => {
    const ends = { kind: 'ints', value: [2n ** 63n - 1n] } as const
    const { graph: prepared } = prepareGraph(graph({ inputs: { x: [4] }, outputs: { y: null }, opset: 9, nodes: [node('Slice', ['x'], ['y'], { starts: [1], ends })] }), { opset: 13 })
    expect(prepared.initializers.get(prepared.nodes[0]!.inputs[2]!)!.data).toEqual(BigInt64Array.of(2n ** 63n - 1n))
    expect(prepared.nodes[0]!.inputs).toHaveLength(3)
  })
})
