import type { Graph } from '../../../../main/onnx/graph.ts'
import { tensor } from '../../../../main/onnx/tensor.ts'
import { hoistShift } from '../../../../main/rewrite/hoist-shift.ts'
import type { RewriteContext } from '../../../../main/rewrite/rewrite.ts'
import { contextOf } from '../../../fixtures/prove-rewrite.ts'
import { sketchOf, type Dice, type Sketch } from '../../../fixtures/random-graph.ts'
import { testRewrite, type NearMiss } from '../../../fixtures/rewrite-property.ts'

const PEAK = 1

const picture = (options: Readonly<Record<string, unknown>> = {}, keep: readonly string[] = []): RewriteContext => ({ ...contextOf(options, keep), picture: { input: 'x', range: [0, PEAK] } })

/** (x - mean) · factor in the ways that networks write it. */
function shift(sketch: Sketch, input: string, channels: number): string {
  const { dice, put, add } = sketch
  const each = (low: number, high: number): string => put(dice.floats(dice.pick([[1, channels, 1, 1], [channels, 1, 1]]), low, high))
  if (dice.chance(0.3)) {
    const weights = Float32Array.from({ length: channels * channels }, (_, index) => (index % (channels + 1) === 0 ? dice.int(1, 4) / 2 : 0))
    return add('Conv', [input, put(tensor('float32', [channels, channels, 1, 1], weights)), put(dice.floats([channels]))])
  }
  const shifted = dice.pick([() => add('Sub', [input, each(0.3, 0.6)]), () => add('Add', [input, each(-0.6, -0.3)]), () => add('Sub', [each(0.3, 0.6), input])])()
  return dice.chance(0.6) ? add(dice.pick(['Mul', 'Div']), [shifted, each(0.5, 3)]) : shifted
}

function head(dice: Dice): { graph: Graph; context: RewriteContext } {
  const sketch = sketchOf(dice, { channels: 3 })
  const to = dice.pick(['conv', 'preprocess'])
  const kernel = dice.pick([1, 3])
  return { graph: sketch.done([sketch.conv(shift(sketch, 'x', 3), 3, dice.int(1, 5), { kernel, pad: dice.int(0, kernel - 1), stride: dice.int(1, 2) })]), context: picture({ to }) }
}

function tail(dice: Dice): { graph: Graph; context: RewriteContext } {
  const sketch = sketchOf(dice, { isOpen: dice.chance(0.5) })
  const [block, colours] = [dice.int(2, 3), dice.int(1, 3)]
  const conv = sketch.conv('x', sketch.channels, colours * block * block)
  const shuffled = sketch.add('DepthToSpace', [conv], { blocksize: block, mode: dice.pick(['DCR', 'CRD']) })
  const mean = sketch.put(dice.floats(dice.pick([[], [1, colours, 1, 1]]), 0.2, 0.6))
  let output = sketch.add(dice.pick(['Add', 'Sub']), [shuffled, mean])
  if (dice.chance(0.3)) output = sketch.add('Mul', [output, sketch.put(dice.floats([], 0.5, 2))])
  if (dice.chance(0.5)) output = sketch.add('Clip', [output, sketch.put(dice.floats([], 0, 0.1)), sketch.put(dice.floats([], 0.5, 1))])
  return { graph: sketch.done([output]), context: contextOf() }
}

testRewrite(hoistShift, 4, (dice) => (dice.chance(0.6) ? head(dice) : tail(dice)), (dice) => {
  const sketch = sketchOf(dice, { channels: 3 })
  const conv = (input: string): string => sketch.conv(input, 3, 4, { kernel: 3, pad: 1 })
  const mean = (): string => sketch.put(dice.floats([1, 3, 1, 1], 0.3, 0.6))
  const shuffled = (): string => sketch.add('DepthToSpace', [sketch.conv('x', 3, 12, { output: 'wide' })], { blocksize: 2 }, { output: 'shuffled' })
  return dice.pick<() => NearMiss>([
    () => ({ graph: sketch.done([conv(sketch.add('Sub', ['x', mean()]))]), context: picture({ padding: 'refuse' }), why: /padding trap/ }),
    () => ({ graph: sketch.done([conv(sketch.add('Sub', ['x', mean()])), sketch.add('Relu', ['x'])]), context: picture({ to: dice.pick(['conv', 'preprocess']) }), why: /x is read by/ }),
    () => ({ graph: sketch.done([conv(sketch.add('Sub', ['x', mean()], {}, { output: 'kept' }))]), context: picture({ to: dice.pick(['conv', 'preprocess']) }, ['kept']), why: /recipe speaks of kept/ }),
    () => ({ graph: sketch.done([conv(sketch.add('Sub', ['x', mean()], {}, { output: 'm' })), 'm']), context: picture({ to: dice.pick(['conv', 'preprocess']) }), why: /m is an output/ }),
    () => ({ graph: sketch.done([conv(sketch.add('Mul', ['x', sketch.put(tensor('float32', [1, 3, 1, 1], Float32Array.of(1, 0, 2)))]))]), context: picture(), why: /by 0/ }),
    () => ({ graph: sketch.done([sketch.add('Relu', [sketch.add('Sub', ['x', mean()])])]), context: picture(), why: /not a Conv/ }),
    () => ({ graph: sketch.done([sketch.add('Add', [sketch.add('Clip', [shuffled(), sketch.put(tensor('float32', [], Float32Array.of(0)))]), mean()])]), why: /the order must stay/ }),
    () => ({ graph: sketch.done([sketch.add('Add', [shuffled(), mean()]), dice.pick(['shuffled', 'wide'])]), why: /is an output/ }),
    () => ({ graph: sketch.done([sketch.add('Add', [sketch.add('DepthToSpace', [sketch.add('Relu', [sketch.conv('x', 3, 12)])], { blocksize: 2 }), mean()])]), why: /not a convolution/ }),
  ])()
})
