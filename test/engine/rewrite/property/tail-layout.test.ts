import { describe, expect, it } from 'vitest'
import { quietTask } from '../../../../main/core/task.ts'
import { quantizeOptions } from '../../../../main/quantize/options.ts'
import { planQuantization } from '../../../../main/quantize/plan.ts'
import { applyRewrites, proveStep } from '../../../../main/rewrite/apply.ts'
import { tailLayout } from '../../../../main/rewrite/tail-layout.ts'
import { floats, longs } from '../../../fixtures/build-model.ts'
import { contextOf, withShapes } from '../../../fixtures/prove-rewrite.ts'
import { diceOf, sketchOf, type Dice, type Sketch } from '../../../fixtures/random-graph.ts'
import { testRewrite, type Fitting, type NearMiss } from '../../../fixtures/rewrite-property.ts'

const mover = (sketch: Sketch, input: string): string => {
  const { dice, add, put } = sketch
  return dice.pick([
    () => add('Transpose', [input], { perm: [0, 2, 3, 1] }),
    () => add('DepthToSpace', [input], { blocksize: 2 }),
    () => add('Identity', [input]),
    () => add('Slice', [input, put(longs([0])), put(longs([1])), put(longs([1]))]),
  ])()
}

const cut = (sketch: Sketch, input: string): string => (sketch.dice.chance(0.5) ? sketch.add('Relu', [input]) : sketch.add('Clip', [input, sketch.put(floats([], [0])), sketch.put(floats([], [0.5]))]))

function fitting(dice: Dice): Fitting {
  const sketch = sketchOf(dice)
  const conv = sketch.conv(sketch.add('Relu', [sketch.conv('x', sketch.channels, 4)]), 4, 8, { name: 'last' })
  const isHost = dice.chance(0.4)
  const behind = isHost ? cut(sketch, conv) : conv
  const output = dice.chance(0.7) ? mover(sketch, behind) : behind
  return { graph: sketch.done([isHost && dice.chance(0.3) ? cut(sketch, output) : output]), context: contextOf(isHost ? { clip: 'host' } : {}), verdict: 'exact' }
}

testRewrite(tailLayout, 15, fitting, (dice) => {
  const sketch = sketchOf(dice, { channels: 3 })
  const conv = sketch.conv('x', 3, 8, { output: 'raw' })
  const host = contextOf({ clip: 'host' })
  return dice.pick<() => NearMiss>([
    () => ({ graph: sketch.done([mover(sketch, cut(sketch, conv))]), why: /with `clip: host` it may run behind the dequantize/ }),
    () => ({ graph: sketch.done([sketch.add('Clip', [conv, 'late'])], { inputs: { late: [] } }), context: host, why: /bounds are no constants/ }),
    () => ({ graph: sketch.done([mover(sketch, sketch.add('Add', [conv, sketch.put(dice.floats([8, 1, 1]))]))]), why: /hoist-mean or fold-affine/ }),
    () => ({ graph: sketch.done([mover(sketch, sketch.add('Add', [conv, sketch.conv('x', 3, 8)]))]), why: /\(Add\) computes on codes/ }),
    () => ({ graph: sketch.done([sketch.add(dice.pick(['Tanh', 'Sigmoid', 'Softmax']), [conv])]), context: host, why: /computes on codes/ }),
    () => ({ graph: sketch.done([mover(sketch, conv), sketch.add('Tanh', ['raw'])]), why: /raw is also read by/ }),
    () => ({ graph: sketch.done([sketch.add('Concat', [conv, sketch.conv('x', 3, 8)], { axis: 1 })]), why: /\(Concat\) computes on codes/ }),
  ])()
})

describe('tail-layout', () => {
  it('says one thing of the recipe, once, and leaves the graph as it is; the plan then gives the tail no codes', async () => {
    for (let index = 0; index < 10; index++) {
      const { graph, context } = fitting(diceOf(15, index))
      const before = await withShapes(graph)
      const { clip } = context!.options
      const { steps, graph: after } = await applyRewrites(before, [{ rewrite: 'tail-layout', options: context!.options }], { context: context!, where: 'model' }, quietTask)
      expect(steps).toMatchObject([{ settings: [`quantize.output=${clip === 'host' ? 'accumulator-clip' : 'accumulator'}`], matches: [{ nodes: expect.arrayContaining(['last']) }] }])
      expect(after).toBe(before)
      expect(await proveStep(steps[0]!, { threads: 1, samples: [], where: 'model' }, quietTask)).toMatchObject({ verdict: 'exact' })
      const plan = planQuantization(before, quantizeOptions({ output: clip === 'host' ? 'accumulator-clip' : 'accumulator' }))
      const last = before.nodes.findIndex(({ name }) => name === 'last')
      const tail = before.nodes.slice(last).flatMap(({ outputs }) => outputs)
      expect(plan.tensors.map(({ tensor }) => tensor).filter((tensor) => tail.includes(tensor))).toEqual([])
      expect([...plan.floatNodes.keys()].toSorted()).toEqual(before.nodes.slice(last + 1).map(({ name }) => name).toSorted())
    }
  })
})
