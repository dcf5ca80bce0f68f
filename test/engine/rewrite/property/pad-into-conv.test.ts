import { padIntoConv } from '../../../../main/rewrite/pad-into-conv.ts'
import { floats, longs } from '../../../fixtures/build-model.ts'
import { contextOf } from '../../../fixtures/prove-rewrite.ts'
import { sketchOf, type Sketch } from '../../../fixtures/random-graph.ts'
import { testRewrite, type NearMiss } from '../../../fixtures/rewrite-property.ts'

const padded = (sketch: Sketch, pads: readonly number[], value?: number, mode = 'constant'): string =>
  sketch.add('Pad', ['x', sketch.put(longs(pads)), ...(value === undefined ? [] : [sketch.put(floats([], [value]))])], { mode }, { output: 'padded' })

testRewrite(padIntoConv, 6, (dice) => {
  const sketch = sketchOf(dice)
  const opset = dice.pick([9, 13, 18])
  const [top, left, bottom, right] = [dice.int(0, 2), dice.int(0, 2), dice.int(1, 2), dice.int(0, 2)]
  const wish = { kernel: dice.pick([1, 3]), pad: dice.int(0, 1), stride: dice.int(1, 2), groups: dice.pick([1, sketch.channels]) }
  const pads = [0, 0, top, left, 0, 0, bottom, right]
  const output = opset === 9 ? sketch.add('Pad', ['x'], { pads }) : opset === 18 && dice.chance(0.5)
    ? sketch.add('Pad', ['x', sketch.put(longs([left, top, right, bottom])), '', sketch.put(longs([3, -2]))])
    : padded(sketch, pads, dice.pick([undefined, 0]))
  return { graph: sketch.done([sketch.conv(output, sketch.channels, 2 * sketch.channels, wish)], { opset }) }
}, (dice) => {
  const sketch = sketchOf(dice)
  const pads = [0, 0, 1, 1, 0, 0, 1, 1]
  const conv = (input: string, channels = sketch.channels): string => sketch.conv(input, channels, 2, { kernel: 3 })
  return dice.pick<() => NearMiss>([
    () => ({ graph: sketch.done([conv(padded(sketch, pads)), sketch.add('Relu', ['padded'])]), why: /is read by/ }),
    () => ({ graph: sketch.done([conv(padded(sketch, pads)), 'padded']), why: /is an output/ }),
    () => ({ graph: sketch.done([conv(padded(sketch, pads))]), context: contextOf({}, ['padded']), why: /recipe speaks of/ }),
    () => ({ graph: sketch.done([conv(padded(sketch, pads, dice.int(1, 5)))]), why: /a Conv pads with 0/ }),
    () => ({ graph: sketch.done([conv(padded(sketch, pads, undefined, dice.pick(['edge', 'reflect'])))]), why: /pads by (edge|reflect)/ }),
    () => ({ graph: sketch.done([conv(padded(sketch, [0, 1, 0, 0, 0, 0, 0, 0]), sketch.channels + 1)]), why: /batch or channels/ }),
    () => ({ graph: sketch.done([conv(padded(sketch, [0, 0, -1, 0, 0, 0, 1, 0]))]), why: /cuts off/ }),
    () => ({ graph: sketch.done([sketch.add('MaxPool', [padded(sketch, pads)], { kernel_shape: [2, 2] })]), why: /only a Conv pads/ }),
    () => ({ graph: sketch.done([sketch.add('Conv', [padded(sketch, pads), sketch.put(dice.floats([2, sketch.channels, 3, 3]))], { auto_pad: 'SAME_UPPER' })]), why: /depends on the size/ }),
    () => ({ graph: sketch.done([conv(sketch.add('Pad', ['x', 'late']))], { inputs: { late: { type: 'int64', dims: [8] } } }), why: /run time|\[N, C, H, W\]/ }),
  ])()
})
