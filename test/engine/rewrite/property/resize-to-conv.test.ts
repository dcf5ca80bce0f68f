import { resizeToConv } from '../../../../main/rewrite/resize-to-conv.ts'
import { floats, longs } from '../../../fixtures/build-model.ts'
import { contextOf } from '../../../fixtures/prove-rewrite.ts'
import { sketchOf, type Dice, type Sketch } from '../../../fixtures/random-graph.ts'
import { testRewrite, type NearMiss } from '../../../fixtures/rewrite-property.ts'

type Pair = readonly [number, number]
type Modes = readonly [coordinates: string, nearest: string]

interface Given {
  readonly input?: string
  readonly mode?: 'nearest' | 'linear' | 'cubic'
  readonly modes?: Modes
  readonly extra?: Readonly<Record<string, number | string>>
}

/** A Resize by scales, as exporters write it. */
const resize = (sketch: Sketch, [sy, sx]: Pair, { input = 'x', mode = 'nearest', modes: [coordinates, nearest] = ['asymmetric', 'floor'], extra = {} }: Given = {}, scales: readonly number[] = [1, 1, sy, sx]): string =>
  sketch.add('Resize', [input, '', sketch.put(floats([scales.length], scales))], { mode, coordinate_transformation_mode: coordinates, ...(mode === 'nearest' ? { nearest_mode: nearest } : {}), ...extra })

/** Modes that repeat pixels at these factors (ALGORITHMS 6.3), written down by hand. */
function repeating(dice: Dice, factors: Pair, isOpen: boolean): Modes {
  const onlyTwo = factors.every((factor) => factor <= 2)
  return dice.pick<Modes>([
    ['asymmetric', 'floor'],
    ...['half_pixel', 'pytorch_half_pixel'].flatMap((coordinates): Modes[] => [[coordinates, 'round_prefer_floor'], [coordinates, 'round_prefer_ceil']]),
    ...(onlyTwo ? [['asymmetric', 'round_prefer_floor'] as const] : []),
    ...(onlyTwo && !isOpen ? [['align_corners', 'round_prefer_floor'] as const] : []),
  ])
}

const closed = (dice: Dice, channels: number): Sketch => sketchOf(dice, { channels, isOpen: false })

