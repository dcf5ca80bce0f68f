import type { Graph } from '../../../../main/onnx/graph.ts'
import { tensor } from '../../../../main/onnx/tensor.ts'
import { removeIdentity } from '../../../../main/rewrite/remove-identity.ts'
import { floats, longs } from '../../../fixtures/build-model.ts'
import { contextOf } from '../../../fixtures/prove-rewrite.ts'
import { sketchOf, type Dice, type Sketch } from '../../../fixtures/random-graph.ts'
import { testRewrite } from '../../../fixtures/rewrite-property.ts'

/** Copies of every kind; each gives what `input` holds. */
const COPIES: readonly ((sketch: Sketch, input: string) => string)[] = [
  (sketch, input) => sketch.add('Identity', [input]),
  (sketch, input) => sketch.add('Dropout', sketch.dice.chance(0.5) ? [input] : [input, sketch.put(floats([], [0.5])), sketch.put(tensor('bool', [], Uint8Array.of(0)))]),
  (sketch, input) => sketch.add('Reshape', [input, sketch.put(longs(sketch.dice.pick([[0, 0, 0, 0], [0, 0, 0, -1], [-1, 0, 0, 0]])))]),
  (sketch, input) => sketch.add('Transpose', [input], { perm: [0, 1, 2, 3] }),
  (sketch, input) => sketch.add('Pad', [input, sketch.put(longs([0, 0, 0, 0, 0, 0, 0, 0]))], { mode: sketch.dice.pick(['constant', 'reflect', 'edge']) }),
  (sketch, input) => sketch.add('Slice', [input, sketch.put(longs([0, 0])), sketch.put(longs([2 ** 31 - 1, Number.MAX_SAFE_INTEGER])), sketch.put(longs([2, -1]))]),
  (sketch, input) => sketch.add('Resize', [input, '', sketch.put(floats([4], [1, 1, 1, 1]))], {
    mode: sketch.dice.pick(['nearest', 'linear', 'cubic']), coordinate_transformation_mode: sketch.dice.pick(['half_pixel', 'asymmetric', 'align_corners', 'pytorch_half_pixel']),
  }),
  (sketch, input) => sketch.add('Cast', [input], { to: 1 }),
  (sketch, input) => sketch.add('Concat', [input], { axis: sketch.dice.int(0, 3) }),
]

/** Conv, one to three copies in a row, and Conv or an output behind them. */
function fitting(dice: Dice): { graph: Graph; verdict: 'exact' } {
  const sketch = sketchOf(dice)
  const conv = sketch.conv('x', sketch.channels, 3)
  let tensorName = conv
  for (let count = dice.int(1, 3); count > 0; count--) tensorName = dice.pick(COPIES)(sketch, tensorName)
  const outputs = dice.chance(0.4) ? [tensorName] : [sketch.conv(tensorName, 3, 2)]
  if (dice.chance(0.3)) outputs.push(sketch.add('Relu', [conv]))
  return { graph: sketch.done(outputs), verdict: 'exact' }
}

testRewrite(removeIdentity, 1, fitting, (dice) => {
  const sketch = sketchOf(dice, { isOpen: true })
  const conv = sketch.conv('x', sketch.channels, 3)
  const open = { inputs: { late: { type: 'int64' as const, dims: [4] } } }
  return dice.pick([
    () => ({ graph: sketch.done([conv, COPIES[0]!(sketch, conv)]), why: /both names stay/ }),
    () => ({ graph: sketch.done([sketch.add('Identity', ['x'])]), why: /no node's result/ }),
    () => {
      const copy = dice.pick(COPIES)(sketch, conv)
      return { graph: sketch.done([sketch.add('Relu', [copy])]), context: contextOf({}, [conv, copy]), why: /recipe speaks of/ }
    },
    () => ({ graph: sketch.done([sketch.add('Reshape', [conv, 'late'])], open), why: /run time/ }),
    () => ({ graph: sketch.done([sketch.add('Resize', [conv, sketch.put(floats([8], [0, 0, 0, 0, 1, 1, 1, 1])), sketch.put(floats([4], [1, 1, 1, 1]))], { mode: 'nearest', coordinate_transformation_mode: 'tf_crop_and_resize' })]), why: /region/ }),
    () => ({ graph: sketch.done([sketch.add('Slice', [conv, sketch.put(longs([0])), sketch.put(longs([dice.int(3, 40)])), sketch.put(longs([3]))])]), why: /or before is only known/ }),
    () => ({ graph: sketch.done([sketch.add('Transpose', [conv], { perm: dice.pick([[0, 1, 3, 2], [0, 2, 3, 1]]) })]), why: null }),
    () => ({ graph: sketch.done([sketch.add('Pad', [conv, sketch.put(longs([0, 0, 0, 0, 0, 0, 0, dice.int(1, 3)]))])]), why: null }),
  ])()
})
