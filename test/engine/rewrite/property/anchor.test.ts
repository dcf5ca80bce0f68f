import { expect } from 'vitest'
import type { Graph } from '../../../../main/onnx/graph.ts'
import { float32 } from '../../../../main/onnx/tensor.ts'
import { anchor } from '../../../../main/rewrite/anchor.ts'
import { anchorsOf, colorsOf, type PixelOrder } from '../../../../main/rewrite/anchor-facts.ts'
import { unmixAnchor } from '../../../../main/rewrite/unmix-anchor.ts'
import { floats, longs } from '../../../fixtures/build-model.ts'
import { contextOf } from '../../../fixtures/prove-rewrite.ts'
import { sketchOf, type Sketch } from '../../../fixtures/random-graph.ts'
import { testRepair, testRewrite, type NearMiss, type RepairedRun } from '../../../fixtures/rewrite-property.ts'

const BRANCHES = ['concat', 'tile', 'conv', 'gather', 'image-skip'] as const
type Branch = (typeof BRANCHES)[number]

/** The channel of the image that each copy is of. Concat and Tile know one order only. */
const colors = (branch: Branch, order: PixelOrder, factor: number, channels: number): number[] =>
  branch === 'concat' || branch === 'tile' ? Array.from({ length: channels * factor * factor }, (_, at) => at % channels) : colorsOf(order, factor, channels)

/** Copies of `image`, one channel for each colour. */
function copies(sketch: Sketch, branch: Exclude<Branch, 'image-skip'>, image: string, channels: number, each: readonly number[]): string {
  const { put, add } = sketch
  const times = each.length / channels
  switch (branch) {
    case 'concat': return add('Concat', Array.from({ length: times }, () => image), { axis: sketch.dice.pick([1, -3]) }, { output: 'copies' })
    case 'tile': return add('Tile', [image, put(longs([1, times, 1, 1]))], {}, { output: 'copies' })
    case 'gather': return add('Gather', [image, put(longs(each.map((color) => (sketch.dice.chance(0.3) ? color - channels : color))))], { axis: 1 }, { output: 'copies' })
    case 'conv': return add('Conv', [image, put(floats([each.length, channels, 1, 1], each.flatMap((color) => Array.from({ length: channels }, (_, at) => (at === color ? 1 : 0)))))], {}, { output: 'copies' })
  }
}

interface Drawn {
  readonly sketch: Sketch
  readonly branch: Branch
  readonly order: PixelOrder
  readonly factor: number
}

