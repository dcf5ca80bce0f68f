import { describe, expect, it } from 'vitest'
import { encodeModel } from '../../../main/onnx/encode.ts'
import { noiseFeeds } from '../../../main/rewrite/noise-feeds.ts'
import { openSession } from '../../../main/runtime/session.ts'
import { expectationOf } from '../../../main/samples/expectation.ts'
import { graph, node, noise } from '../../fixtures/build-model.ts'

describe('noiseFeeds', () => {
  it('feeds every input in its own type: bytes for a picture, whole numbers beside it', async () => {
    const model = graph({
      inputs: { x: { type: 'uint8', dims: [1, 3, 'h', 'w'] }, size: { type: 'int64', dims: [2] } }, outputs: { y: null, same: { type: 'int64', dims: [2] } },
      nodes: [node('Cast', ['x'], ['f'], { to: 1 }, 'cast'), node('Conv', ['f', 'w'], ['y'], {}, 'conv'), node('Add', ['size', 'size'], ['same'], {}, 'add')], initializers: { w: noise([2, 3, 3, 3]) },
    })
    const feeds = noiseFeeds(expectationOf(model))
    expect(feeds['x']!.type).toBe('uint8')
    expect(Math.max(...(feeds['x']!.data as Uint8Array))).toBeGreaterThan(200)
    const session = await openSession(encodeModel(model), { mode: 'reference', threads: 1 })
    expect((await session.run(feeds))['y']!.dims[1]).toBe(2)
    await session.close()
  })
})
