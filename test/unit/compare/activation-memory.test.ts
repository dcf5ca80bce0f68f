import { expect, test } from 'vitest'
import { activationPeak } from '../../../main/compare/activation-memory.ts'
import { graph, node, noise, type ModelSpec } from '../../fixtures/build-model.ts'

const peakOf = (spec: ModelSpec) => {
  const made = graph(spec)
  return activationPeak(made, made.values)
}

// One channel of 2×2 is 4 values.
const map = (channels: number) => [1, channels, 2, 2]

test('a chain holds what a node reads and what it makes', () => {
  const peak = peakOf({
    inputs: { x: map(1) }, values: { a: map(5), b: map(2) }, outputs: { y: map(1) },
    nodes: [node('Conv', ['x', 'w0'], ['a']), node('Conv', ['a', 'w1'], ['b']), node('Conv', ['b', 'w2'], ['y'])],
    initializers: { w0: noise([5, 1, 1, 1]), w1: noise([2, 5, 1, 1]), w2: noise([1, 2, 1, 1]) },
  })
  expect(peak).toEqual({ values: 4 * (5 + 2), node: 'node_b', tensors: [{ tensor: 'a', values: 20 }, { tensor: 'b', values: 8 }] })
})

test('a skip is held until it is read for the last time', () => {
  const nodes = [node('Conv', ['x', 'w0'], ['a']), node('Conv', ['a', 'w1'], ['b']), node('Add', ['b', 'x'], ['y'])]
  const spec = { inputs: { x: map(3) }, values: { a: map(4), b: map(3) }, outputs: { y: map(3) }, initializers: { w0: noise([4, 3, 1, 1]), w1: noise([3, 4, 1, 1]) } }
  // x, a and b while the second Conv computes; b, x and y at the end are 9 channels.
  expect(peakOf({ ...spec, nodes })).toMatchObject({ values: 4 * (3 + 4 + 3), node: 'node_b' })
  const plain = [...nodes.slice(0, 2), node('Relu', ['b'], ['y'])]
  expect(peakOf({ ...spec, nodes: plain })).toMatchObject({ values: 4 * (3 + 4), node: 'node_a' })
})

test('what works value by value writes over its input, unless that is needed later or leaves the graph', () => {
  const inner = { inputs: { x: map(1) }, values: { a: map(6), b: map(6) }, initializers: { w: noise([6, 1, 1, 1]), v: noise([1, 6, 1, 1]) } }
  const relu = [node('Conv', ['x', 'w'], ['a']), node('Relu', ['a'], ['b'])]
  expect(peakOf({ ...inner, outputs: { y: map(1) }, nodes: [...relu, node('Conv', ['b', 'v'], ['y'])] })!.values).toBe(4 * 7)
  expect(peakOf({ ...inner, outputs: { y: map(6) }, nodes: [...relu, node('Add', ['b', 'a'], ['y'])] })!.values).toBe(4 * 18)
  expect(peakOf({ ...inner, outputs: { a: map(6), b: map(6) }, nodes: relu })!.values).toBe(4 * 12)
})

test('weights and what constants make are not counted; an open size makes no answer', () => {
  const spec: ModelSpec = {
    inputs: { x: map(1) }, values: { c: [4] }, outputs: { y: map(1) }, initializers: { w: noise([4]), k: noise([1, 1, 1, 1]) },
    nodes: [node('Relu', ['w'], ['c']), node('Conv', ['x', 'k'], ['y'])],
  }
  expect(peakOf(spec)!.values).toBe(8)
  expect(peakOf({ ...spec, outputs: { y: [1, 1, 'h', 2] } })).toBeNull()
})
