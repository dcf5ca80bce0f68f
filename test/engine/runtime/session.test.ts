import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { attributesOf } from '../../../main/onnx/attribute.ts'
import type { Tensor } from '../../../main/onnx/graph.ts'
import { tensor } from '../../../main/onnx/tensor.ts'
import { openSession } from '../../../main/runtime/session.ts'
import type { SessionMode } from '../../../main/runtime/session.ts'
import { floats, model, node, noise } from '../../fixtures/build-model.ts'
import { temporaryFolder } from '../../fixtures/temporary-folder.ts'

const relu = model({ inputs: { x: ['N', 2] }, outputs: { y: ['N', 2], z: ['N', 2] }, nodes: [node('Relu', ['x'], ['y']), node('Neg', ['x'], ['z'])] })
const open = (bytes: Uint8Array, mode: SessionMode = 'float') => openSession(bytes, { mode, threads: 1, where: 'net.onnx' })
const values = (result: Tensor | undefined) => [...(result!.data as Float32Array)]

describe('a session', () => {
  it('runs, gives all outputs or the ones asked for, and says what goes in and out', async () => {
    const session = await open(relu)
    expect(session.inputs).toMatchObject([{ name: 'x', type: 'float32', dims: ['N', 2] }])
    expect(session.outputs.map((value) => value.name)).toEqual(['y', 'z'])
    const x = floats([1, 2], [-1, 2])
    const results = await session.run({ x })
    expect(results.y).toMatchObject({ type: 'float32', dims: [1, 2], data: Float32Array.of(0, 2) })
    expect(Object.keys(await session.run({ x }, ['z']))).toEqual(['z'])
    await session.close()
  })

  it('opens a file', async () => {
    const path = join(temporaryFolder(), 'relu.onnx')
    writeFileSync(path, relu)
    const session = await openSession({ path }, { mode: 'reference', threads: 2 })
    expect(values((await session.run({ x: floats([1, 2], [3, -3]) })).y)).toEqual([3, 0])
    await session.close()
  })

  it('takes and gives float16 as raw bits', async () => {
    const half = { type: 'float16', dims: [3] } as const
    const session = await open(model({ inputs: { x: half }, outputs: { y: half }, nodes: [node('Identity', ['x'], ['y'])] }))
    const x = tensor('float16', [3], Uint16Array.of(0x3c00, 0x0001, 0xfc00))
    expect((await session.run({ x })).y).toEqual({ type: 'float16', dims: [3], data: x.data })
    await session.close()
  })

  it('takes empty tensors, scalars, bools and strings', async () => {
    const through = async (type: 'float32' | 'bool' | 'string', dims: number[], data: Tensor['data']) => {
      const session = await open(model({ inputs: { x: { type, dims: dims.map(() => null) } }, outputs: { y: { type, dims: null } }, nodes: [node('Identity', ['x'], ['y'])] }))
      const { y } = await session.run({ x: tensor(type, dims, data) })
      await session.close()
      return y
    }
    expect(await through('float32', [0, 3], new Float32Array(0))).toMatchObject({ dims: [0, 3] })
    expect(await through('float32', [], Float32Array.of(5))).toMatchObject({ dims: [], data: Float32Array.of(5) })
    expect(await through('bool', [2], Uint8Array.of(1, 0))).toMatchObject({ type: 'bool', data: Uint8Array.of(1, 0) })
    expect(await through('string', [1], ['héllo'])).toMatchObject({ data: ['héllo'] })
  })
})

