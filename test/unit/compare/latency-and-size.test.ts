import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { latencyProtocol, timing } from '../../../main/compare/latency.ts'
import { bytesOnDisk, compareSizes } from '../../../main/compare/size.ts'
import { runCount } from '../../../main/compare/turns.ts'
import { floats, noise } from '../../fixtures/build-model.ts'
import { temporaryFolder } from '../../fixtures/temporary-folder.ts'

const folder = temporaryFolder()

describe('timings', () => {
  test('median, minimum and half the interquartile distance, whatever the order', () => {
    expect(timing([5, 1, 3, 2, 4])).toEqual({ median: 3, min: 1, spread: 1, runs: 5 })
    expect(timing([1, 2, 3, 10])).toEqual({ median: 2.5, min: 1, spread: (4.75 - 1.75) / 2, runs: 4 })
    expect(timing([7])).toEqual({ median: 7, min: 7, spread: 0, runs: 1 })
  })

  test('runs fill the budget, between 10 and 200', () => {
    expect([runCount(40, 2000), runCount(1000, 2000), runCount(0, 2000), runCount(1, 2000)]).toEqual([50, 10, 200, 200])
  })

  test('the protocol names how it was measured and the input shapes', () => {
    expect(latencyProtocol({ x: noise([1, 3, 2, 2]) }, 2)).toBe('turns/warmup3/threads2/1x3x2x2')
    expect(latencyProtocol({ b: floats([], [1]), a: floats([1, 2], [1, 2]) }, 1)).toBe('turns/warmup3/threads1/1x2+scalar')
  })
})

describe('sizes', () => {
  test('weights beside the model count, named from its folder', async () => {
    mkdirSync(join(folder, 'weights'))
    writeFileSync(join(folder, 'model.onnx'), new Uint8Array(10))
    writeFileSync(join(folder, 'weights', 'w.bin'), new Uint8Array(90))
    expect(await bytesOnDisk(join(folder, 'model.onnx'), ['weights/w.bin'])).toBe(100)
    expect(compareSizes(100, 27)).toEqual({ floatBytes: 100, quantizedBytes: 27, ratio: 0.27 })
  })
})
