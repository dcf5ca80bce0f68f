import { describe, expect, it } from 'vitest'
import { watchedTensors } from '../../../main/calibrate/watch.ts'
import { floats, graph, longs, node, noise } from '../../fixtures/build-model.ts'

const x = { x: ['N', 3, 'H', 'W'] } as const

describe('watchedTensors', () => {
  it('leaves out what movers share and what an activation absorbs', () => {
    const g = graph({
      inputs: x, outputs: { y: null },
      nodes: [
        node('Concat', ['x', 'x', 'x', 'x'], ['anchor'], { axis: 1 }),
        node('Conv', ['x', 'w'], ['c0']), node('Relu', ['c0'], ['r0']),
        node('Conv', ['r0', 'w1'], ['c1']), node('BatchNormalization', ['c1', 's', 's', 's', 's'], ['bn']), node('Clip', ['bn', '', 'six'], ['r1']),
        node('Conv', ['r1', 'w1'], ['c2']), node('Add', ['c2', 'anchor'], ['sum']),
        node('DepthToSpace', ['sum'], ['shuffled'], { blocksize: 2 }), node('Clip', ['shuffled', '', 'six'], ['y']),
      ],
      initializers: { w: noise([12, 3, 1, 1]), w1: noise([12, 12, 1, 1]), s: noise([12]), six: floats([], [6]) },
    })
    expect(watchedTensors(g)).toEqual(['x', 'r0', 'r1', 'c2', 'sum', 'y'])
  })

  it('keeps a pre-activation that something else reads, that is an output, or that could be NaN', () => {
    const g = graph({
      inputs: x, outputs: { r0: null, c1: null, r1: null, r2: null, s: null },
      nodes: [
        node('Conv', ['x', 'w'], ['c0']), node('Relu', ['c0'], ['r0']), node('Sigmoid', ['c0'], ['s']),
        node('Conv', ['x', 'w'], ['c1']), node('Relu', ['c1'], ['r1']),
        node('Sqrt', ['x'], ['root']), node('Relu', ['root'], ['r2']),
      ],
      initializers: { w: noise([4, 3, 1, 1]) },
    })
    expect(watchedTensors(g)).toEqual(['x', 'c0', 'r0', 's', 'c1', 'r1', 'root', 'r2'])
  })

  it('leaves out integers, shapes, constants and what is computed from constants alone', () => {
    const g = graph({
      inputs: { ...x, ids: { type: 'int64', dims: [4] } }, outputs: { y: null, best: { type: 'int64', dims: null } },
      nodes: [
        node('Shape', ['x'], ['shape']), node('Cast', ['shape'], ['shapeFloat'], { to: 1 }), node('Cast', ['x'], ['whole'], { to: 7 }),
        node('ArgMax', ['x'], ['best']), node('Mul', ['k', 'k'], ['kk']), node('Mul', ['x', 'kk'], ['y']), node('Greater', ['x', 'k'], ['mask']), node('Gather', ['ids', 'i'], ['some']),
      ],
      initializers: { k: floats([1], [2]), i: longs([0]) },
    })
    expect(watchedTensors(g)).toEqual(['x', 'shapeFloat', 'y'])
  })
})
