import { describe, expect, it } from 'vitest'
import { inferValues } from '../../../main/runtime/values.ts'
import { longs, model, node, noise } from '../../fixtures/build-model.ts'

const net = model({
  inputs: { x: ['N', 3, 'H', 'W'] },
  outputs: { y: ['N', 1, 'H2', 'W2'] },
  values: { c: ['N', 4, 7, 7] },
  nodes: [
    node('Conv', ['x', 'w'], ['c'], { pads: [1, 1, 1, 1] }),
    node('Relu', ['c'], ['r']),
    node('DepthToSpace', ['r'], ['y'], { blocksize: 2 }),
  ],
  initializers: { w: noise([4, 3, 3, 3]) },
})

describe('inferred values', () => {
  it('are types and shapes of what goes in, is made, and comes out, with symbols', async () => {
    const plain = model({ inputs: { x: ['N', 3] }, outputs: { y: { type: 'int64', dims: null } }, nodes: [node('Relu', ['x'], ['r']), node('Shape', ['r'], ['y'])] })
    const values = await inferValues(plain)
    expect([...values.keys()].toSorted()).toEqual(['r', 'x', 'y'])
    expect(values.get('r')).toMatchObject({ type: 'float32', dims: ['N', 3] })
    expect(values.get('y')).toMatchObject({ type: 'int64', dims: [2] })
  })

  it('become numbers for given input sizes, whatever sizes the file states', async () => {
    const values = await inferValues(net, { x: [1, 3, 6, 8] })
    expect(values.get('x')?.dims).toEqual([1, 3, 6, 8])
    expect(values.get('c')?.dims).toEqual([1, 4, 6, 8])
    expect(values.get('y')?.dims).toEqual([1, 1, 12, 16])
    expect(values.has('w')).toBe(false)
  })

  it('see through shapes that are computed', async () => {
    const shaped = model({
      inputs: { x: [1, 6, 2, 2] },
      outputs: { y: null },
      nodes: [
        node('Shape', ['x'], ['s']),
        node('Gather', ['s', 'zero'], ['batch'], { axis: 0 }),
        node('Unsqueeze', ['batch', 'axes'], ['b']),
        node('Concat', ['b', 'rest'], ['target'], { axis: 0 }),
        node('Reshape', ['x', 'target'], ['y']),
      ],
      initializers: { zero: longs([0], []), axes: longs([0]), rest: longs([-1, 4]) },
    })
    const values = await inferValues(shaped)
    expect(values.get('y')?.dims).toEqual([1, 6, 4])
    expect(values.get('batch')?.dims).toEqual([])
  })

  it('leave an unknown rank unknown', async () => {
    const values = await inferValues(model({ inputs: { x: [6], s: { type: 'int64', dims: ['R'] } }, outputs: { y: null }, nodes: [node('Reshape', ['x', 's'], ['y'])] }))
    expect(values.get('y')).toMatchObject({ type: 'float32', dims: null })
  })

  it('leave out tensors of a type that cannot leave the runtime', async () => {
    const casts = [node('Cast', ['x'], ['half'], { to: 16 }), node('Cast', ['half'], ['y'], { to: 1 })]
    const values = await inferValues(model({ inputs: { x: [3] }, outputs: { y: [3] }, nodes: casts }))
    expect(values.get('y')?.dims).toEqual([3])
    expect(values.get('x')?.dims).toEqual([3])
    expect(values.has('half')).toBe(false)
  })

  it('refuse sizes that do not fit', async () => {
    await expect(inferValues(net, { x: [1, 4, 6, 8] })).rejects.toMatchObject({ code: 'input.wrong-shape', where: "input 'x'", what: expect.stringContaining('[N, 3, H, W]') })
    await expect(inferValues(net, { x: [1, 3, 6] })).rejects.toMatchObject({ code: 'input.wrong-shape' })
    await expect(inferValues(net, { xx: [1] })).rejects.toMatchObject({ code: 'input.unknown-input', next: 'Did you mean x?' })
  })

  it('name the node that is refused', async () => {
    const bad = model({ inputs: { x: [1] }, outputs: { y: null }, nodes: [node('Frobnicate', ['x'], ['y'])] })
    await expect(inferValues(bad, {}, 'net.onnx')).rejects.toMatchObject({ code: 'model.unsupported-operator', where: "net.onnx, node 'node_y'" })
  })
})
