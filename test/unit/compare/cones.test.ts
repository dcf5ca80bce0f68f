import { expect, test } from 'vitest'
import { coneHashes } from '../../../main/compare/cones.ts'
import type { Graph } from '../../../main/onnx/graph.ts'
import { floats, graph, node } from '../../fixtures/build-model.ts'

const build = (changes: { readonly w1?: number; readonly axis?: number; readonly opset?: number } = {}): Graph => graph({
  inputs: { x: [1, 3, 4, 4] }, outputs: { y: null }, opset: changes.opset ?? 17,
  nodes: [node('Mul', ['x', 'w0'], ['a']), node('Softmax', ['a'], ['b'], { axis: changes.axis ?? 1 }), node('Mul', ['b', 'w1'], ['y'])],
  initializers: { w0: floats([1], [2]), w1: floats([1], [changes.w1 ?? 3]) },
})
const equal = (a: Graph, b: Graph): string => {
  const [one, other] = [coneHashes(a), coneHashes(b)]
  return [...one.keys()].filter((name) => one.get(name) === other.get(name)).join(' ')
}

test('what is computed alike has the same hash; a constant changes what lies below it', () => {
  expect(equal(build(), build())).toBe('x w0 w1 a b y')
  expect(equal(build(), build({ w1: 4 }))).toBe('x w0 a b')
  expect(equal(build(), build({ axis: 2 }))).toBe('x w0 w1 a')
  expect(equal(build(), build({ opset: 18 }))).toBe('w0 w1')
})

test('names of tensors between do not matter, order of inputs does', () => {
  const renamed = { ...build(), nodes: [node('Mul', ['x', 'w0'], ['p']), node('Softmax', ['p'], ['q'], { axis: 1 }), node('Mul', ['q', 'w1'], ['y'])] }
  expect(coneHashes(renamed).get('y')).toBe(coneHashes(build()).get('y'))
  const swapped = { ...build(), nodes: build().nodes.map((each) => (each.outputs[0] === 'y' ? { ...each, inputs: ['w1', 'b'] } : each)) }
  expect(coneHashes(swapped).get('y')).not.toBe(coneHashes(build()).get('y'))
})

test('what cannot be read equals nothing, not even itself', () => {
  const opaque = { ...build(), nodes: build().nodes.map((each) => (each.op === 'Softmax' ? { ...each, attributes: new Map([['body', { kind: 'other' as const }]]) } : each)) }
  expect(equal(opaque, opaque)).toBe('x w0 w1 a')
})
