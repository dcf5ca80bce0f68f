import { describe, expect, it } from 'vitest'
import { quietTask } from '../../../main/core/task.ts'
import type { Dim, Tensor } from '../../../main/onnx/graph.ts'
import { elementCount, tensor } from '../../../main/onnx/tensor.ts'
import type { Preprocess, SampleSet } from '../../../main/samples/sample.ts'
import { cropsOf, split } from '../../../main/tune/finetune/crops.ts'
import { graph, node } from '../../fixtures/build-model.ts'

const PICTURE: Preprocess = { color: 'rgb', range: [0, 255], mean: [0, 0, 0], scale: [1, 1, 1], layout: 'nchw' }

/** Every value is its own position, so that a part tells where it was. */
const counted = (dims: readonly number[]): Tensor => tensor('float32', dims, Float32Array.from({ length: elementCount(dims) }, (_, at) => at))

const samplesOf = (shapes: readonly (readonly number[])[], preprocess: Preprocess | null): SampleSet => ({
  count: shapes.length, ids: shapes.map((_, at) => String(at)), sha256: '0', skipped: [], preprocess,
  load: (index) => Promise.resolve({ id: String(index), feeds: { x: counted(shapes[index]!) } }),
})

const model = (dims: readonly Dim[]) => graph({ inputs: { x: dims }, outputs: { y: null }, nodes: [node('Relu', ['x'], ['y'])] })
const OPEN = model([1, 2, 'H', 'W'])

describe('crops', () => {
  it('are parts of one size, placed by seed', async () => {
    const samples = samplesOf([[1, 2, 10, 14], [1, 2, 7, 20], [1, 2, 30, 9]], PICTURE)
    const crops = await cropsOf(OPEN, samples, { side: 8, seed: 3 }, quietTask)
    expect(crops.map(({ x }) => x!.dims)).toEqual([[1, 2, 7, 8], [1, 2, 7, 8], [1, 2, 7, 8]])
    for (const [index, { x }] of crops.entries()) {
      const [, , height, width] = [[1, 2, 10, 14], [1, 2, 7, 20], [1, 2, 30, 9]][index]!
      const first = x!.data[0] as number
      const [top, left] = [Math.floor(first / width!), first % width!]
      expect(top <= height! - 7 && left <= width! - 8).toBe(true)
      const wanted = Array.from({ length: 2 * 7 * 8 }, (_, at) => Math.floor(at / 56) * height! * width! + (top + Math.floor((at % 56) / 8)) * width! + left + (at % 8))
      expect([...(x!.data as Float32Array)]).toEqual(wanted)
    }
    expect(await cropsOf(OPEN, samples, { side: 8, seed: 3 }, quietTask)).toEqual(crops)
    expect(await cropsOf(OPEN, samples, { side: 8, seed: 4 }, quietTask)).not.toEqual(crops)
  })

  it('keep to the padding of the recipe, and to channels that come last', async () => {
    const [padded] = await cropsOf(OPEN, samplesOf([[1, 2, 12, 12]], { ...PICTURE, pad: { multiple: 3 } }), { side: 8, seed: 0 }, quietTask)
    expect(padded!['x']!.dims).toEqual([1, 2, 6, 6])
    const [last] = await cropsOf(model([1, 'H', 'W', 2]), samplesOf([[1, 12, 10, 2]], { ...PICTURE, layout: 'nhwc' }), { side: 8, seed: 0 }, quietTask)
    expect(last!['x']!.dims).toEqual([1, 8, 8, 2])
  })

  it('are whole samples where the model or the arrays say the size', async () => {
    const whole = [[1, 2, 12, 12], [1, 2, 12, 12]]
    expect((await cropsOf(model([1, 2, 12, 12]), samplesOf(whole, PICTURE), { side: 8, seed: 0 }, quietTask)).map(({ x }) => x!.dims)).toEqual(whole)
    expect((await cropsOf(OPEN, samplesOf(whole, null), { side: 8, seed: 0 }, quietTask)).map(({ x }) => x!.dims)).toEqual(whole)
    await expect(cropsOf(OPEN, samplesOf([[1, 2, 12, 12], [1, 2, 12, 10]], null), { side: 8, seed: 0 }, quietTask)).rejects.toMatchObject({ code: 'samples.sizes', where: 'x' })
  })
})

describe('the split', () => {
  it('holds a share back, one at least and never all; every sample is on one side', () => {
    for (const [count, share, held] of [[32, 0.25, 8], [3, 0.01, 1], [2, 0.99, 1], [5, 0.99, 4]] as const) {
      const parts = split(count, share, 7)
      expect(parts.held).toHaveLength(held)
      expect([...parts.held, ...parts.train].toSorted((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, at) => at))
    }
    expect(split(32, 0.25, 7)).toEqual(split(32, 0.25, 7))
    expect(split(32, 0.25, 8)).not.toEqual(split(32, 0.25, 7))
  })

  it('needs two samples', () => {
    expect(() => split(1, 0.25, 0)).toThrow(expect.objectContaining({ code: 'samples.count' }))
  })
})
