import { depthwiseToDense } from '../../../../main/rewrite/depthwise-to-dense.ts'
import { splitConcatAdd } from '../../../../main/rewrite/split-concat-add.ts'
import { split } from '../../../../main/rewrite/split.ts'
import { longs, node } from '../../../fixtures/build-model.ts'
import { contextOf } from '../../../fixtures/prove-rewrite.ts'
import { sketchOf, type Dice, type Sketch } from '../../../fixtures/random-graph.ts'
import { testRewrite, type Fitting, type NearMiss } from '../../../fixtures/rewrite-property.ts'

testRewrite(depthwiseToDense, 7, (dice) => {
  const sketch = sketchOf(dice)
  const [groups, each, out] = [dice.int(2, 4), dice.int(1, 2), dice.int(1, 3)]
  const head = sketch.conv('x', sketch.channels, groups * each)
  const kernel = dice.pick([1, 2, 3])
  const output = dice.chance(0.6)
    ? sketch.conv(head, groups * each, groups * out, { groups, kernel })
    : sketch.add('ConvTranspose', [head, sketch.put(dice.floats([groups * each, out, kernel, kernel], -0.5, 0.5))], { group: groups, strides: [2, 2] })
  return { graph: sketch.done([output]) }
}, (dice) => {
  const sketch = sketchOf(dice, { channels: 4 })
  return dice.pick<() => NearMiss>([
    () => ({ graph: sketch.done([sketch.conv('x', 4, 4)]), why: null }),
    () => ({ graph: sketch.done([sketch.add('Conv', ['x', 'late'], { group: 4 })], { inputs: { late: [4, 1, 3, 3] } }), why: /not constant float32/ }),
    () => ({ graph: sketch.done([sketch.add('Conv', [sketch.conv('x', 4, 4200, { kernel: 1 }), sketch.put(dice.floats([4200, 1, 1, 1]))], { group: 4200 })]), why: /4,200 times as many/ }),
  ])()
})

/** Convs whose outputs have one shape. */
const alike = (sketch: Sketch, kernel = sketch.dice.pick([1, 3]), stride = sketch.dice.int(1, 2)) => (input: string, from: number, output: string): string =>
  sketch.conv(input, from, 3, { kernel, stride, output })

function sums(dice: Dice): Fitting {
  const sketch = sketchOf(dice, { isOpen: false })
  return dice.pick<() => Fitting>([
    // A Conv over a Concat of two to four.
    () => {
      const parts = Array.from({ length: dice.int(2, 4) }, () => dice.int(1, 4)).map((channels) => ({ channels, name: sketch.conv('x', sketch.channels, channels) }))
      const all = parts.reduce((sum, { channels }) => sum + channels, 0)
      return { graph: sketch.done([sketch.conv(sketch.add('Concat', parts.map(({ name }) => name), { axis: dice.pick([1, -3]) }), all, 3, { stride: dice.int(1, 2) })]) }
    },
    // The same tensor twice: split and merged again.
    () => ({ graph: sketch.done([sketch.conv(sketch.add('Concat', ['x', 'x'], { axis: 1 }), 2 * sketch.channels, 3)]) }),
    // 3×3 and 1×1 of one input, as RepVGG trains them.
    () => {
      const wide = sketch.conv('x', sketch.channels, 3, { kernel: 3 })
      return { graph: sketch.done([sketch.add('Add', dice.chance(0.5) ? [wide, sketch.conv('x', sketch.channels, 3, { kernel: 1 })] : [sketch.conv('x', sketch.channels, 3, { kernel: 1 }), wide])]) }
    },
    () => {
      const conv = alike(sketch)
      return { graph: sketch.done([sketch.add('Add', [conv('x', sketch.channels, 'a'), conv('x', sketch.channels, 'b')])]) }
    },
    // Back: two Convs of few channels with a wide sum.
    () => {
      const conv = alike(sketch, dice.pick([1, 3]), 1)
      const [a, b] = [sketch.conv('x', sketch.channels, 2), sketch.add('Sigmoid', [sketch.conv('x', sketch.channels, 1)])]
      return { graph: sketch.done([sketch.add('Add', [conv(a, 2, 'left'), conv(b, 1, 'right')])]), context: contextOf({ to: 'concat' }) }
    },
  ])()
}

