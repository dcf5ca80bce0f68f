import { float32ToFloat16 } from '../../../../main/onnx/float-bits.ts'
import type { Tensor } from '../../../../main/onnx/graph.ts'
import { float32, tensor } from '../../../../main/onnx/tensor.ts'
import { foldConstants } from '../../../../main/rewrite/fold-constants.ts'
import { fp16ToFloat } from '../../../../main/rewrite/fp16-to-float.ts'
import { opset } from '../../../../main/rewrite/opset.ts'
import { floats, longs } from '../../../fixtures/build-model.ts'
import { contextOf } from '../../../fixtures/prove-rewrite.ts'
import { sketchOf, type Dice, type Sketch } from '../../../fixtures/random-graph.ts'
import { testRewrite, type NearMiss } from '../../../fixtures/rewrite-property.ts'

/** Constants of [3, 1, 1] made in a roundabout way. */
function roundabout(sketch: Sketch): string {
  const { dice, add, put } = sketch
  const start = (): string => put(dice.floats([3, 1, 1]))
  return dice.pick([
    () => add('Mul', [start(), add('Exp', [start()])]),
    () => add('Transpose', [put(dice.floats([1, 1, 3]))], { perm: [2, 0, 1] }),
    () => add('Unsqueeze', [add('Gather', [put(dice.floats([5, 1])), put(longs([dice.int(0, 4), dice.int(0, 4), dice.int(0, 4)]))], { axis: 0 }), put(longs([2]))]),
    () => add('Reshape', [add('Concat', [put(dice.floats([1])), put(dice.floats([2]))], { axis: 0 }), put(longs([3, 1, 1]))]),
    () => add('Cast', [add('Cast', [start()], { to: 1 })], { to: 1 }),
    () => add('ConstantOfShape', [put(longs([3, 1, 1]))], { value: { kind: 'tensor', value: dice.floats([1]) } }),
  ])()
}

/** Channels are fixed while height and width are open: what Gather takes of the Shape is known. */
function channelsByShape(sketch: Sketch, input: string, channels: number): string {
  const { add, put } = sketch
  const count = add('Cast', [add('Gather', [add('Shape', [input]), put(longs([1]))], { axis: 0 })], { to: 1 })
  return add('Mul', [add('Reshape', [count, put(longs([1, 1, 1]))]), put(floats([channels, 1, 1], Array.from({ length: channels }, () => 1 / channels)))])
}

testRewrite(foldConstants, 10, (dice) => {
  const sketch = sketchOf(dice)
  const conv = sketch.conv('x', sketch.channels, 3)
  const constant = dice.chance(0.3) ? channelsByShape(sketch, conv, 3) : roundabout(sketch)
  const output = sketch.add(dice.pick(['Add', 'Mul']), [conv, constant])
  return { graph: sketch.done([dice.chance(0.5) ? output : sketch.conv(output, 3, 2)]), verdict: 'exact' }
}, (dice) => {
  const sketch = sketchOf(dice, { channels: 3, isOpen: true })
  const used = (constant: string): string => sketch.add('Add', ['x', constant])
  return dice.pick<() => NearMiss>([
    () => ({ graph: sketch.done([sketch.add('Relu', ['x']), sketch.add('Neg', [sketch.put(dice.floats([2]))], {}, { output: 'shown' })]), why: /shown is an output/ }),
    () => ({ graph: sketch.done([used(sketch.add('Neg', [sketch.put(dice.floats([3, 1, 1]))], {}, { output: 'kept' }))]), context: contextOf({}, ['kept']), why: /recipe speaks of kept/ }),
    () => ({ graph: sketch.done([sketch.add('Slice', [used(sketch.put(dice.floats([3, 1, 1]))), sketch.put(longs([0])), sketch.add('Shape', ['x'], { start: 2, end: 3 }), sketch.put(longs([2]))])], { opset: 17 }), why: null }),
    () => ({ graph: sketch.done([used(sketch.add('ReduceMean', [sketch.add('Expand', [sketch.put(floats([1], [1])), sketch.put(longs([3, 1024, dice.int(100, 900)]))])], { axes: [1, 2] }))]), why: /would become a constant of/ }),
    () => ({ graph: sketch.done([used(sketch.add('RandomUniform', [], { shape: [3, 1, 1] }))]), why: /something else every time/ }),
    () => ({ graph: sketch.done([used(sketch.add('DequantizeLinear', [sketch.put(tensor('int8', [3, 1, 1], Int8Array.of(1, 2, 3))), sketch.put(floats([], [0.5]))]))]), why: /quantized constant/ }),
    () => ({ graph: sketch.done([used(sketch.add('com.microsoft:Gelu', [sketch.put(dice.floats([3, 1, 1]))]))], { domains: { 'com.microsoft': 1 } }), why: /of com.microsoft/ }),
  ])()
})

