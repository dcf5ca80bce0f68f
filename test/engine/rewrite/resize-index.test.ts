import { expect, test } from 'vitest'
import { tensor } from '../../../main/onnx/tensor.ts'
import { replicates, replicatesAlways } from '../../../main/rewrite/resize-index.ts'
import { openSession } from '../../../main/runtime/session.ts'
import { floats, model, node } from '../../fixtures/build-model.ts'

const COORDINATES = ['asymmetric', 'half_pixel', 'pytorch_half_pixel', 'half_pixel_symmetric', 'align_corners', 'tf_half_pixel_for_nn']
const NEAREST = ['floor', 'ceil', 'round_prefer_floor', 'round_prefer_ceil']
const LENGTHS = 64

/** Which source index ONNX Runtime takes for every output index of lengths 1..64. */
async function indices(coordinates: string, nearest: string, scale: number): Promise<readonly (readonly number[])[]> {
  // tf_half_pixel_for_nn left the standard with opset 13; half_pixel_symmetric came with 19.
  const opset = coordinates === 'tf_half_pixel_for_nn' ? 11 : coordinates === 'half_pixel_symmetric' ? 19 : 13
  const session = await openSession(model({
    opset, inputs: { x: [1, 1, 1, 'W'] }, outputs: { y: [1, 1, 1, 'V'] },
    nodes: [node('Resize', ['x', opset === 11 ? 'roi' : '', 'scales'], ['y'], { mode: 'nearest', coordinate_transformation_mode: coordinates, nearest_mode: nearest })],
    initializers: { scales: floats([4], [1, 1, 1, scale]), ...(opset === 11 ? { roi: floats([0], []) } : {}) },
  }), { mode: 'reference', threads: 1 })
  const found: number[][] = []
  for (let length = 1; length <= LENGTHS; length++) {
    const { y } = await session.run({ x: tensor('float32', [1, 1, 1, length], Float32Array.from({ length }, (_, index) => index)) })
    found.push([...(y!.data as Float32Array)])
  }
  await session.close()
  return found
}

test.each(COORDINATES)('the decision is that of ONNX Runtime for every nearest mode, factor 2..8 and length 1..64: %s', async (coordinates) => {
  const wrong: string[] = []
  for (const nearest of NEAREST) {
    for (let scale = 2; scale <= 8; scale++) {
      const found = await indices(coordinates, nearest, scale)
      const repeats = found.map((row) => row.every((source, index) => source === Math.floor(index / scale)))
      for (const [at, truth] of repeats.entries()) if (replicates(at + 1, scale, { coordinates, nearest }) !== truth) wrong.push(`${nearest} ×${scale} of ${at + 1}: ${truth}`)
      if (replicatesAlways(scale, { coordinates, nearest }) && !repeats.every(Boolean)) wrong.push(`${nearest} ×${scale} always`)
    }
  }
  expect(wrong).toEqual([])
})