testRewrite(splitConcatAdd, 8, sums, (dice) => {
  const sketch = sketchOf(dice, { isOpen: false })
  const half = sketch.conv('x', sketch.channels, 2)
  const concat = (axis = 1): string => sketch.add('Concat', [half, half], { axis }, { output: 'both' })
  const conv = alike(sketch)
  return dice.pick<() => NearMiss>([
    () => ({ graph: sketch.done([sketch.conv(concat(), 4, 3), sketch.add('Relu', ['both'])]), why: /is read by/ }),
    () => ({ graph: sketch.done([sketch.conv(concat(), 4, 3), 'both']), why: /is an output/ }),
    () => ({ graph: sketch.done([sketch.conv(concat(), 4, 3)]), context: contextOf({}, ['both']), why: /recipe speaks of/ }),
    () => ({ graph: sketch.done([sketch.conv(concat(dice.int(2, 3)), 2, 3)]), why: /not the channels/ }),
    () => ({ graph: sketch.done([sketch.conv(concat(), 4, 4, { groups: 2 })]), why: /has groups/ }),
    () => ({ graph: sketch.done([sketch.add('Add', [conv('x', sketch.channels, 'a'), conv('x', sketch.channels, 'b')]), 'a']), why: /a is an output/ }),
    () => ({ graph: sketch.done([sketch.add('Add', [sketch.conv('x', sketch.channels, 3, { kernel: 3, pad: 1 }), sketch.conv('x', sketch.channels, 1, { kernel: 3, pad: 1 })])]), why: /repeats them/ }),
    () => {
      const apart = [half, sketch.conv('x', sketch.channels, 2)].map((name, index) => sketch.conv(name, 2, 1, { kernel: 1, output: `one${index}` }))
      return { graph: sketch.done([sketch.add('Add', apart)]), context: contextOf({ to: 'concat' }), why: /would move/ }
    },
    () => {
      const apart = ([1, 3] as const).map((kernel) => sketch.conv(half, 2, 3, { kernel, pad: kernel >> 1, output: `k${kernel}` }))
      const one = sketch.conv('x', sketch.channels, 3, { kernel: 5, pad: 2, output: 'k5' })
      return { graph: sketch.done([sketch.add('Add', [apart[dice.int(0, 1)]!, one])]), context: contextOf({ to: 'concat' }), why: /differ in kernel/ }
    },
  ])()
})

const cutInto = (sketch: Sketch, input: string, sizes: readonly number[], axis = 1): string[] => {
  const outputs = sizes.map((_, index) => `part${index}`)
  sketch.node(node('Split', [input, sketch.put(longs(sizes))], outputs, { axis }, 'cut'))
  return outputs
}

testRewrite(split, 9, (dice) => {
  const sketch = sketchOf(dice)
  const sizes = Array.from({ length: dice.int(2, 4) }, () => dice.int(1, 3))
  const parts = cutInto(sketch, sketch.conv('x', sketch.channels, sizes.reduce((sum, size) => sum + size, 0), { stride: dice.int(1, 2) }), sizes, dice.pick([1, -3]))
  return { graph: sketch.done([...parts.slice(1), sketch.conv(parts[0]!, sizes[0]!, 2)]) }
}, (dice) => {
  const sketch = sketchOf(dice, { channels: 4 })
  const wide = (groups = 1): string => sketch.conv('x', 4, 4, { groups, output: 'wide' })
  return dice.pick<() => NearMiss>([
    () => ({ graph: sketch.done([...cutInto(sketch, wide(), [1, 3]), sketch.add('Relu', ['wide'])]), why: /is read by/ }),
    () => ({ graph: sketch.done([...cutInto(sketch, wide(), [1, 3]), 'wide']), why: /is an output/ }),
    () => ({ graph: sketch.done(cutInto(sketch, wide(), [1, 3])), context: contextOf({}, ['wide']), why: /recipe speaks of/ }),
    () => ({ graph: sketch.done(cutInto(sketch, wide(dice.pick([2, 4])), [1, 3])), why: /has groups/ }),
    () => ({ graph: sketch.done(cutInto(sketch, sketch.add('Relu', [wide()]), [2, 2])), why: /not a Conv/ }),
    () => {
      const open = sketchOf(dice, { channels: 4, isOpen: true })
      return { graph: open.done(cutInto(open, open.conv('x', 4, 4), [2, 3], dice.pick([2, 3]))), why: /not the channels/ }
    },
  ])()
})
