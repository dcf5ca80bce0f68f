import { expect, test } from 'vitest'
import { resolveOverrides } from '../../../main/quantize/overrides.ts'
import { quantizeOptions, type LayerOverride } from '../../../main/quantize/options.ts'
import { quantize } from '../../../main/quantize/quantize.ts'
import { recipeFromText } from '../../../main/recipe/read-recipe.ts'
import { graph, noise, node } from '../../fixtures/build-model.ts'
import { faultOf } from '../../fixtures/thrown-fault.ts'

const MODEL = graph({
  inputs: { x: [1, 3, 8, 8] }, outputs: { y: [1, 3, 8, 8] },
  nodes: [node('Conv', ['x', 'w0'], ['a'], { pads: [1, 1, 1, 1] }, 'first'), node('Sigmoid', ['a'], ['s'], {}, 'gate'), node('Conv', ['s', 'w1'], ['y'], { pads: [1, 1, 1, 1] }, 'last')],
  initializers: { w0: noise([3, 3, 3, 3], 1), w1: noise([3, 3, 3, 3], 2) },
})
const rowsOf = (layers: Readonly<Record<string, LayerOverride>>) =>
  new Map(quantize(MODEL, quantizeOptions({ layers }), () => ({ lo: -2, hi: 2, method: 'max', why: 'seen' })).table.map((row) => [row.tensor, row]))

test('a range of the recipe replaces what a method, a rule or a known range says', () => {
  const rows = rowsOf({ first: { range: [-1, 4] }, s: { range: [0, 0.5] } })
  expect(rows.get('a')).toMatchObject({ lo: -1, hi: 4, method: 'threshold', reason: 'given in the recipe' })
  expect(rows.get('s')).toMatchObject({ lo: 0, hi: 0.5, method: 'threshold' })
  expect(rowsOf({}).get('s')).toMatchObject({ lo: 0, hi: 1, method: 'result-range' })
})

test('of a threshold and a range the more exact line counts', () => {
  expect(rowsOf({ 'op:Conv': { range: [-1, 4] }, first: { threshold: 3 } }).get('a')).toMatchObject({ lo: -3, hi: 3 })
  expect(rowsOf({ 'op:Conv': { threshold: 3 }, first: { range: [-1, 4] } }).get('a')).toMatchObject({ lo: -1, hi: 4 })
  expect(resolveOverrides(MODEL, { 'op:Conv': { threshold: 3, bits: 16 }, first: { range: [-1, 4] } }).get('a')).toEqual({ bits: 16, range: [-1, 4], from: ['op:Conv', 'first'] })
})

test('is refused where it is empty, does not hold 0, or stands beside a threshold', async () => {
  const read = (line: string) => () => recipeFromText(`model: m.onnx\nquantize:\n  layers:\n    a: ${line}\n`, '/')
  expect(read('{ range: [-1.5, 3] }')().quantize.layers).toEqual({ a: { range: [-1.5, 3] } })
  for (const line of ['{ range: [1, 3] }', '{ range: [-1, -0.5] }', '{ range: [0, 0] }', '{ range: [3] }', '{ range: [-1, 3], threshold: 2 }']) {
    expect((await faultOf(read(line))).code, line).toMatch(/^recipe\./)
  }
})
