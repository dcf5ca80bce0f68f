import { fuseActivation } from '../../../../main/rewrite/fuse-activation.ts'
import { floats } from '../../../fixtures/build-model.ts'
import { contextOf } from '../../../fixtures/prove-rewrite.ts'
import { sketchOf, type Sketch } from '../../../fixtures/random-graph.ts'
import { testRewrite, type NearMiss } from '../../../fixtures/rewrite-property.ts'

const number = (sketch: Sketch, low: number, high: number): string => sketch.put(sketch.dice.floats(sketch.dice.pick([[], [1]]), low, high))

/** An activation that cuts off at constants; early opsets write bounds as attributes. */
function cut(sketch: Sketch, input: string, opset: number): string {
  const { dice, add } = sketch
  const scalar = (low: number, high: number): string => sketch.put(dice.floats([], low, high))
  return dice.pick([
    () => add('Relu', [input]),
    () => add(dice.pick(['Max', 'Min']), dice.chance(0.5) ? [input, number(sketch, -0.5, 0.5)] : [number(sketch, -0.5, 0.5), input]),
    () => (opset < 11 ? add('Clip', [input], { min: dice.int(-4, 0) / 8, max: dice.int(1, 4) / 8 }) : add('Clip', [input, dice.chance(0.3) ? '' : scalar(-0.5, 0), ...(dice.chance(0.3) ? [] : [scalar(0, 0.5)])])),
  ])()
}

testRewrite(fuseActivation, 5, (dice) => {
  const opset = dice.pick([9, 13, 17])
  const sketch = sketchOf(dice)
  const conv = sketch.conv('x', sketch.channels, 3)
  let output = cut(sketch, cut(sketch, conv, opset), opset)
  if (dice.chance(0.4)) output = cut(sketch, output, opset)
  return { graph: sketch.done([dice.chance(0.5) ? output : sketch.conv(output, 3, 2)], { opset }), verdict: 'exact' }
}, (dice) => {
  const sketch = sketchOf(dice)
  const first = sketch.add('Relu', [sketch.conv('x', sketch.channels, 3)], {}, { output: 'first' })
  const second = (): string => sketch.add('Clip', [first, sketch.put(floats([], [-1])), sketch.put(floats([], [0.5]))])
  return dice.pick<() => NearMiss>([
    () => ({ graph: sketch.done([second(), sketch.add('Sigmoid', [first])]), why: /is read by/ }),
    () => ({ graph: sketch.done([second(), first]), why: /is an output/ }),
    () => ({ graph: sketch.done([second()]), context: contextOf({}, [first]), why: /recipe speaks of first/ }),
    () => ({ graph: sketch.done([sketch.add('Clip', [first, sketch.put(floats([], [1])), sketch.put(floats([], [0.5]))])]), why: /bounds cross/ }),
    () => ({ graph: sketch.done([sketch.add('Clip', [first, 'late'])], { inputs: { late: [] } }), why: /no constants/ }),
    () => ({ graph: sketch.done([sketch.add('Max', [first, sketch.put(dice.floats([3, 1, 1]))])]), why: /not one number/ }),
    () => ({ graph: sketch.done([sketch.add(dice.pick(['Sigmoid', 'Tanh', 'LeakyRelu']), [first])]), why: null }),
  ])()
})
