import { expect } from 'vitest'
import type { Graph } from '../../../../main/onnx/graph.ts'
import { float32 } from '../../../../main/onnx/tensor.ts'
import { insertClip } from '../../../../main/rewrite/insert-clip.ts'
import type { RewriteContext } from '../../../../main/rewrite/rewrite.ts'
import { floats } from '../../../fixtures/build-model.ts'
import { contextOf } from '../../../fixtures/prove-rewrite.ts'
import { sketchOf, type Dice, type Sketch } from '../../../fixtures/random-graph.ts'
import { testRepair, type NearMiss, type RepairedRun } from '../../../fixtures/rewrite-property.ts'

const OUTPUT = 'picture'

type Range = readonly [low: number, high: number]

/** Within what the graphs below give, so that both ends are met. */
const RANGES: readonly Range[] = [[0, 0.25], [-0.25, 0.25], [0.125, 0.5]]

const pictureContext = (range: Range): RewriteContext => ({ ...contextOf(), output: { name: OUTPUT, range } })

/** Nodes that only move values stand last, as exporters leave them; the very last one makes the output. */
function moved(sketch: Sketch, input: string): string {
  const { dice, add } = sketch
  const last = { output: OUTPUT }
  return dice.pick([
    () => add('Identity', [input], {}, last),
    () => add('Transpose', [input], { perm: [0, 2, 3, 1] }, last),
    () => add('DepthToSpace', [input], { blocksize: 2, mode: dice.pick(['DCR', 'CRD']) }, last),
    () => add('Transpose', [add('DepthToSpace', [input], { blocksize: 2 })], { perm: [0, 2, 3, 1] }, last),
  ])()
}

const clip = (sketch: Sketch, input: string, low: number | null, high: number | null, output?: string): string =>
  sketch.add('Clip', [input, low === null ? '' : sketch.put(floats([], [low])), ...(high === null ? [] : [sketch.put(floats([], [high]))])], {}, output ? { output } : {})

function fitting(dice: Dice) {
  const sketch = sketchOf(dice)
  const range = dice.pick(RANGES)
  const wide = sketch.conv('x', sketch.channels, 12)
  const [low, high] = range
  const last = dice.pick([
    () => wide,
    () => sketch.add('Add', [wide, sketch.conv('x', sketch.channels, 12)]),
    () => sketch.add('Relu', [wide]),
    // Bounds that are too wide, or open on one side.
    () => clip(sketch, wide, low, null),
    () => clip(sketch, wide, null, high),
    () => clip(sketch, wide, low - 0.125, high + 0.125),
  ])()
  return { graph: sketch.done([moved(sketch, last)]), context: pictureContext(range) }
}

/** Within black and white every value stays bit for bit, beyond it is exactly black or white. */
function onlyClipped({ before, after }: RepairedRun, graphs: { readonly before: Graph; readonly after: Graph }, said: string): void {
  const [low, high] = [graphs.after.nodes.find(({ name }) => !graphs.before.nodes.some((node) => node.name === name))!].flatMap(({ inputs }) => inputs.slice(1).map((name) => float32(graphs.after.initializers.get(name)!)[0]!)) as [number, number]
  const [old, now] = [float32(before[OUTPUT]!), float32(after[OUTPUT]!)]
  const wrong = [...now].filter((value, at) => value !== Math.min(high, Math.max(low, old[at]!)))
  expect(wrong, said).toEqual([])
  expect(after[OUTPUT]!.dims, said).toEqual(before[OUTPUT]!.dims)
}

testRepair(insertClip, 14, fitting, onlyClipped, (dice) => {
  const sketch = sketchOf(dice)
  const range = dice.pick(RANGES)
  const [low, high] = range
  const wide = sketch.conv('x', sketch.channels, 12)
  const context = pictureContext(range)
  return dice.pick<() => NearMiss>([
    () => ({ graph: sketch.done([moved(sketch, clip(sketch, wide, low, high))]), context, why: /keeps the picture within/ }),
    () => ({ graph: sketch.done([clip(sketch, moved(sketch, wide), low, high, 'y')]), context: { ...context, output: { name: 'y', range } }, why: /keeps the picture within/ }),
    () => ({ graph: sketch.done([moved(sketch, clip(sketch, wide, low + 0.05, high - 0.05))]), context, why: /keeps the picture within/ }),
    () => ({ graph: sketch.done([moved(sketch, sketch.add('Relu', [clip(sketch, wide, 0, 0.25)]))]), context: pictureContext([0, 0.25]), why: /keeps the picture within/ }),
    () => ({ graph: sketch.done([moved(sketch, sketch.add(dice.pick(['Sigmoid', 'HardSigmoid']), [wide]))]), context: pictureContext([0, 1]), why: /keeps the picture within/ }),
    // A vector, no picture: nothing is said.
    () => ({ graph: sketch.done([moved(sketch, wide)]), context: contextOf(), why: null }),
  ])()
})
