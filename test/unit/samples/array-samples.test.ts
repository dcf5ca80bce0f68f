import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Fault } from '../../../main/core/fault.ts'
import { quietTask } from '../../../main/core/task.ts'
import type { Tensor } from '../../../main/onnx/graph.ts'
import { tensor } from '../../../main/onnx/tensor.ts'
import { expectationOf } from '../../../main/samples/expectation.ts'
import { encodeNpy } from '../../../main/samples/npy.ts'
import { encodeNpz } from '../../../main/samples/npz.ts'
import { openSamples } from '../../../main/samples/open-samples.ts'
import type { SamplesSpec } from '../../../main/samples/open-samples.ts'
import type { ValueSpec } from '../../fixtures/build-model.ts'
import { floats, graph, longs, node, noise } from '../../fixtures/build-model.ts'
import { temporaryFolder } from '../../fixtures/temporary-folder.ts'

const folder = temporaryFolder()
const net = (inputs: Record<string, ValueSpec>) => expectationOf(graph({ inputs, outputs: { y: [1, 4] }, nodes: [node('my.domain:Net', Object.keys(inputs), ['y'])] }))
const one = net({ x: ['n', 2, 3] })

let files = 0
async function open(arrays: Record<string, Tensor> | Tensor, expectation = one, spec: Partial<SamplesSpec> = {}) {
  const single = 'dims' in arrays && Array.isArray(arrays.dims)
  const path = join(folder, `${files++}.${single ? 'npy' : 'npz'}`)
  await writeFile(path, single ? encodeNpy(arrays as Tensor) : encodeNpz(arrays as Record<string, Tensor>))
  return openSamples({ path, ...spec }, expectation, quietTask)
}

async function faultOf(work: Promise<unknown>): Promise<Fault> {
  const error = await work.then(() => undefined, (thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(Fault)
  return error as Fault
}

describe('array samples', () => {
  const batch = noise([12, 2, 3])

  it('takes axis 0 as the batch', async () => {
    const set = await open(batch)
    expect([set.kind, set.count, set.ids[0], set.ids[11], set.preprocess]).toEqual(['arrays', 12, 'sample_00', 'sample_11', null])
    expect(await set.load(5)).toEqual({ id: 'sample_05', feeds: { x: floats([1, 2, 3], [...(batch.data as Float32Array).subarray(30, 36)]) } })
    expect(set.notes[0]).toMatch(/12 samples are fed as they are, without preprocessing/)
  })

  it('takes axis 0 as samples where there is one axis more', async () => {
    const set = await open(noise([4, 1, 2, 3]))
    expect([set.count, (await set.load(3)).feeds['x']!.dims]).toEqual([4, [1, 2, 3]])
  })

  it('feeds several inputs by name, each in its type, and leaves other arrays alone', async () => {
    const two = net({ x: [1, 2], n: { type: 'int64', dims: [1] } })
    const set = await open({ x: tensor('uint8', [3, 2], Uint8Array.of(1, 2, 3, 4, 5, 255)), n: tensor('int32', [3], Int32Array.of(7, 8, 9)), truth: noise([3, 4]) }, two)
    expect((await set.load(2)).feeds).toEqual({ x: floats([1, 2], [5, 255]), n: longs([9]) })
    expect(set.notes[1]).toMatch(/truth/)
  })

  it('gives float16 inputs and arrays as float32', async () => {
    const half = net({ x: { type: 'float16', dims: ['n', 2] } })
    expect((await (await open(tensor('float16', [1, 2], Uint16Array.of(0x3c00, 0xc000)), half)).load(0)).feeds['x']).toEqual(floats([1, 2], [1, -2]))
  })

  it('draws fewer by seed', async () => {
    const draw = async (seed: number) => (await open(batch, one, { count: 4, seed })).ids
    expect(await draw(3)).toEqual(await draw(3))
    expect(await draw(3)).not.toEqual(await draw(4))
    expect(await draw(3)).toEqual((await draw(3)).toSorted())
  })

  it('hashes values, not files', async () => {
    expect((await open(batch)).sha256).toBe((await open({ any: batch })).sha256)
    expect((await open(batch)).sha256).not.toBe((await open(noise([12, 2, 3], 2))).sha256)
    expect((await open(batch)).sha256).not.toBe((await open(batch, one, { count: 3 })).sha256)
  })

  const two = net({ a: [1, 2], b: [1, 2] })
  it.each([
    ['a missing input', { a: noise([3, 2]), c: noise([3, 2]) }, two, {}, 'samples.input', /no array for the input 'b'; the file has 'a', 'c'/],
    ['different counts', { a: noise([3, 2]), b: noise([4, 2]) }, two, {}, 'samples.shape', /3 and 4 samples/],
    ['another shape', noise([5, 3, 2]), one, {}, 'samples.shape', /\[5, 3, 2\], the input is \[n, 2, 3\]/],
    ['another rank', noise([2, 3]), one, {}, 'samples.shape', /\[2, 3\]/],
    ['no samples', noise([0, 2, 3]), one, {}, 'samples.shape', /0 samples/],
    ['more than there are', batch, one, { count: 13 }, 'samples.count', /13 samples are asked for, the arrays hold 12/],
    ['references', batch, one, { reference: { pattern: '*_HR' } }, 'recipe.reference', /cannot have reference/],
    ['fractions for integers', noise([3, 1]), net({ x: { type: 'int64', dims: ['n', 1] } }), {}, 'samples.type', /float32 values that int64 cannot/],
    ['integers that do not fit', longs([300], [1, 1]), net({ x: { type: 'uint8', dims: ['n', 1] } }), {}, 'samples.type', /int64 values that uint8 cannot/],
  ] as const)('refuses %s', async (_, arrays, expectation, spec, code, reason) => {
    const fault = await faultOf(open(arrays as Tensor, expectation, spec))
    expect(fault.code).toBe(code)
    expect(fault.what).toMatch(reason)
  })
})
