import type { Graph } from '../../../../main/onnx/graph.ts'
import { foldArithmetic } from '../../../../main/rewrite/fold-arithmetic.ts'
import { foldBatchnorm } from '../../../../main/rewrite/fold-batchnorm.ts'
import type { RewriteContext } from '../../../../main/rewrite/rewrite.ts'
import { contextOf } from '../../../fixtures/prove-rewrite.ts'
import { sketchOf, type Dice, type Sketch } from '../../../fixtures/random-graph.ts'
import { testRewrite, type NearMiss } from '../../../fixtures/rewrite-property.ts'

/** A node that is affine a channel; `factor` alone where no shift is wanted. */
type Step = (sketch: Sketch, input: string, channels: number, factor: boolean) => string

const constant = ({ dice, put }: Sketch, channels: number, low: number, high: number): string =>
  put(dice.floats(dice.pick([[], [1], [channels, 1, 1], [1, channels, 1, 1]]), low, high))

const arithmetic: Step = (sketch, input, channels, factor) => {
  const op = sketch.dice.pick(factor ? ['Mul', 'Div'] : ['Mul', 'Div', 'Add', 'Sub'])
  const sides = [input, constant(sketch, channels, op === 'Div' || factor ? 0.5 : -1.5, 1.5)]
  return sketch.add(op, op !== 'Div' && sketch.dice.chance(0.3) ? sides.toReversed() : sides)
}

const batchNorm: Step = (sketch, input, channels, factor) => {
  const { dice, put } = sketch
  const [low, high] = factor ? [0, 0] : [-1, 1]
  const [gamma, beta, mean, variance] = [put(dice.floats([channels], 0.3, 1.5)), put(dice.floats([channels], low, high)), put(dice.floats([channels], low, high)), put(dice.floats([channels], 0.3, 2))]
  return sketch.add('BatchNormalization', [input, gamma, beta, mean, variance], { epsilon: dice.pick([1e-5, 1e-3]) })
}

/** One to three of them, the first of the kind that is tested. */
function chain(sketch: Sketch, step: Step, input: string, channels: number, factor: boolean): string {
  const output = step(sketch, input, channels, factor)
  return sketch.dice.chance(0.5) ? arithmetic(sketch, output, channels, factor) : output
}

function fitting(step: Step): (dice: Dice) => { graph: Graph } {
  return (dice) => {
    const sketch = sketchOf(dice)
    const channels = dice.pick([2, 4, 6])
    const groups = dice.pick([1, 2])
    const head = sketch.conv('x', sketch.channels, channels)
    return dice.pick([
      // Behind a Conv, grouped or not.
      () => ({ graph: sketch.done([chain(sketch, step, sketch.conv(head, channels, channels, { groups }), channels, false)]) }),
      // Behind a transposed convolution.
      () => {
        const weight = sketch.put(dice.floats([channels, channels / groups, 2, 2], -0.5, 0.5))
        return { graph: sketch.done([chain(sketch, step, sketch.add('ConvTranspose', [head, weight], { strides: [2, 2], group: groups }), channels, false)]) }
      },
      // Before a Conv that pads nothing; Sigmoid lets nothing through.
      () => ({ graph: sketch.done([sketch.conv(chain(sketch, step, sketch.add('Sigmoid', [head]), channels, false), channels, 2 * groups, { groups, pad: 0 })]) }),
      // Only factors, before a Conv that pads.
      () => ({ graph: sketch.done([sketch.conv(chain(sketch, step, sketch.add('Sigmoid', [head]), channels, true), channels, 2 * groups, { groups, kernel: 3, pad: 1 })]) }),
      // Only factors, through activations.
      () => {
        let inner = sketch.add('Relu', [head])
        if (dice.chance(0.5)) inner = sketch.add('MaxPool', [inner], { kernel_shape: [2, 2], pads: [1, 1, 0, 0] })
        return { graph: sketch.done([chain(sketch, step, inner, channels, true)]) }
      },
      // Nothing takes it in: a layer.
      () => ({ graph: sketch.done([sketch.conv(chain(sketch, step, sketch.add('Sigmoid', [head]), channels, false), channels, 3, { kernel: 3, pad: 1 })]) }),
    ])()
  }
}

function nearMiss(step: Step): (dice: Dice) => NearMiss {
  return (dice) => {
    const sketch = sketchOf(dice)
    const keep: RewriteContext = contextOf({ leftovers: 'keep' })
    const head = sketch.conv('x', sketch.channels, 4)
    return dice.pick<() => NearMiss>([
      () => ({ graph: sketch.done([sketch.add('Relu', [head]), step(sketch, head, 4, false)]), context: keep, why: /is read by/ }),
      () => ({ graph: sketch.done([head, step(sketch, head, 4, false)]), context: keep, why: /is an output of the graph/ }),
      () => ({ graph: sketch.done([step(sketch, head, 4, false)]), context: contextOf({ leftovers: 'keep' }, [head]), why: /recipe speaks of/ }),
      () => {
        const shifted = sketch.add('Add', [step(sketch, sketch.add('Sigmoid', [head]), 4, false), constant(sketch, 4, 0.5, 1)])
        return { graph: sketch.done([sketch.conv(shifted, 4, 2, { kernel: 3, pad: 1 })]), context: keep, why: /padding trap/ }
      },
      () => {
        const negative = sketch.add('Mul', [step(sketch, sketch.add('Relu', [head]), 4, true), constant(sketch, 4, -2, -1)])
        return { graph: sketch.done([sketch.add('Relu', [negative])]), context: keep, why: /only positive factors/ }
      },
      () => ({ graph: sketch.done([sketch.conv(sketch.add('Add', [step(sketch, 'x', sketch.channels, false), constant(sketch, sketch.channels, 0.5, 1)]), sketch.channels, 2, { kernel: 3, pad: 1 })]), why: /hoist-mean takes out/ }),
    ])()
  }
}

testRewrite(foldBatchnorm, 2, fitting(batchNorm), nearMiss(batchNorm))
testRewrite(foldArithmetic, 3, fitting(arithmetic), nearMiss(arithmetic))
