import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { graphJob, scopeOf } from '../../../main/engine/jobs/graph-view.ts'
import { openViews } from '../../../main/engine/desk.ts'
import { tensorOfNumbers } from '../../../main/onnx/tensor.ts'
import { floats, longs, model, node, noise } from '../../fixtures/build-model.ts'
import { temporaryFolder } from '../../fixtures/temporary-folder.ts'

const folder = temporaryFolder()

/** Writes a model and gives its graph, with tensors looked up by name. */
async function viewed(name: string, spec: Parameters<typeof model>[0]) {
  const path = join(folder, name)
  await writeFile(path, model(spec))
  const view = await graphJob({ model: path })
  const tensor = (wanted: string) => view.tensors.find((each) => each.name === wanted)!
  return { path, view, tensor, nodeOf: (wanted: string) => view.nodes.find((each) => each.name === wanted)! }
}

const small: Parameters<typeof model>[0] = {
  inputs: { x: ['N', 3, 8, 8] },
  outputs: { y: null },
  nodes: [
    node('Conv', ['x', 'w', 'b'], ['c'], { pads: [1, 1, 1, 1] }, '/body/block.0/conv/Conv'),
    node('LeakyRelu', ['c'], ['r'], { alpha: 0.1 }, '/body/block.0/act/LeakyRelu'),
    node('Constant', [], ['shape'], { value: longs([0, 4, 64]) }, 'target'),
    node('Reshape', ['r', 'shape'], ['y'], {}, 'flat'),
  ],
  initializers: { w: noise([4, 3, 3, 3], 7), b: floats([4], [-1, 0, 2, 0.5]) },
}