const half = (values: Tensor): Tensor => tensor('float16', values.dims, Uint16Array.from(float32(values), float32ToFloat16))

testRewrite(fp16ToFloat, 11, (dice) => {
  const sketch = sketchOf(dice)
  const channels = sketch.channels
  const constants = [sketch.put(half(dice.floats([3, channels, 3, 3], -0.3, 0.3))), sketch.put(half(dice.floats([3], -0.3, 0.3)))]
  const cast = sketch.add('Cast', ['x'], { to: 10 })
  const conv = sketch.add('Conv', [cast, ...constants], { pads: [1, 1, 1, 1] })
  const inner = dice.chance(0.5) ? sketch.add('Relu', [conv]) : sketch.add('Mul', [conv, sketch.put(half(floats([], [0.5])))])
  return { graph: sketch.done([sketch.add('Cast', [inner], { to: 1 })]) }
}, (dice) => {
  const sketch = sketchOf(dice)
  return { graph: sketch.done([sketch.conv('x', sketch.channels, 2)]), why: null }
})

/** Operators that changed between opset 9 and 13, as they were. */
function early(sketch: Sketch, input: string, dice: Dice): string {
  const { add, put } = sketch
  return dice.pick([
    () => add('Clip', [input], { min: -dice.int(1, 8) / 8, max: dice.int(1, 8) / 8 }),
    () => add('Pad', [input], { pads: [0, 0, 1, 0, 0, 0, 0, 2], mode: dice.pick(['constant', 'edge']) }),
    () => add('Slice', [input], { starts: [0], ends: [3], axes: [2] }),
    () => add('Upsample', [input, put(floats([4], [1, 1, 2, 2]))], { mode: dice.pick(['nearest', 'linear']) }),
    () => add('Dropout', [input]),
    () => add('Softmax', [input], { axis: dice.int(1, 3) }),
    () => add('Squeeze', [add('Unsqueeze', [input], { axes: [1] })], { axes: [1] }),
  ])()
}

testRewrite(opset, 12, (dice) => {
  const sketch = sketchOf(dice)
  const conv = sketch.conv('x', sketch.channels, 3)
  return { graph: sketch.done([early(sketch, conv, dice), early(sketch, sketch.add('Relu', [conv]), dice)], { opset: 9 }), context: contextOf({ to: dice.pick([13, 17, 21]) }) }
}, (dice) => {
  const sketch = sketchOf(dice)
  const conv = sketch.conv('x', sketch.channels, 3)
  return dice.pick<() => NearMiss>([
    () => ({ graph: sketch.done([conv], { opset: 17 }), context: contextOf({ to: 13 }), why: null }),
    () => ({ graph: sketch.done([sketch.add('Resize', [conv, 'late'], { mode: 'nearest' })], { opset: 10, inputs: { late: [4] } }), context: contextOf({ to: 13 }), why: /not known whether it enlarges/ }),
  ])()
})