describe('feeds that do not fit', () => {
  it.each<[string, Record<string, Tensor>, object]>([
    ['a wrong size', { x: floats([1, 3], [1, 2, 3]) }, { code: 'samples.wrong-shape', where: "input 'x'", what: 'the shape is [1, 3], the model takes [N, 2]' }],
    ['a wrong rank', { x: floats([2], [1, 2]) }, { code: 'samples.wrong-shape' }],
    ['too few values', { x: { type: 'float32', dims: [2, 2], data: new Float32Array(3) } }, { code: 'samples.wrong-shape', what: expect.stringContaining('needs 4 values, there are 3') }],
    ['a wrong type', { x: tensor('uint8', [1, 2], new Uint8Array(2)) }, { code: 'samples.wrong-type', what: 'values are uint8, the model takes float32' }],
    ['an array of another type', { x: { type: 'float32', dims: [1, 2], data: new Float64Array(2) } }, { code: 'samples.wrong-type' }],
    ['a missing input', {}, { code: 'samples.missing-input', where: "input 'x'" }],
    ['an unknown input', { x: floats([1, 2], [1, 2]), xx: floats([1], [1]) }, { code: 'samples.unknown-input', next: 'Did you mean x?' }],
  ])('%s', async (_what, feeds, expected) => {
    const session = await open(relu)
    await expect(session.run(feeds)).rejects.toMatchObject(expected)
    await session.close()
  })

  it('an unknown output', async () => {
    const session = await open(relu)
    await expect(session.run({ x: floats([1, 2], [1, 2]) }, ['yy'])).rejects.toMatchObject({ code: 'model.unknown-output', next: expect.stringContaining('y') })
    await session.close()
  })
})

describe('models that this runtime refuses', () => {
  const one = { inputs: { x: [1, 1, 4, 4] }, outputs: { y: null } }
  const double = { type: 'float64', dims: [1, 1, 4, 4] } as const
  it.each<[string, () => Uint8Array, object]>([
    ['an unknown operator', () => model({ ...one, nodes: [node('Frobnicate', ['x'], ['y'])] }), { code: 'model.unsupported-operator', where: "net.onnx, node 'node_y'", what: 'operator Frobnicate does not exist in opset 17' }],
    ['an operator of another domain', () => model({ ...one, domains: { acme: 1 }, nodes: [node('acme:Frobnicate', ['x'], ['y'])] }), { code: 'model.unsupported-operator', what: expect.stringContaining('acme:Frobnicate') }],
    ['a type without a kernel', () => model({ inputs: { x: double, w: double }, outputs: { y: { type: 'float64', dims: null } }, nodes: [node('Conv', ['x', 'w'], ['y'])] }), { code: 'model.unsupported-operator', where: "net.onnx, node 'node_y'", what: expect.stringContaining('operator Conv') }],
    ['types that do not fit', () => model({ inputs: { x: [1], w: { type: 'float64', dims: [1] } }, outputs: { y: [1] }, nodes: [node('Add', ['x', 'w'], ['y'])] }), { code: 'model.invalid', where: "net.onnx, node 'node_y'" }],
    ['a missing operand', () => model({ ...one, nodes: [node('Conv', ['x'], ['y'])] }), { code: 'model.invalid', where: "net.onnx, node 'node_y'", what: expect.stringContaining('has input size 1') }],
    ['an opset that is too new', () => model({ ...one, opset: 99, nodes: [node('Relu', ['x'], ['y'])] }), { code: 'model.unsupported-version', what: expect.stringContaining('opset 99') }],
    ['an IR version that is too new', () => model({ ...one, irVersion: 99, nodes: [node('Relu', ['x'], ['y'])] }), { code: 'model.unsupported-version', what: expect.stringContaining('IR version 99') }],
    ['bytes that are no model', () => new TextEncoder().encode('hello, world'), { code: 'model.not-onnx' }],
    ['no bytes', () => new Uint8Array(0), { code: 'model.empty-file' }],
    ['bfloat16 inputs', () => model({ inputs: { x: { type: 'bfloat16', dims: [1] } }, outputs: { y: { type: 'bfloat16', dims: [1] } }, nodes: [node('Identity', ['x'], ['y'])] }), { code: 'model.unsupported-type' }],
  ])('%s', async (_what, bytes, expected) => {
    const fault: unknown = await Promise.resolve().then(() => open(bytes())).catch((error: unknown) => error)
    expect(fault).toMatchObject({ name: 'Fault', ...expected })
    expect(JSON.stringify(fault)).not.toMatch(/onnxruntime_src|::/)
  })

  it('a missing file', async () => {
    await expect(openSession({ path: 'nowhere.onnx' }, { mode: 'float', threads: 1 })).rejects.toMatchObject({ code: 'model.not-found', where: 'nowhere.onnx' })
  })

  it('4-bit outputs, which would end the process: before running', async () => {
    const cast = { ...node('Cast', ['x'], ['y']), attributes: attributesOf({ to: 22 }) }
    const session = await open(model({ opset: 21, inputs: { x: [2] }, outputs: { y: { type: 'int4', dims: [2] } }, nodes: [cast] }))
    await expect(session.run({ x: floats([2], [1, 2]) })).rejects.toMatchObject({ code: 'model.unsupported-type', next: 'Put a Cast to int8 before the output.' })
    await session.close()
  })

  it('sizes that only a run finds wrong, with the node named', async () => {
    const session = await open(model({ inputs: { a: ['A', 'B'], b: ['C', 'D'] }, outputs: { y: null }, nodes: [node('MatMul', ['a', 'b'], ['y'])] }))
    await expect(session.run({ a: noise([2, 3]), b: noise([2, 2]) })).rejects.toMatchObject({
      code: 'engine.run-failed',
      where: "net.onnx, node 'node_y'",
      what: 'operator MatMul could not run: MatMul dimension mismatch',
    })
    await session.close()
  })

  it('a number of threads that is none', async () => {
    await expect(openSession(relu, { mode: 'float', threads: 0 })).rejects.toMatchObject({ code: 'input.threads' })
  })
})

