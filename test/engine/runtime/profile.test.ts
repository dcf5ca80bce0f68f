import { readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { describe, expect, it, vi } from 'vitest'
import { profileNodes } from '../../../main/runtime/profile.ts'
import { environment, instructionSet, productsSaturate } from '../../../main/runtime/environment.ts'
import { floats, model, node, noise } from '../../fixtures/build-model.ts'
import { temporaryFolder } from '../../fixtures/temporary-folder.ts'

const spec = {
  inputs: { x: [1, 16, 32, 32] },
  outputs: { y: [1, 4, 64, 64] },
  initializers: { w: noise([16, 16, 3, 3]), v: noise([16, 16, 3, 3], 2) },
}
const nodes = [
  node('Conv', ['x', 'w'], ['c'], { pads: [1, 1, 1, 1] }, 'first'),
  node('Relu', ['c'], ['r'], {}, 'act'),
  node('Conv', ['r', 'v'], ['d'], { pads: [1, 1, 1, 1] }, 'second'),
  node('DepthToSpace', ['d'], ['y'], { blocksize: 2 }, 'shuffle'),
]
const feeds = { x: noise([1, 16, 32, 32]) }

describe('operator times', () => {
  it('are traced to graph nodes, a fused group to its first operator', async () => {
    // A place of its own for temporary files: other tests use the common one at the same time.
    vi.stubEnv('TMPDIR', temporaryFolder())
    const times = await profileNodes(model({ ...spec, nodes }), feeds, { mode: 'float', threads: 1, runs: 3 })
    const named = times.map((time) => time.node).filter((name) => ['first', 'act', 'second', 'shuffle'].includes(name))
    expect(named).toEqual(['first', 'second', 'shuffle'])
    expect(times.every((time) => time.us > 0 && time.version === 'float')).toBe(true)
    expect(readdirSync(tmpdir())).toEqual([])
    vi.unstubAllEnvs()
  })

  it('know nodes without a name by the name that a Graph gives them', async () => {
    const times = await profileNodes(model({ ...spec, nodes: nodes.map((each) => ({ ...each, name: '' })) }), feeds, { mode: 'float', threads: 1, runs: 1 })
    expect(times.map((time) => time.node)).toEqual(expect.arrayContaining(['Conv_c', 'Conv_d', 'DepthToSpace_y']))
  })

  it('of a quantized model name the integer kernel and the node it stands for', async () => {
    const q = (from: string, to: string) => [node('QuantizeLinear', [from, 's', 'z'], [`${to}_q`], {}, `q_${to}`), node('DequantizeLinear', [`${to}_q`, 's', 'z'], [to], {}, `dq_${to}`)]
    const bytes = model({
      ...spec,
      initializers: { ...spec.initializers, s: floats([], [0.05]), z: { type: 'uint8', dims: [], data: Uint8Array.of(128) } },
      nodes: [...q('x', 'xd'), ...q('w', 'wd'), node('Conv', ['xd', 'wd'], ['c'], { pads: [1, 1, 1, 1] }, 'first'), ...q('c', 'cd'), node('DepthToSpace', ['cd'], ['y'], { blocksize: 2 }, 'shuffle')],
    })
    const times = await profileNodes(bytes, feeds, { mode: 'fused', threads: 1, runs: 2 })
    expect(times.find((time) => time.node === 'first')).toMatchObject({ op: 'QLinearConv', version: 'fused' })
  })

  it('need feeds that fit', async () => {
    await expect(profileNodes(model({ ...spec, nodes }), {}, { mode: 'float', threads: 1, runs: 1 })).rejects.toMatchObject({ code: 'samples.missing-input' })
  })
})

describe('the environment', () => {
  it('tells versions, CPU and threads', () => {
    expect(environment(2)).toEqual({
      scalewright: expect.stringMatching(/^\d+\.\d+\.\d+/),
      onnxruntime: expect.stringMatching(/^1\.\d+\.\d+/),
      node: process.versions.node,
      cpu: expect.stringMatching(/./),
      threads: 2,
    })
  })

  it('knows where products saturate', () => {
    if (process.arch !== 'x64') return expect(productsSaturate([])).toBe(false)
    expect(productsSaturate(['avx2'])).toBe(true)
    expect(productsSaturate(['avx2', 'avx512_vnni'])).toBe(false)
    expect(productsSaturate(['avx2', 'avx_vnni'])).toBe(false)
    expect(productsSaturate(null)).toBeNull()
    if (process.platform === 'linux') expect(instructionSet()).toContain('sse4_1')
  })
})
