import { expect, it } from 'vitest'
import { quietTask } from '../../../main/core/task.ts'
import { wishesOf } from '../../../main/engine/jobs/rewritten.ts'
import { applyRewrites, placedWishes } from '../../../main/rewrite/apply.ts'
import { floats, graph, node, noise } from '../../fixtures/build-model.ts'
import { contextOf, withShapes } from '../../fixtures/prove-rewrite.ts'
import { faultOf } from '../../fixtures/thrown-fault.ts'

const enlarge = (name: string, input: string, output: string) => node('Resize', [input, '', 'scales'], [output], { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' }, name)

it('a single place has settings of its own, the rest those of its rewrite', async () => {
  const given = await withShapes(graph({
    inputs: { x: ['N', 2, 'H', 'W'] }, outputs: { y: null }, initializers: { w: noise([2, 2, 3, 3]), scales: floats([4], [1, 1, 2, 2]) },
    nodes: [enlarge('first', 'x', 'a'), node('Conv', ['a', 'w'], ['c'], { pads: [1, 1, 1, 1] }, 'conv'), enlarge('second', 'c', 'y')],
  }))
  const wishes = wishesOf({ 'resize-to-conv': { places: { second: { form: 'convtranspose' } } } })
  const { steps, graph: after } = await applyRewrites(given, wishes, { context: contextOf(), where: 'net.onnx' }, quietTask)
  expect(steps.map(({ options, matches }) => [options, matches.map(({ nodes }) => nodes[0])])).toEqual([[{ form: 'convtranspose' }, ['second']], [{}, ['first']]])
  expect(after.nodes.map(({ op }) => op)).toEqual(['Conv', 'DepthToSpace', 'Conv', 'ConvTranspose'])
})

it('places outside of `nodes` are left alone, and what is no map of settings is refused', async () => {
  const wish = { rewrite: 'resize-to-conv', options: { form: 'grouped', places: { a: { form: 'cascade' }, b: {} } } }
  expect(placedWishes({ ...wish, nodes: ['a', 'c'] })).toEqual([
    { rewrite: 'resize-to-conv', options: { form: 'cascade' }, nodes: ['a'] }, { rewrite: 'resize-to-conv', options: { form: 'grouped' }, nodes: ['c'] },
  ])
  expect(placedWishes({ ...wish, nodes: ['a'] })).toHaveLength(1)
  for (const places of [['a'], { a: 'cascade' }, 7]) expect(await faultOf(async () => placedWishes({ ...wish, options: { places } }))).toMatchObject({ code: 'recipe.wrong-value', where: 'rewrite.resize-to-conv.places' })
})