describe('modes', () => {
  const scalar = (value: number) => floats([], [value])
  const code = (type: 'uint8' | 'int8', value: number) => tensor(type, [], type === 'uint8' ? Uint8Array.of(value) : Int8Array.of(value))
  const weights = tensor('int8', [8, 8, 3, 3], Int8Array.from({ length: 576 }, (_, index) => (index % 2 === 0 ? 127 : 126)))
  /** u8 activations and large s8 weights, whose 16-bit sums saturate on an x64 CPU without VNNI. */
  const quantized = model({
    inputs: { x: [1, 8, 16, 16] },
    outputs: { y: [1, 8, 16, 16] },
    initializers: { sx: scalar(1 / 255), zx: code('uint8', 0), sw: scalar(0.001), zw: code('int8', 0), w: weights, sy: scalar(0.04), zy: code('uint8', 0) },
    nodes: [
      node('QuantizeLinear', ['x', 'sx', 'zx'], ['xq']),
      node('DequantizeLinear', ['xq', 'sx', 'zx'], ['xd']),
      node('DequantizeLinear', ['w', 'sw', 'zw'], ['wd']),
      node('Conv', ['xd', 'wd'], ['c'], { pads: [1, 1, 1, 1] }),
      node('QuantizeLinear', ['c', 'sy', 'zy'], ['cq']),
      node('DequantizeLinear', ['cq', 'sy', 'zy'], ['y']),
    ],
  })
  const x = tensor('float32', [1, 8, 16, 16], (noise([1, 8, 16, 16], 3).data as Float32Array).map(Math.abs))
  const runIn = async (mode: SessionMode, exactProducts = false) => {
    const session = await openSession(quantized, { mode, threads: 1, exactProducts })
    const result = values((await session.run({ x })).y)
    await session.close()
    return result
  }
  const steps = (a: readonly number[], b: readonly number[]) => Math.max(...a.map((value, index) => Math.abs(value - b[index]!) / 0.04))

  it('simulated gives the numbers of the model as written', async () => {
    // Only the summing order of the float convolution may differ: at most one code, where a sum lies between two.
    expect(steps(await runIn('simulated'), await runIn('reference'))).toBeLessThanOrEqual(1.001)
  })

  it('fused with exact products is within one code of simulated', async () => {
    expect(steps(await runIn('fused', true), await runIn('simulated'))).toBeLessThanOrEqual(1.001)
  })
})
