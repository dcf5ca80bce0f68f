import { create } from '@bufbuild/protobuf'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodeModel, graphOf } from '../../../main/onnx/decode.ts'
import { encodeProto } from '../../../main/onnx/encode.ts'
import { MODEL_LIMITS } from '../../../main/onnx/limits.ts'
import { readModel } from '../../../main/onnx/model-file.ts'
import { ModelProtoSchema } from '../../../main/onnx/onnx_pb.ts'
import type { ModelProto } from '../../../main/onnx/onnx_pb.ts'
import { tensor } from '../../../main/onnx/tensor.ts'
import { floats, model, node, noise } from '../../fixtures/build-model.ts'
import { faultOf } from '../../fixtures/thrown-fault.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bad-models-'))
})
afterAll(() => rm(folder, { recursive: true }))

const good = model({ inputs: { x: [1, 2, 4, 4] }, outputs: { y: null }, nodes: [node('Conv', ['x', 'w'], ['y'], {}, 'conv')], initializers: { w: noise([2, 2, 1, 1]) } })

/** The fault of reading these bytes from a file. */
async function faultOfBytes(bytes: Uint8Array | string): Promise<Awaited<ReturnType<typeof faultOf>>> {
  const path = join(folder, 'm.onnx')
  await writeFile(path, bytes)
  return faultOf(() => readModel(path))
}

/** The good model with its message changed. */
function changed(change: (proto: ModelProto) => void): Uint8Array {
  const proto = decodeModel(good.slice(), 'good')
  change(proto)
  return encodeProto(proto)
}

describe('files', () => {
  it('a good one is read', async () => {
    const path = join(folder, 'good.onnx')
    await writeFile(path, good)
    expect(await readModel(path)).toMatchObject({ path, externalFiles: [], graph: { nodes: [{ name: 'conv' }] } })
  })

  it('missing, a folder, empty', async () => {
    expect(await faultOf(() => readModel(join(folder, 'none.onnx')))).toMatchObject({ code: 'input.missing-file', where: join(folder, 'none.onnx') })
    await mkdir(join(folder, 'dir.onnx'), { recursive: true })
    expect((await faultOf(() => readModel(join(folder, 'dir.onnx')))).code).toBe('input.folder')
    expect((await faultOfBytes('')).code).toBe('model.empty-file')
  })

  it.each([
    ['text', 'hello, this is not a model\n'], ['a web page', '<!DOCTYPE html><html></html>'], ['JSON', '{"a": 1}'],
    ['a picture', Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13])], ['a zip', Uint8Array.from([0x50, 0x4b, 3, 4, 20, 0, 0, 0])], ['zeros', new Uint8Array(64)],
  ])('%s named .onnx', async (_, content) => {
    expect((await faultOfBytes(content)).code).toBe('model.not-onnx')
  })

  it('a Git LFS pointer says what to do', async () => {
    expect((await faultOfBytes('version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n')).next).toContain('git lfs pull')
  })

  it('an ORT format file', async () => {
    expect((await faultOfBytes(Uint8Array.from([0x10, 0, 0, 0, 0x4f, 0x52, 0x54, 0x4d, 0, 0]))).code).toBe('model.ort-format')
  })

  it('truncated anywhere: never accepted, and a long rest is called truncated', async () => {
    for (let length = 1; length < good.length; length++) {
      const fault = await faultOf(() => graphOf(decodeModel(good.slice(0, length), 'm'), 'm'))
      expect(fault.code).toMatch(/^model\./)
    }
    expect(await faultOfBytes(good.slice(0, good.length - 60))).toMatchObject({ code: 'model.truncated', what: expect.stringMatching(/\d+ more bytes/) as string })
  })

  it('bytes flipped at random: a fault or a model, never anything else', async () => {
    let refused = 0
    for (let index = 0; index < good.length; index++) {
      for (const bit of [0, 3, 7]) {
        const bytes = good.slice()
        bytes[index]! ^= 1 << bit
        const outcome = await faultOf(() => {
          graphOf(decodeModel(bytes, 'm'), 'm')
          throw new Error('accepted')
        }).catch((error: Error) => error.message)
        if (outcome !== 'accepted') refused++
        expect(typeof outcome === 'string' ? outcome : outcome.code).toMatch(/^(accepted|model\..*)$/)
      }
    }
    expect(refused).toBeGreaterThan(100)
  })

  it('a model without a graph', async () => {
    expect((await faultOfBytes(encodeProto(create(ModelProtoSchema, { irVersion: 8n, opsetImport: [{ version: 17n }] })))).code).toBe('model.no-graph')
  })
})

