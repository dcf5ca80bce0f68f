import { depthToSpaceMode } from '../../../../main/rewrite/depth-to-space-mode.ts'
import { floats } from '../../../fixtures/build-model.ts'
import { contextOf } from '../../../fixtures/prove-rewrite.ts'
import { sketchOf, type Sketch } from '../../../fixtures/random-graph.ts'
import { testRewrite, type NearMiss } from '../../../fixtures/rewrite-property.ts'

const shuffle = (sketch: Sketch, input: string, blocksize: number, mode: string): string => sketch.add('DepthToSpace', [input], { blocksize, mode }, { name: 'shuffle' })

/** What treats every value alike: an activation, or a number that is multiplied, added or subtracted. */
function elementwise(sketch: Sketch, input: string): string {
  const { dice, add, put } = sketch
  return dice.pick([
    () => add(dice.pick(['Relu', 'Sigmoid', 'Tanh', 'LeakyRelu', 'HardSwish', 'Elu', 'Abs', 'Neg', 'Identity']), [input]),
    () => add('Clip', [input, put(floats([], [-0.5])), put(floats([], [0.5]))]),
    () => add(dice.pick(['Add', 'Sub', 'Mul']), [input, put(dice.floats(dice.pick([[], [1], [1, 1, 1, 1]])))]),
  ])()
}

testRewrite(depthToSpaceMode, 13, (dice) => {
  const sketch = sketchOf(dice)
  const [factor, colours] = [dice.int(2, 3), dice.int(1, 4)]
  const wide = (): string => sketch.conv('x', sketch.channels, colours * factor * factor)
  const from = dice.pick(['DCR', 'CRD'])
  let before = wide()
  for (let left = dice.int(0, 2); left > 0; left--) before = elementwise(sketch, before)
  // Sums of convolutions: the rows of all of them change places.
  for (let left = dice.int(0, 2); left > 0; left--) before = sketch.add(dice.pick(['Add', 'Sub', 'Mul']), dice.chance(0.5) ? [before, wide()] : [wide(), before])
  return { graph: sketch.done([shuffle(sketch, before, factor, from)]), context: contextOf({ to: from === 'DCR' ? 'CRD' : 'DCR' }) }
}, (dice) => {
  const sketch = sketchOf(dice, { channels: 4 })
  const wide = (groups = 1): string => sketch.conv('x', 4, 8, { groups, output: 'wide' })
  const crd = (input: string): string => shuffle(sketch, input, 2, 'CRD')
  return dice.pick<() => NearMiss>([
    () => ({ graph: sketch.done([crd(wide()), sketch.add('Tanh', ['wide'])]), why: /wide is needed elsewhere too/ }),
    () => ({ graph: sketch.done([crd(wide()), 'wide']), why: /wide is needed elsewhere too/ }),
    () => ({ graph: sketch.done([crd(wide())]), context: contextOf({}, ['wide']), why: /recipe speaks of wide/ }),
    () => ({ graph: sketch.done([crd(wide(dice.pick([2, 4])))]), why: /has groups/ }),
    () => ({ graph: sketch.done([crd(sketch.add(dice.pick(['Mul', 'Add']), [wide(), sketch.put(dice.floats([8, 1, 1]))]))]), why: /comes from outside/ }),
    () => ({ graph: sketch.done([crd(sketch.add('PRelu', [wide(), sketch.put(dice.floats([8, 1, 1]))]))]), why: /is no Conv/ }),
    () => ({ graph: sketch.done([crd(sketch.add('MaxPool', [wide()], { kernel_shape: [1, 1] }))]), why: /is no Conv/ }),
    () => ({ graph: sketch.done([crd('x')]), why: /comes from outside/ }),
    () => ({ graph: sketch.done([crd(sketch.add('Conv', ['x', 'late']))], { inputs: { late: [8, 4, 1, 1] } }), why: /not constant float32/ }),
    () => ({ graph: sketch.done([crd(sketch.add('Concat', [wide(), sketch.conv('x', 4, 4)], { axis: 1 }))]), why: /is no Conv/ }),
    // It stands in the order that is asked for.
    () => ({ graph: sketch.done([shuffle(sketch, wide(), 2, 'DCR')]), why: null }),
  ])()
})
