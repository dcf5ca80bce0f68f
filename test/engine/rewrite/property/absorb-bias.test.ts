import { expect } from 'vitest'
import { float32, tensor } from '../../../../main/onnx/tensor.ts'
import { absorbBias, absorbHighBias } from '../../../../main/rewrite/absorb-bias.ts'
import { contextOf } from '../../../fixtures/prove-rewrite.ts'
import { sketchOf, type Dice, type Sketch } from '../../../fixtures/random-graph.ts'
import { testRepair, testRewrite, type Fitting, type NearMiss, type RepairedRun } from '../../../fixtures/rewrite-property.ts'

const CHANNELS = 4

/** Conv → BatchNormalization whose channels lie between 3 and 8 with deviations that the inputs cannot reach. */
function normed({ dice, channels, put, add }: Sketch): string {
  // Pictures go up to 255: a sum over all input channels stays below 1.
  const small = 1 / (256 * channels)
  const weight = put(dice.floats([CHANNELS, channels, 1, 1], -small, small))
  const ones = tensor('float32', [CHANNELS], Float32Array.from({ length: CHANNELS }, () => 1))
  const zeros = tensor('float32', [CHANNELS], new Float32Array(CHANNELS))
  return add('BatchNormalization', [add('Conv', ['x', weight]), put(dice.floats([CHANNELS], 0.4, 0.9)), put(dice.floats([CHANNELS], 3, 8)), put(zeros), put(ones)])
}

const reader = (sketch: Sketch, input: string): string => {
  const { dice } = sketch
  return sketch.conv(input, CHANNELS, 4, { pad: 0, kernel: dice.pick([1, 3]), groups: dice.pick([1, 2]), stride: dice.pick([1, 2]) })
}

const linear = (dice: Dice): Fitting => {
  const sketch = sketchOf(dice)
  return { graph: sketch.done([reader(sketch, normed(sketch))]) }
}

const withRelu = (dice: Dice): Fitting => {
  const sketch = sketchOf(dice)
  return { graph: sketch.done([reader(sketch, sketch.add('Relu', [normed(sketch)]))]) }
}

const nearMiss = (relu: boolean) => (dice: Dice): NearMiss => {
  const sketch = sketchOf(dice)
  const inner = relu ? sketch.add('Relu', [normed(sketch)]) : normed(sketch)
  return dice.pick<() => NearMiss>([
    () => ({ graph: sketch.done([sketch.conv(inner, CHANNELS, 2, { kernel: 3, pad: 1 })]), why: /pads with zeros/ }),
    () => ({ graph: sketch.done([inner, reader(sketch, inner)]), why: /is an output of the graph/ }),
    () => ({ graph: sketch.done([reader(sketch, inner)]), context: contextOf({}, [inner]), why: /the recipe speaks of/ }),
    () => ({ graph: sketch.done([reader(sketch, inner), reader(sketch, inner)]), why: /is read by/ }),
    () => ({ graph: sketch.done([reader(sketch, sketch.add('Sigmoid', [inner]))]), why: null }),
  ])()
}

testRewrite(absorbBias, 2801, linear, nearMiss(false))

/** No value comes below what was taken: rounding alone is left. */
function onlyRounded({ before, after }: RepairedRun, _: object, said: string): void {
  const worst = Object.entries(before).map(([name, old]) => {
    const [a, b] = [float32(old), float32(after[name]!)]
    const largest = a.reduce((most, value) => Math.max(most, Math.abs(value)), 1)
    return a.reduce((most, value, index) => Math.max(most, Math.abs(value - b[index]!)), 0) / largest
  })
  expect(Math.max(...worst), said).toBeLessThan(1e-5)
}

testRepair(absorbHighBias, 2802, withRelu, onlyRounded, nearMiss(true))