describe('the graph of a model file', () => {
  it('has nodes in order, their attributes as text, and their place in the modules that names hold', async () => {
    const { view, nodeOf } = await viewed('small.onnx', small)
    expect(view.notInferred).toBeNull()
    expect(view.sha256).toMatch(/^[0-9a-f]{64}$/)
    // The Constant belongs to the node that uses it.
    expect(view.nodes.map(({ op }) => op)).toEqual(['Conv', 'LeakyRelu', 'Reshape'])
    expect(nodeOf('/body/block.0/conv/Conv')).toMatchObject({ scope: ['body', 'block.0', 'conv'], attributes: [{ name: 'pads', kind: 'ints', text: '[1, 1, 1, 1]' }], rounds: null })
    expect(nodeOf('/body/block.0/act/LeakyRelu').attributes).toEqual([{ name: 'alpha', kind: 'float', text: '0.1' }])
    expect(view.inputs.map((index) => view.tensors[index]!.name)).toEqual(['x'])
    expect(view.outputs.map((index) => view.tensors[index]!.name)).toEqual(['y'])
    expect(nodeOf('flat').inputs.map((index) => view.tensors[index]!.name)).toEqual(['r', 'shape'])
  })

  it('knows shapes by the runtime, and constants by size and extremes', async () => {
    const { tensor } = await viewed('facts.onnx', small)
    expect(tensor('c')).toMatchObject({ type: 'float32', dims: ['N', 4, 8, 8], initializer: null })
    expect(tensor('y').dims).toEqual(['N', 4, 64])
    expect(tensor('b').initializer).toEqual({ bytes: 16, min: -1, max: 2, values: [-1, 0, 2, 0.5] })
    expect(tensor('shape')).toMatchObject({ type: 'int64', dims: [3], initializer: { bytes: 24, values: [0, 4, 64] } })
    const weight = tensor('w').initializer!
    const values = Array.from(noise([4, 3, 3, 3], 7).data as Float32Array)
    expect(weight).toEqual({ bytes: 432, min: Math.min(...values), max: Math.max(...values), values: null })
  })

  it('tells roundings apart: what each is a copy of, and the codes of its tensor', async () => {
    const { view, tensor, nodeOf } = await viewed('qdq.onnx', {
      inputs: { x: [1, 2, 4, 4] },
      outputs: { y: [1, 2, 4, 4] },
      nodes: [
        node('QuantizeLinear', ['x', 's', 'z'], ['q']), node('DequantizeLinear', ['q', 's', 'z'], ['d']),
        node('DequantizeLinear', ['w_quantized', 'ws', 'wz'], ['w'], { axis: 0 }), node('Conv', ['d', 'w'], ['c']),
        node('QuantizeLinear', ['c', 's', 'z'], ['codes']), node('DequantizeLinear', ['codes', 's', 'z'], ['y']), node('Cast', ['codes'], ['other'], { to: 1 }), node('Relu', ['other'], ['unused']),
      ],
      initializers: {
        s: floats([], [0.25]), z: tensorOfNumbers('uint8', [], [128]), ws: floats([2], [0.5, 0.125]), wz: tensorOfNumbers('int8', [2], [0, 0]),
        w_quantized: tensorOfNumbers('int8', [2, 2, 1, 1], [1, 2, 3, -4]),
      },
    })
    const rounds = (name: string): string | null => { const found = nodeOf(name).rounds; return found === null ? null : view.tensors[found]!.name }
    expect([rounds('node_q'), rounds('node_d'), rounds('node_w'), rounds('node_c')]).toEqual(['x', 'x', 'w_quantized', null])
    // Codes that something else reads are a tensor of their own.
    expect([rounds('node_codes'), rounds('node_y')]).toEqual([null, null])
    expect(tensor('x').codes).toEqual({ type: 'uint8', channels: 1, scale: [0.25, 0.25], zeroPoint: [128, 128] })
    expect(tensor('w_quantized').codes).toEqual({ type: 'int8', channels: 2, scale: [0.125, 0.5], zeroPoint: [0, 0] })
  })

  it('is shown of a model that cannot be run, with the reason and the shapes that the file states', async () => {
    const { view, tensor } = await viewed('custom.onnx', {
      inputs: { x: [1, 2] }, outputs: { y: [1, 9] }, nodes: [node('com.microsoft:Twist', ['x'], ['t'], { turns: 3 }), node('Relu', ['t'], ['y'])], domains: { 'com.microsoft': 1 },
    })
    expect(view.notInferred).toMatchObject({ code: expect.stringMatching(/^model\./), what: expect.stringContaining('Twist') })
    expect(view.nodes[0]).toMatchObject({ domain: 'com.microsoft', op: 'Twist' })
    expect([tensor('t').dims, tensor('y').dims]).toEqual([null, [1, 9]])
  })

  it('has a fault that names the file where there is none', async () => {
    await expect(graphJob({ model: join(folder, 'none.onnx') })).rejects.toMatchObject({ code: 'input.missing-file', where: join(folder, 'none.onnx') })
    await writeFile(join(folder, 'cut.onnx'), model(small).subarray(0, 300))
    await expect(graphJob({ model: join(folder, 'cut.onnx') })).rejects.toMatchObject({ code: expect.stringMatching(/^model\./) })
  })

  it('cuts long lists and texts and says how long they are', async () => {
    const { view } = await viewed('long.onnx', {
      inputs: { x: [1] }, outputs: { y: [1] }, domains: { 'com.microsoft': 1 },
      nodes: [node('com.microsoft:Odd', ['x'], ['y'], { numbers: Array.from({ length: 500 }, (_, index) => index), words: 'x'.repeat(4000), table: noise([40, 40]) })],
    })
    const texts = Object.fromEntries(view.nodes[0]!.attributes.map(({ name, text }) => [name, text]))
    expect(texts['numbers']).toMatch(/^\[0, 1, .*15, … 500\]$/)
    expect(texts['words']).toMatch(/^x{120}… 4000$/)
    expect(texts['table']).toBe('float32 [40, 40]')
  })

  it('of 5,000 nodes is small enough to send, and comes through the child process', async () => {
    const nodes = Array.from({ length: 5000 }, (_, index) => node('Relu', [index === 0 ? 'x' : `/block.${index - 1}/out`], [index === 4999 ? 'y' : `/block.${index}/out`], {}, `/block.${index}/Relu`))
    const path = join(folder, 'large.onnx')
    await writeFile(path, model({ inputs: { x: [1, 8] }, outputs: { y: [1, 8] }, nodes }))
    const views = openViews()
    const view = await views.ask('graph', { model: path })
    views.close()
    expect(view.nodes).toHaveLength(5000)
    expect(view.tensors.find(({ name }) => name === '/block.4000/out')!.dims).toEqual([1, 8])
    expect(JSON.stringify(view).length).toBeLessThan(1.5e6)
  })
})

it('reads modules from names with slashes, and with points where there are none', () => {
  expect(scopeOf('/body/body.0/conv/Conv')).toEqual(['body', 'body.0', 'conv'])
  expect(scopeOf('model/conv2d/Conv2D')).toEqual(['model', 'conv2d'])
  expect(scopeOf('head.relu')).toEqual(['head'])
  expect([scopeOf('Conv_12'), scopeOf('')]).toEqual([[], []])
})