/** conv(relu(conv(x))) on top of the repeated x, in one of the ways that networks write it; returned is the output. */
function residual({ sketch, branch, order, factor }: Drawn, features = lastConv(sketch, factor)): string {
  const { channels, add, dice, put } = sketch
  if (branch === 'image-skip') {
    const enlarged = add('Resize', ['x', '', put(floats([4], [1, 1, factor, factor]))], { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' }, { output: 'copies' })
    const shuffled = add('DepthToSpace', [features], { blocksize: factor, mode: order }, { output: 'shuffled' })
    return add('Add', dice.chance(0.5) ? [shuffled, enlarged] : [enlarged, shuffled], {}, { name: 'sum', output: 'total' })
  }
  const repeated = copies(sketch, branch, 'x', channels, colors(branch, order, factor, channels))
  const total = add('Add', dice.chance(0.5) ? [features, repeated] : [repeated, features], {}, { name: 'sum', output: 'total' })
  return add('DepthToSpace', [total], { blocksize: factor, mode: order })
}

const lastConv = (sketch: Sketch, factor: number, groups = 1): string =>
  sketch.conv(sketch.add('Relu', [sketch.conv('x', sketch.channels, 4)]), 4, sketch.channels * factor * factor, { groups, name: 'last', output: 'features' })

const clipped = (sketch: Sketch, output: string): string => (sketch.dice.chance(0.5) ? sketch.add('Clip', [output, sketch.put(floats([], [-1])), sketch.put(floats([], [1]))]) : output)

const isPure = (branch: Branch, order: PixelOrder, channels: number): boolean => channels === 1 || order === 'DCR' || (branch !== 'concat' && branch !== 'tile')

testRewrite(anchor, 11, (dice) => {
  const sketch = sketchOf(dice)
  const [branch, order, factor] = [dice.pick(BRANCHES), dice.pick<PixelOrder>(['DCR', 'CRD']), dice.int(2, 3)]
  const targets = ['merged', 'conv', ...(isPure(branch, order, sketch.channels) ? ['image-skip'] : []), ...(branch === 'concat' || branch === 'tile' || order === 'DCR' || sketch.channels === 1 ? ['concat'] : [])]
  const to = dice.pick(targets.filter((each) => each !== branch))
  return { graph: sketch.done([clipped(sketch, residual({ sketch, branch, order, factor }))]), context: contextOf({ to }), ...(to === 'merged' ? {} : { verdict: 'exact' as const }) }
}, (dice) => {
  const sketch = sketchOf(dice, { channels: 3 })
  const order = dice.pick<PixelOrder>(['DCR', 'CRD'])
  const drawn: Drawn = { sketch, branch: dice.pick(BRANCHES), order, factor: 2 }
  const before: Drawn = { ...drawn, branch: dice.pick(['concat', 'tile', 'conv', 'gather'] as const) }
  const put = (values: readonly number[]): string => sketch.put(floats([values.length / 3, 3, 1, 1], values))
  return dice.pick<() => NearMiss>([
    () => ({ graph: sketch.done([residual(drawn), sketch.add('Tanh', ['features'])]), why: /needed elsewhere too/ }),
    () => ({ graph: sketch.done([residual(drawn), 'features']), why: /needed elsewhere too/ }),
    () => ({ graph: sketch.done([residual(drawn)]), context: contextOf({}, ['features']), why: /recipe speaks of features/ }),
    () => ({ graph: sketch.done([residual(before)]), context: contextOf({}, ['total']), why: /recipe speaks of total/ }),
    () => ({ graph: sketch.done([residual(drawn)]), context: contextOf({}, ['copies']), why: /recipe speaks of copies/ }),
    () => ({ graph: sketch.done([residual(drawn, sketch.add('Tanh', [lastConv(sketch, 2)]))]), why: /does not come from a Conv/ }),
    () => ({ graph: sketch.done([residual(drawn, lastConv(sketch, 2, 2))]), why: /has groups/ }),
    () => ({ graph: sketch.done([residual(drawn, sketch.conv('x', 3, 12, { name: 'last', output: 'features' }))]), why: /reads the image already/ }),
    () => {
      const shifted = sketch.add('Conv', [sketch.conv('x', 3, 4), sketch.put(dice.floats([12, 4, 3, 3]))], { pads: dice.pick([[2, 2, 0, 0], [0, 0, 2, 2], [2, 0, 0, 2]]) }, { name: 'last', output: 'features' })
      return { graph: sketch.done([residual(drawn, shifted)]), why: /no tap right at each pixel/ }
    },
    () => ({ graph: sketch.done([residual({ ...before, branch: dice.pick(['concat', 'tile'] as const), order: 'CRD' })]), context: contextOf({ to: 'image-skip' }), why: /unmix-anchor/ }),
    () => ({ graph: sketch.done([residual({ ...drawn, branch: dice.pick(['conv', 'gather', 'image-skip'] as const), order: 'CRD' })]), context: contextOf({ to: 'concat' }), why: /depth-to-space-mode/ }),
    // What is added is not the image: one row sums two colours, another is weighed.
    () => {
      const weight = put(Array.from({ length: 36 }, (_, at) => (at % 3 === Math.floor(at / 3) % 3 ? dice.pick([0.5, -1]) : 0)))
      return { graph: sketch.done([sketch.add('DepthToSpace', [sketch.add('Add', [lastConv(sketch, 2), sketch.add('Conv', ['x', weight])])], { blocksize: 2, mode: order })]), why: null }
    },
    // The sum is read elsewhere: it cannot be moved behind the shuffle.
    () => ({ graph: sketch.done([residual(before), sketch.add('Tanh', ['total'])]), why: null }),
  ])()
})

/** Copies on their own colours: every output value is the sum of its feature and the pixel it stands for, to the last bit. */
function onOwnColours({ feeds, before, after }: RepairedRun, graphs: { readonly after: Graph }, said: string): void {
  const [found] = anchorsOf(graphs.after)
  expect(found, said).toMatchObject({ isPure: true, form: 'conv', order: 'CRD' })
  const output = graphs.after.outputs[0]!.name
  const [batch, channels, height, width] = feeds['x']!.dims as [number, number, number, number]
  const [image, features, y] = [float32(feeds['x']!), float32(after['features']!), float32(after[output]!)]
  expect(Buffer.compare(Buffer.from(features.buffer, features.byteOffset, features.byteLength), Buffer.from(float32(before['features']!).slice().buffer)), said).toBe(0)
  const factor = found!.factor
  let wrong = 0
  for (let at = 0; at < y.length; at++) {
    const [column, row] = [at % (width * factor), Math.floor(at / (width * factor)) % (height * factor)]
    const plane = Math.floor(at / (width * factor * height * factor))
    const pixel = Math.floor(row / factor) * width + Math.floor(column / factor)
    const feature = features[(plane * factor * factor + (row % factor) * factor + (column % factor)) * height * width + pixel]!
    if (y[at] !== Math.fround(feature + image[plane * height * width + pixel]!)) wrong++
  }
  expect([y.length, wrong], said).toEqual([batch * channels * height * width * factor * factor, 0])
}

testRepair(unmixAnchor, 12, (dice) => {
  const sketch = sketchOf(dice, { channels: dice.int(2, 4) })
  const drawn: Drawn = { sketch, branch: dice.pick(['concat', 'tile'] as const), order: 'CRD', factor: dice.int(2, 3) }
  return { graph: sketch.done([residual(drawn), 'features']) }
}, onOwnColours, (dice) => {
  const sketch = sketchOf(dice, { channels: dice.int(1, 3) })
  const pure: Graph = sketch.done([residual({ sketch, branch: dice.pick(BRANCHES), order: 'DCR', factor: 2 })])
  // The copies stand right, or there is but one colour: nothing is mixed.
  return { graph: pure, why: null }
})
