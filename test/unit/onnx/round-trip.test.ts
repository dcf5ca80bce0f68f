import { create, toBinary } from '@bufbuild/protobuf'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { decodeModel, graphOf } from '../../../main/onnx/decode.ts'
import { withNodes } from '../../../main/onnx/edit.ts'
import { encodeModel, encodeProto } from '../../../main/onnx/encode.ts'
import { ModelProtoSchema } from '../../../main/onnx/onnx_pb.ts'
import type { ModelProto } from '../../../main/onnx/onnx_pb.ts'
import { model, node, noise } from '../../fixtures/build-model.ts'
import { hasSharedData, sharedData, warnWithoutSharedData } from '../../fixtures/shared-data.ts'

const equalBytes = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0

function modelsBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.onnx')).map((name) => join(folder, name))
}

warnWithoutSharedData('byte round trips of real models')
describe.skipIf(!hasSharedData)('real models', () => {
  const paths = hasSharedData ? ['models', 'sample/models', 'onnx_node'].flatMap((folder) => modelsBelow(join(sharedData, folder))) : []

  it('there are some', () => expect(paths.length).toBeGreaterThan(160))

  it('give the same bytes as messages, as graphs, and as graphs whose parts are put together anew', () => {
    const different = paths.flatMap((path) => {
      const bytes = readFileSync(path)
      const proto = decodeModel(bytes, path)
      const graph = graphOf(proto, path)
      // Rebuilding writes the names that were made up for nodes, so only models that name all of theirs can stay the same.
      const named = new Set(proto.graph!.node.map((entry) => entry.name)).size === proto.graph!.node.length && proto.graph!.node.every((entry) => entry.name !== '')
      const sorted = graph.nodes.every((entry, index) => entry.proto === proto.graph!.node[index])
      const same = equalBytes(bytes, encodeProto(proto)) && equalBytes(bytes, encodeModel(graph))
        && (!named || !sorted || equalBytes(bytes, encodeModel({ ...graph, nodes: [...graph.nodes] })))
      return same ? [] : [path]
    })
    expect(different).toEqual([])
  })
})

/** Everything that a Graph does not hold, fields that no version of the format has yet among it. */
function strangeModel(): Uint8Array {
  const unknown = (no: number, text: string) => ({ no, wireType: 2, data: Uint8Array.of(text.length, ...new TextEncoder().encode(text)) })
  const tensorProto = (name: string, dataType: number, rawData: number[], dims: bigint[]) => ({ name, dataType, rawData: Uint8Array.from(rawData), dims })
  const proto: ModelProto = create(ModelProtoSchema, {
    irVersion: 13n,
    opsetImport: [{ version: 25n, domain: '' }, { domain: 'local', version: 1n }],
    producerName: 'ü', modelVersion: -1n,
    metadataProps: [{ key: 'k', value: '' }],
    configuration: [{ name: 'two', numDevices: 2, device: ['a', 'b'] }],
    functions: [{
      name: 'Twice', domain: 'local', input: ['a'], output: ['b'], attribute: ['alpha'], opsetImport: [{ version: 25n }],
      node: [{ opType: 'LeakyRelu', input: ['a'], output: ['b'], attribute: [{ name: 'alpha', type: 1, refAttrName: 'alpha' }] }],
    }],
    graph: {
      name: 'g',
      input: [{ name: 'x', type: { value: { case: 'tensorType', value: { elemType: 1, shape: { dim: [{ value: { case: 'dimParam', value: 'N' }, denotation: 'DATA_BATCH' }, { value: { case: 'dimValue', value: 0n } }, {}] } } } } }],
      output: [{ name: 'y', type: { value: { case: 'tensorType', value: { elemType: 1 } } } }],
      initializer: [
        tensorProto('i4', 22, [0x21, 0x03], [3n]), tensorProto('f8', 17, [1, 2], [2n]), tensorProto('b16', 16, [0, 0x80], [1n]), tensorProto('i2', 26, [0xe4], [4n]),
        { name: 'listed', dataType: 1, dims: [2n], floatData: [1.5, -0] }, { name: 'longs', dataType: 7, dims: [1n], int64Data: [2n ** 63n - 1n] },
      ],
      sparseInitializer: [{ values: tensorProto('s', 1, [0, 0, 128, 63], [1n]), indices: tensorProto('si', 7, [1, 0, 0, 0, 0, 0, 0, 0], [1n]), dims: [4n] }],
      quantizationAnnotation: [{ tensorName: 'x', quantParameterTensorNames: [{ key: 'SCALE_TENSOR', value: 's' }] }],
      node: [{
        opType: 'Twice', domain: 'local', input: ['x'], output: ['y'], attribute: [{ name: 'alpha', type: 1, f: 0.1 }, { name: 'none', type: 8 }, { name: 'kinds', type: 13, tp: { denotation: 'IMAGE' } }],
        metadataProps: [{ key: 'namespace', value: 'a/b' }], deviceConfigurations: [{ configurationId: 'two', pipelineStage: 1, shardingSpec: [{ tensorName: 'x', device: [0n, 1n] }] }],
      }],
    },
  })
  proto.$unknown = [unknown(500, 'later'), unknown(777, 'much later')]
  proto.graph!.$unknown = [unknown(777, 'inside')]
  proto.graph!.node[0]!.$unknown = [unknown(500, 'node')]
  proto.graph!.initializer[0]!.$unknown = [unknown(500, 'tensor')]
  return toBinary(ModelProtoSchema, proto)
}

