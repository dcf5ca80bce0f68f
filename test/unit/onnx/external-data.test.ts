import { create } from '@bufbuild/protobuf'
import { createHash } from 'node:crypto'
import { link, mkdir, mkdtemp, readdir, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { decodeModel, graphOf } from '../../../main/onnx/decode.ts'
import { encodeModel, encodeProto } from '../../../main/onnx/encode.ts'
import { MODEL_LIMITS } from '../../../main/onnx/limits.ts'
import { readModel } from '../../../main/onnx/model-file.ts'
import { ModelProtoSchema } from '../../../main/onnx/onnx_pb.ts'
import { writeModel } from '../../../main/onnx/write-model.ts'
import { graph, node, noise } from '../../fixtures/build-model.ts'
import { faultOf } from '../../fixtures/thrown-fault.ts'

let outside: string
let folder: string
const weights = Float32Array.of(1, 2, 3, 4)
const bytesOfWeights = new Uint8Array(weights.buffer)

beforeEach(async () => {
  outside = await mkdtemp(join(tmpdir(), 'external-'))
  folder = join(outside, 'model')
  await mkdir(join(folder, 'sub'), { recursive: true })
  await writeFile(join(outside, 'secret.bin'), bytesOfWeights)
  await writeFile(join(folder, 'w.bin'), bytesOfWeights)
  await writeFile(join(folder, 'sub', 'w.bin'), bytesOfWeights)
})
afterEach(() => rm(outside, { recursive: true }))

type Entries = Record<string, string>
const tensorProto = (entries: Entries, name = 'w', dims = [4n]) =>
  ({ name, dataType: 1, dims, dataLocation: 1, externalData: Object.entries(entries).map(([key, value]) => ({ key, value })) })

/** A model that adds external weights to its input. */
const modelOf = (...tensors: object[]): Uint8Array =>
  encodeProto(create(ModelProtoSchema, {
    irVersion: 8n, opsetImport: [{ version: 17n }],
    graph: { name: 'g', input: [{ name: 'x' }], output: [{ name: 'y' }], node: [{ opType: 'Add', input: ['x', 'w'], output: ['y'] }], initializer: tensors },
  }))

async function read(bytes: Uint8Array): ReturnType<typeof readModel> {
  const path = join(folder, 'm.onnx')
  await writeFile(path, bytes)
  return readModel(path)
}

describe('what is read', () => {
  it.each([
    [{ location: 'w.bin' }], [{ location: 'w.bin', offset: '0', length: '16' }], [{ location: './sub//w.bin' }], [{ location: 'w.bin', basepath: '/nowhere' }],
  ])('%j', async (entries: Entries) => {
    const file = await read(modelOf(tensorProto(entries)))
    expect(file.graph.initializers.get('w')!.data).toEqual(weights)
    expect(encodeProto(file.proto)).toEqual(new Uint8Array(file.bytes))
    // What is run later stands alone: no file is looked up again.
    expect(graphOf(decodeModel(encodeModel(file.graph), 'alone'), 'alone').initializers.get('w')!.data).toEqual(weights)
  })

  it('the hash covers the weights', async () => {
    const first = await read(modelOf(tensorProto({ location: 'w.bin' })))
    await writeFile(join(folder, 'w.bin'), bytesOfWeights.toReversed())
    const second = await read(modelOf(tensorProto({ location: 'w.bin' })))
    expect(second.bytes).toEqual(first.bytes)
    expect(second.sha256).not.toBe(first.sha256)
  })

  it('a checksum that is right; one that is not is refused', async () => {
    const sum = createHash('sha1').update(bytesOfWeights).digest('hex')
    expect((await read(modelOf(tensorProto({ location: 'w.bin', checksum: sum })))).externalFiles).toEqual(['w.bin'])
    expect((await faultOf(() => read(modelOf(tensorProto({ location: 'w.bin', checksum: sum.replace(/./g, '0') }))))).code).toBe('model.external-data')
  })

  it('tensors of several files come back each to its own place', async () => {
    await writeFile(join(folder, 'v.bin'), new Uint8Array(Float32Array.of(9, 8, 7, 6).buffer))
    const file = await read(modelOf(tensorProto({ location: 'w.bin' }), tensorProto({ location: 'v.bin' }, 'v'), tensorProto({ location: 'w.bin' }, 'again')))
    expect([...file.graph.initializers.values()].map((tensor) => tensor.data[0])).toEqual([1, 9, 1])
    expect(file.externalFiles).toEqual(['v.bin', 'w.bin'])
  })
})

const code = { code: 'model.external-data' }

describe('what is refused', () => {
  it.each([
    [{ location: '../secret.bin' }], [{ location: 'sub/../../secret.bin' }], [{ location: 'sub/../w.bin' }], [{ location: '/etc/passwd' }], [{ location: 'C:/w.bin' }], [{ location: 'sub\\w.bin' }],
    [{ location: '..\\secret.bin' }], [{ location: '' }], [{}], [{ location: '.' }], [{ location: 'w.bin\0.txt' }], [{ location: '.hidden' }], [{ location: 'none.bin' }], [{ location: 'sub' }], [{ location: 'w.bin/w.bin' }],
    [{ location: 'w.bin', offset: '-4' }], [{ location: 'w.bin', offset: '1e0' }], [{ location: 'w.bin', offset: '0x0' }], [{ location: 'w.bin', offset: '18446744073709551616' }], [{ location: 'w.bin', offset: '' }],
    [{ location: 'w.bin', offset: '4' }], [{ location: 'w.bin', offset: '9007199254740991' }], [{ location: 'w.bin', length: '8' }], [{ location: 'w.bin', length: '32' }], [{ location: 'w.bin', length: '-16' }], [{ location: 'w.bin', __proto: 'x' }], [{ location: 'w.bin', extra: 'x' }],
  ])('%j', async (entries) => {
    expect(await faultOf(() => read(modelOf(tensorProto(entries as Entries))))).toMatchObject({ ...code, where: expect.stringContaining("tensor 'w'") as string })
  })

  it('an address in memory', async () => {
    expect((await faultOf(() => read(modelOf(tensorProto({ location: '*/_ORT_MEM_ADDR_/*', offset: '4096' }))))).code).toBe('model.refused')
  })

  it('a symbolic link, to outside and to inside', async () => {
    await symlink(join(outside, 'secret.bin'), join(folder, 'link.bin'))
    await symlink('w.bin', join(folder, 'inner.bin'))
    expect(await faultOf(() => read(modelOf(tensorProto({ location: 'link.bin' }))))).toMatchObject({ ...code, what: expect.stringContaining('symbolic link') as string })
    expect(await faultOf(() => read(modelOf(tensorProto({ location: 'inner.bin' }))))).toMatchObject(code)
  })

  it('a file behind a linked folder', async () => {
    await symlink(outside, join(folder, 'away'))
    expect(await faultOf(() => read(modelOf(tensorProto({ location: 'away/secret.bin' }))))).toMatchObject({ ...code, what: expect.stringContaining('behind a symbolic link') as string })
  })

  it('a hard link', async () => {
    await link(join(outside, 'secret.bin'), join(folder, 'hard.bin'))
    expect(await faultOf(() => read(modelOf(tensorProto({ location: 'hard.bin' }))))).toMatchObject({ ...code, what: expect.stringContaining('hard link') as string })
  })

  it('a file that is too short', async () => {
    await truncate(join(folder, 'w.bin'), 15)
    expect(await faultOf(() => read(modelOf(tensorProto({ location: 'w.bin' }))))).toMatchObject({ ...code, what: expect.stringContaining('has only 15') as string })
  })

  it('ranges that cut into each other, unless they are the same', async () => {
    const half = (name: string, offset: string, dims: bigint[]) => tensorProto({ location: 'w.bin', offset }, name, dims)
    expect((await read(modelOf(half('w', '0', [2n]), half('v', '8', [2n]), half('u', '0', [2n])))).graph.initializers.size).toBe(3)
    expect(await faultOf(() => read(modelOf(half('w', '0', [2n]), half('v', '4', [2n]))))).toMatchObject({ ...code, what: expect.stringContaining('overlaps') as string })
  })

  it('values both inside and outside, and texts outside', async () => {
    expect(await faultOf(() => read(modelOf({ ...tensorProto({ location: 'w.bin' }), rawData: bytesOfWeights })))).toMatchObject(code)
    expect(await faultOf(() => read(modelOf({ ...tensorProto({ location: 'w.bin' }), dataType: 8 })))).toMatchObject(code)
  })

  it('weights beyond the limit', async () => {
    await writeFile(join(folder, 'm.onnx'), modelOf(tensorProto({ location: 'w.bin' })))
    expect((await faultOf(() => readModel(join(folder, 'm.onnx'), { ...MODEL_LIMITS, totalBytes: 20 }))).code).toBe('model.limit')
  })

  const hidden = tensorProto({ location: '../secret.bin' })
  const subgraph = { name: 's', initializer: [hidden] }
  it.each([
    ['a sparse initializer', { sparseInitializer: [{ values: hidden, indices: { dataType: 7, dims: [0n] }, dims: [4n] }] }],
    ['its indices', { sparseInitializer: [{ values: { dataType: 1, dims: [0n] }, indices: hidden, dims: [4n] }] }],
    ['an attribute', { node: [{ opType: 'Constant', output: ['c'], attribute: [{ name: 'value', type: 4, t: hidden }] }] }],
    ['a list attribute', { node: [{ opType: 'Constant', output: ['c'], attribute: [{ name: 'values', type: 9, tensors: [hidden] }] }] }],
    ['a sparse attribute', { node: [{ opType: 'Constant', output: ['c'], attribute: [{ name: 'sparse_value', type: 11, sparseTensor: { values: hidden } }] }] }],
    ['a subgraph', { node: [{ opType: 'If', output: ['c'], attribute: [{ name: 'then_branch', type: 5, g: subgraph }] }] }],
    ['a list of subgraphs', { node: [{ opType: 'If', output: ['c'], attribute: [{ name: 'branches', type: 10, graphs: [subgraph] }] }] }],
  ])('a path to outside in %s', async (_, inner) => {
    const bytes = encodeProto(create(ModelProtoSchema, { irVersion: 8n, opsetImport: [{ version: 17n }], graph: { name: 'g', ...inner } }))
    expect(await faultOf(() => read(bytes))).toMatchObject(code)
  })

  it('a path to outside in a function and in a training graph', async () => {
    const node = { opType: 'Constant', output: ['c'], attribute: [{ name: 'value', type: 4, t: hidden }] }
    for (const part of [{ functions: [{ name: 'f', node: [node] }] }, { trainingInfo: [{ algorithm: subgraph }] }]) {
      const bytes = encodeProto(create(ModelProtoSchema, { irVersion: 8n, opsetImport: [{ version: 17n }], graph: { name: 'g' }, ...part }))
      expect(await faultOf(() => read(bytes))).toMatchObject(code)
    }
  })
})

describe('writing', () => {
  const big = graph({ inputs: { x: [1, 8, 4, 4] }, outputs: { y: null }, nodes: [node('Conv', ['x', 'w', 'b'], ['y'])], initializers: { w: noise([64, 8, 1, 1]), b: noise([64]) } })

  it('puts large weights beside the model from the threshold on, and they are read back', async () => {
    const path = join(folder, 'big.onnx')
    expect(await writeModel(path, big)).toEqual([path])
    const files = await writeModel(path, big, { externalThreshold: 1000 })
    expect(files).toHaveLength(2)
    const file = await readModel(path)
    expect(file.proto.graph!.initializer.map((tensor) => tensor.dataLocation)).toEqual([1, 0])
    expect(file.graph.initializers.get('w')!.data).toEqual(big.initializers.get('w')!.data)
    expect(file.bytes.length).toBeLessThan(1000)
    // Written again from what was read: the same two files.
    const again = await writeModel(join(folder, 'big.onnx'), file.graph, { externalThreshold: 1000 })
    expect(again).toEqual(files)
    expect((await readModel(path)).sha256).toBe(file.sha256)
  })

  it('says what is wrong with the place and leaves nothing behind', async () => {
    await mkdir(join(folder, 'taken.onnx'))
    const before = await readdir(folder)
    expect((await faultOf(() => writeModel(join(folder, 'taken.onnx'), big))).code).toMatch(/^workspace\./)
    expect(await readdir(folder)).toEqual(before)
  })
})