testRewrite(resizeToConv, 10, (dice) => {
  const isOpen = dice.chance(0.5)
  const sketch = sketchOf(dice, { isOpen })
  const { channels } = sketch
  return dice.pick([
    // Equal factors in every form, in every mode that repeats.
    () => {
      const factor = dice.int(2, 8)
      const form = dice.pick([undefined, 'conv1x1', 'conv3x3', 'grouped', 'cascade', 'convtranspose'])
      const output = resize(sketch, [factor, factor], { modes: repeating(dice, [factor, factor], isOpen) })
      return { graph: sketch.done([output]), context: contextOf(form === undefined ? {} : { form }), verdict: 'exact' as const }
    },
    // Different factors, one of them possibly 1.
    () => {
      const factors: Pair = dice.pick([[1, dice.int(2, 8)], [dice.int(2, 8), 1], [2, dice.int(3, 8)], [dice.int(4, 8), 3]])
      const form = dice.pick(isOpen ? [undefined, 'convtranspose'] : [undefined, 'convtranspose', 'conv1x1', 'conv3x3'])
      return { graph: sketch.done([resize(sketch, factors, { modes: repeating(dice, factors, isOpen) })]), context: contextOf(form === undefined ? {} : { form }), verdict: 'exact' as const }
    },
    // By sizes, where the size before it is stated; and along named axes.
    () => {
      const still = closed(dice, channels)
      const [height, width] = (still.done([]).inputs[0]!.dims as number[]).slice(2) as [number, number]
      const factor = dice.int(2, 4)
      const sizes = still.add('Resize', ['x', '', '', still.put(longs([1, channels, height * factor, width * factor]))], { mode: 'nearest', coordinate_transformation_mode: 'half_pixel' })
      const axes = still.add('Resize', ['x', '', still.put(floats([2], [factor, 2]))], { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor', axes: [2, -1] })
      return { graph: still.done([sizes, axes], { opset: 18 }), verdict: 'exact' as const }
    },
    // Into the Conv before it.
    () => {
      const conv = sketch.conv('x', channels, 3)
      const factor = dice.int(2, 4)
      return { graph: sketch.done([resize(sketch, [factor, factor], { input: conv })]), context: contextOf({ form: 'fused' }) }
    },
    // Linear.
    () => {
      const factor = dice.int(2, 5)
      return { graph: sketch.done([resize(sketch, [factor, factor], { mode: 'linear', modes: [dice.pick(['half_pixel', 'asymmetric', 'pytorch_half_pixel']), ''] })]) }
    },
  ])()
}, (dice) => {
  const sketch = sketchOf(dice, { channels: 2, isOpen: true })
  const still = closed(dice, 2)
  const conv = (groups = 1): string => sketch.conv('x', 2, 2, { groups, output: 'conv' })
  const odd = dice.int(3, 8)
  const fused = contextOf({ form: 'fused' })
  return dice.pick<() => NearMiss>([
    () => ({ graph: sketch.done([resize(sketch, [odd, odd], { modes: ['asymmetric', 'round_prefer_floor'] })]), why: /takes other pixels than repetition .* for some sizes/ }),
    () => ({ graph: still.done([resize(still, [odd, odd], { modes: dice.pick<Modes>([['asymmetric', 'ceil'], ['half_pixel', 'floor'], ['align_corners', 'round_prefer_floor'], ['asymmetric', 'round_prefer_ceil']]) })]), why: /takes other pixels than repetition does at these factors$/ }),
    () => ({ graph: sketch.done([resize(sketch, [2, 2], { modes: ['align_corners', 'round_prefer_floor'] })]), why: /for some sizes/ }),
    () => ({ graph: sketch.done([resize(sketch, [2, 2], { mode: 'cubic' })]), why: /cubic interpolation/ }),
    () => ({ graph: sketch.done([resize(sketch, [2, 2], { mode: 'linear', modes: ['align_corners', ''] })]), why: /align_corners weighs/ }),
    () => ({ graph: sketch.done([resize(sketch, [2, 2], { mode: 'linear', modes: ['half_pixel', ''], extra: { antialias: 1 } })], { opset: 18 }), why: /antialias/ }),
    () => ({ graph: sketch.done([resize(sketch, [6, 6], { mode: 'linear', modes: ['half_pixel', ''] })]), why: /up to 5/ }),
    () => ({ graph: sketch.done([resize(sketch, [2, 3], { mode: 'linear', modes: ['half_pixel', ''] })]), why: /has no DepthToSpace/ }),
    () => ({ graph: sketch.done([resize(sketch, dice.pick<Pair>([[1.5, 1.5], [2, 2.5], [0.5, 0.5]]))]), why: /are not whole/ }),
    () => ({ graph: sketch.done([resize(sketch, dice.pick<Pair>([[9, 9], [2, 16]]))]), why: /from 2 to 8/ }),
    () => ({ graph: sketch.done([resize(sketch, [2, 2], {}, [1, 2, 2, 2])]), why: /batch or channels/ }),
    () => ({ graph: sketch.done([sketch.add('Resize', ['x', '', '', sketch.put(longs([1, 2, 12, 14]))], { mode: 'nearest' })]), why: /size before it is open/ }),
    () => ({ graph: sketch.done([sketch.add('Resize', ['x', '', 'late'], { mode: 'nearest' })], { inputs: { late: [4] } }), why: /computed at run time/ }),
    () => ({ graph: sketch.done([sketch.add('Resize', ['x', sketch.put(floats([8], [0, 0, 0, 0, 1, 1, 1, 1])), sketch.put(floats([4], [1, 1, 2, 2]))], { mode: 'nearest', coordinate_transformation_mode: 'tf_crop_and_resize' })]), why: /region/ }),
    () => ({ graph: sketch.done([resize(sketch, [2, 4])]), context: contextOf({ form: dice.pick(['grouped', 'cascade']) }), why: /needs equal factors/ }),
    () => ({ graph: sketch.done([resize(sketch, [2, 4])]), context: contextOf({ form: dice.pick(['conv1x1', 'conv3x3']) }), why: /only form convtranspose/ }),
    () => ({ graph: sketch.done([resize(sketch, [2, 2])]), context: fused, why: /needs a Conv right before/ }),
    () => ({ graph: sketch.done([resize(sketch, [2, 2], { input: conv() }), sketch.add('Relu', ['conv'])]), context: fused, why: /needed elsewhere/ }),
    () => ({ graph: sketch.done([resize(sketch, [2, 2], { input: conv() }), 'conv']), context: fused, why: /needed elsewhere/ }),
    () => ({ graph: sketch.done([resize(sketch, [2, 2], { input: conv() })]), context: contextOf({ form: 'fused' }, ['conv']), why: /recipe speaks of conv/ }),
    () => ({ graph: sketch.done([resize(sketch, [2, 2], { input: conv(2) })]), context: fused, why: /has groups/ }),
    () => ({ graph: sketch.done([sketch.add('Upsample', ['x', sketch.put(floats([4], [1, 1, 2, 2]))], { mode: 'nearest' })], { opset: 9 }), why: null }),
  ])()
})