describe('graphs', () => {
  const refused: [string, (proto: ModelProto) => void, object][] = [
    ['a dangling input', (proto) => void (proto.graph!.node[0]!.input[1] = 'nowhere'), { code: 'model.dangling-input', what: "node 'conv' (Conv) reads tensor 'nowhere', which nothing makes" }],
    ['a dangling output', (proto) => void (proto.graph!.output[0]!.name = 'nowhere'), { code: 'model.dangling-output' }],
    ['an initializer twice', (proto) => void proto.graph!.initializer.push(proto.graph!.initializer[0]!), { code: 'model.duplicate-initializer', what: "initializer 'w' is there twice" }],
    ['a tensor made twice', (proto) => void proto.graph!.node.push(proto.graph!.node[0]!), { code: 'model.duplicate-tensor', what: expect.stringContaining("'y'") as string }],
    ['a tensor that is an input too', (proto) => void (proto.graph!.node[0]!.output[0] = 'x'), { code: 'model.duplicate-tensor' }],
    ['no opset', (proto) => void (proto.opsetImport = []), { code: 'model.no-opset' }],
    ['raw data shorter than dims', (proto) => void (proto.graph!.initializer[0]!.dims = [2n, 2n, 1000n, 1000n]), { code: 'model.tensor-size', where: expect.stringContaining("tensor 'w'") as string }],
    ['absurd dims', (proto) => void (proto.graph!.initializer[0]!.dims = [2n ** 62n, 4n]), { code: 'model.tensor-dims' }],
    ['a compiled blob', (proto) => void Object.assign(proto.graph!.node[0]!, { opType: 'EPContext', domain: 'com.microsoft' }), { code: 'model.refused' }],
    ['a custom operator', (proto) => void Object.assign(proto.graph!.node[0]!, { opType: 'Magic', domain: 'my.ops' }), { code: 'model.unknown-domain', what: expect.stringContaining("'my.ops'") as string }],
    ['a name of 2 KB', (proto) => void (proto.graph!.node[0]!.name = 'n'.repeat(2048)), { code: 'model.limit' }],
  ]

  it.each(refused)('%s', async (_, change, expected) => {
    expect(await faultOfBytes(changed(change))).toMatchObject(expected)
  })

  it('a cycle', async () => {
    const cycle = model({
      inputs: { x: [1] }, outputs: { c: [1] },
      nodes: [node('Add', ['x', 'b'], ['a'], {}, 'first'), node('Relu', ['a'], ['b'], {}, 'second'), node('Relu', ['b'], ['c'], {}, 'third')],
    })
    expect(await faultOfBytes(cycle)).toMatchObject({ code: 'model.cycle', what: "node 'first' (Add) depends on its own output 'a'" })
  })

  it.each([
    ['NaN', floats([2], [1, NaN]), 'value 1 is NaN'], ['infinity', floats([3], [0, 1, -Infinity]), 'value 2 is -Infinity'],
    ['float16 NaN', tensor('float16', [2], Uint16Array.of(0, 0x7e01)), 'value 1 is NaN'],
  ])('%s among the weights', async (_, weights, what) => {
    const bytes = model({ inputs: { x: [1] }, outputs: { y: null }, nodes: [node('Add', ['x', 'w'], ['y'])], initializers: { w: weights } })
    expect(await faultOfBytes(bytes)).toMatchObject({ code: 'model.not-finite', what, where: expect.stringContaining("tensor 'w'") as string })
  })

  it('an infinite bound of Clip is no weight', async () => {
    const bytes = model({ inputs: { x: [1] }, outputs: { y: null }, nodes: [node('Clip', ['x', 'lo', 'hi'], ['y'])], initializers: { lo: floats([], [0]), hi: floats([], [Infinity]) } })
    const path = join(folder, 'clip.onnx')
    await writeFile(path, bytes)
    expect((await readModel(path)).graph.initializers.size).toBe(2)
  })
})

describe('limits', () => {
  const nested = (depth: number): ModelProto['graph'] => {
    let graph: object = { name: 'inner', output: [] }
    for (let level = 0; level < depth; level++) graph = { name: `level${level}`, node: [{ opType: 'If', input: ['c'], output: [`o${level}`], attribute: [{ name: 'then_branch', type: 5, g: graph }] }], input: [{ name: 'c' }] }
    return create(ModelProtoSchema, { graph }).graph
  }
  const withGraph = (graph: ModelProto['graph']): Uint8Array => encodeProto(create(ModelProtoSchema, { irVersion: 8n, opsetImport: [{ version: 17n }], ...(graph === undefined ? {} : { graph }) }))

  it('graphs nested 17 deep are refused, 15 are not', async () => {
    expect((await faultOf(() => decodeModel(withGraph(nested(17)), 'm'))).code).toBe('model.limit')
    expect(() => decodeModel(withGraph(nested(15)), 'm')).not.toThrow()
  })

  it('counts nodes, attributes, tensors and listed numbers', async () => {
    const node = { opType: 'Relu', input: ['x'], output: ['y'] }
    const many = (graph: object): Uint8Array => encodeProto(create(ModelProtoSchema, { irVersion: 8n, graph }))
    const small = { ...MODEL_LIMITS, nodes: 10, tensors: 10, listedIntegers: 10, listedFloats: 10, messages: 200 }
    for (const graph of [
      { node: Array(11).fill(node) as object[] },
      { node: [{ ...node, attribute: Array(257).fill({ name: 'a' }) as object[] }] },
      { initializer: Array(11).fill({}) as object[] },
      { initializer: [{ int64Data: Array(11).fill(1n) as bigint[] }] },
      { initializer: [{ floatData: Array(11).fill(1) as number[] }] },
      { input: Array(201).fill({}) as object[] },
    ]) {
      expect((await faultOf(() => decodeModel(many(graph), 'm', small))).code).toBe('model.limit')
    }
    expect(() => decodeModel(many({ node: Array(10).fill(node) as object[] }), 'm', small)).not.toThrow()
  })
})