describe('a model with everything in it', () => {
  it('gives the same bytes as message and as graph', () => {
    const bytes = strangeModel()
    expect(equalBytes(bytes, encodeProto(decodeModel(bytes, 'strange')))).toBe(true)
    expect(equalBytes(bytes, encodeModel(graphOf(decodeModel(bytes, 'strange'), 'strange')))).toBe(true)
  })

  it('keeps unknown fields of what an edit does not touch', () => {
    const graph = graphOf(decodeModel(strangeModel(), 'strange'), 'strange')
    const edited = decodeModel(encodeModel(withNodes(graph, [...graph.nodes, node('Relu', ['y'], ['z'])])), 'edited')
    expect(edited.$unknown?.map((field) => field.no)).toEqual([500, 777])
    expect(edited.graph!.$unknown).toHaveLength(1)
    expect(edited.graph!.node[0]).toMatchObject({ domain: 'local', deviceConfigurations: [{ configurationId: 'two' }] })
    expect(edited.graph!.node[0]!.$unknown).toHaveLength(1)
    expect(edited.graph!.initializer[0]!.$unknown).toHaveLength(1)
    expect(edited.functions[0]!.node[0]!.attribute[0]!.refAttrName).toBe('alpha')
  })

  it('keeps the order in which another writer put the fields', () => {
    const plain = model({ inputs: { x: [1] }, outputs: { y: [1] }, nodes: [node('Relu', ['x'], ['y'])] })
    // ir_version, two bytes, moved to the end: the same message in another order.
    const reordered = Uint8Array.from([...plain.subarray(2), ...plain.subarray(0, 2)])
    expect(equalBytes(reordered, encodeModel(graphOf(decodeModel(reordered, 'r'), 'r')))).toBe(true)
  })
})

describe('an edited model', () => {
  it('writes changed nodes anew and the others as they were', () => {
    const bytes = model({
      inputs: { x: [1, 2, 4, 4] }, outputs: { y: [1, 2, 4, 4] }, initializers: { w: noise([2, 2, 1, 1]) },
      nodes: [node('Conv', ['x', 'w'], ['c']), node('LeakyRelu', ['c'], ['y'], { alpha: 0.5 })],
    })
    const graph = graphOf(decodeModel(bytes, 'm'), 'm')
    const nodes = graph.nodes.map((entry) => (entry.op === 'LeakyRelu' ? { ...entry, op: 'Relu', attributes: new Map() } : entry))
    const back = graphOf(decodeModel(encodeModel(withNodes(graph, nodes)), 'm'), 'm')
    expect(back.nodes.map((entry) => [entry.name, entry.op, entry.attributes.size])).toEqual([['node_c', 'Conv', 0], ['node_y', 'Relu', 0]])
    expect(back.initializers.get('w')!.data).toEqual(graph.initializers.get('w')!.data)
  })
})
