import type { Graph } from '../../../../main/onnx/graph.ts'
import { equalize } from '../../../../main/rewrite/equalize.ts'
import { contextOf } from '../../../fixtures/prove-rewrite.ts'
import { sketchOf, type Dice, type Sketch } from '../../../fixtures/random-graph.ts'
import { testRewrite, type Fitting, type NearMiss } from '../../../fixtures/rewrite-property.ts'

const all = contextOf({ accept: 'all' })

/** Rows far apart, so that there is something to even out. */
function uneven({ dice, put, add }: Sketch, input: string, from: number, to: number): string {
  const weight = dice.floats([to, from, 1, 1], 0.2, 1)
  const values = weight.data as Float32Array
  for (let index = 0; index < values.length; index++) values[index]! *= 1 + 9 * (Math.floor(index / from) % 2)
  return add('Conv', [input, put(weight), put(dice.floats([to]))])
}

const passing = ({ dice, add, put }: Sketch, input: string): string => {
  const op = dice.pick(['Relu', 'LeakyRelu', 'Identity', 'MaxPool', 'Mul', 'none'])
  if (op === 'none') return input
  if (op === 'MaxPool') return add(op, [input], { kernel_shape: [2, 2] })
  return add(op, op === 'Mul' ? [input, put(dice.floats([], 0.5, 1.5))] : [input])
}

const kinds: readonly ((sketch: Sketch) => Graph)[] = [
  (sketch) => sketch.done([sketch.conv(passing(sketch, uneven(sketch, 'x', sketch.channels, 4)), 4, 3)]),
  // A grouped reader, and two readers.
  (sketch) => sketch.done([sketch.conv(passing(sketch, uneven(sketch, 'x', sketch.channels, 4)), 4, 4, { groups: 2 })]),
  (sketch) => {
    const trunk = passing(sketch, uneven(sketch, 'x', sketch.channels, 4))
    return sketch.done([sketch.conv(trunk, 4, 2), sketch.conv(trunk, 4, 3)])
  },
  // A depthwise triple.
  (sketch) => sketch.done([sketch.conv(passing(sketch, sketch.conv(passing(sketch, uneven(sketch, 'x', sketch.channels, 4)), 4, 4, { groups: 4 })), 4, 3)]),
  // A residual block.
  (sketch) => {
    const head = uneven(sketch, 'x', sketch.channels, 4)
    const body = sketch.conv(sketch.add('Relu', [sketch.conv(head, 4, 4)]), 4, 4)
    return sketch.done([sketch.conv(sketch.add('Add', [head, body]), 4, 2)])
  },
]

const fitting = (dice: Dice): Fitting => ({ graph: dice.pick(kinds)(sketchOf(dice)), context: all })

function nearMiss(dice: Dice): NearMiss {
  const sketch = sketchOf(dice)
  const head = uneven(sketch, 'x', sketch.channels, 4)
  return dice.pick<() => NearMiss>([
    () => ({ graph: sketch.done([sketch.conv(sketch.add(dice.pick(['Sigmoid', 'Tanh', 'HardSigmoid']), [head]), 4, 2)]), context: all, why: /lets no factors through/ }),
    () => ({ graph: sketch.done([head, sketch.conv(head, 4, 2)]), context: all, why: /is an output of the graph/ }),
    () => ({ graph: sketch.done([sketch.conv(sketch.add('Concat', [head, 'x'], { axis: 1 }), 4 + sketch.channels, 2)]), context: all, why: /lets no factors through/ }),
    () => ({ graph: sketch.done([sketch.conv(sketch.add('Add', [head, sketch.put(dice.floats([4, 1, 1]))]), 4, 2)]), context: all, why: /adds a constant/ }),
    () => ({ graph: sketch.done([sketch.conv(head, 4, 2)]), context: contextOf({ accept: 'all' }, [head]), why: /the recipe speaks of/ }),
  ])()
}

testRewrite(equalize, 2701, fitting, nearMiss)
