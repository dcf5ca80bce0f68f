import { CODE_LIMITS } from '../core/grid.ts'
import type { Finding } from '../core/run.ts'
import { roundHalfEven } from '../core/round.ts'
import type { ScaleRow } from '../core/scale-table.ts'
import { anchorsOf } from '../rewrite/anchor-facts.ts'
import { candidatesOf } from './candidates.ts'
import { bytesText, finding, numberText } from './finding.ts'
import { layerKey, rewriteFix, setFix } from './fix.ts'
import { imageSkips } from './image-skip.ts'
import { meanShifts } from './mean-shift.ts'
import type { Site } from './site.ts'

/** P01–P05: what goes wrong in super-resolution and other networks that give pictures. */
export const pictureFindings = (site: Site): Finding[] =>
  [...missingClip(site), ...heldImage(site), ...meanShifts(site), ...mixedColours(site), ...blackAndWhite(site)]

function missingClip(site: Site): Finding[] {
  const { output } = site.context
  if (!output) return []
  const [low, high] = output.range
  return candidatesOf(site, 'insert-clip').found.map(({ nodes: [node = ''] }) => {
    const row = site.coded?.rows.find(({ tensor, kind }) => kind === 'activation' && tensor === output.name)
    const step = row?.scale[0] ?? 0
    const isCut = row !== undefined && row.lo > low - step && row.hi < high + step
    return finding('P01', isCut ? 'note' : 'warning', {
      node, tensor: output.name,
      what: `nothing keeps the picture ${output.name} within ${low}..${high}`,
      why: isCut ? `here its codes end at ${numberText(row.lo)}..${numberText(row.hi)} and clip it; where it leaves as int32 or float nothing does` : beyondText(site, output),
      fix: rewriteFix('insert-clip', `Clip to ${low}..${high} right behind ${node}; a repair, to be measured.`),
    })
  })
}

function beyondText({ statistics }: Site, { name, range: [low, high] }: { readonly name: string; readonly range: readonly [number, number] }): string {
  const seen = statistics?.tensors.get(name)
  const shown = 'a board that wraps around shows such values as the opposite colour'
  if (!seen || seen.count === 0) return `values beyond black and white widen its range, so its step; ${shown}`
  return `the samples gave ${numberText(seen.min)}..${numberText(seen.max)}: ${beyond(seen, low, high)}; ${shown}`
}

function beyond({ min, max }: { readonly min: number; readonly max: number }, low: number, high: number): string {
  const share = (Math.max(max, high) - Math.min(min, low)) / (high - low) - 1
  return share <= 0 ? 'no value lies beyond, on these samples' : `the range is ${(100 * share).toFixed(1)} % wider than the picture's, and so is every step`
}

function heldImage(site: Site): Finding[] {
  return imageSkips(site).map(({ add, image, depth, isEnlarged }) => {
    const [whole, enlarged] = [site.context.picture!.input, image].map((name) => site.elements(name))
    const bytes = whole === null || enlarged === null || !site.shapes
      ? 'its size is not known'
      : `${bytesText(whole!)} at 8 bits (${site.shapes.at})${enlarged === whole ? '' : `, ${isEnlarged ? 'enlarged' : 'its copies'} ${bytesText(enlarged!)} at the sum`}`
    const merges = candidatesOf(site, 'anchor', { to: 'merged' }).found.some(({ nodes }) => nodes[0] === add.name)
    return finding('P02', isEnlarged ? 'warning' : 'note', {
      node: add.name, tensor: image,
      what: `the picture is kept in memory through ${depth} computing nodes, up to Add ${add.name}`,
      why: `${bytes}${isEnlarged ? ', read again where the map is largest' : ', where the map is still small'}; the sum rounds a second time`,
      fix: merges
        ? rewriteFix('anchor', 'Let the last convolution read the image too; the copies and the sum are gone.', { to: 'merged' })
        : 'Repeat the picture before DepthToSpace (an anchor, as ABPN does), where it is small.',
    })
  })
}

function mixedColours({ graph }: Site): Finding[] {
  return anchorsOf(graph).filter(({ isPure, channels }) => !isPure && channels > 1).map(({ add, shuffle, order, copies, factor, channels }) => {
    const colorAt = (channel: number): number => (order === 'DCR' ? channel % channels : Math.floor(channel / (factor * factor)))
    const wrong = copies.filter((color, channel) => color !== colorAt(channel)).length
    return finding('P04', 'warning', {
      node: add.name, tensor: add.outputs[0]!,
      what: `copies of the image land on other colours than their own behind DepthToSpace ${shuffle.name} (${order})`,
      why: `${wrong} of ${copies.length} copies are added to another colour, so the network has to undo with its weights what the skip should give for nothing`,
      fix: rewriteFix('unmix-anchor', 'Put every copy on its own colour; a repair that changes the function: measure it before you keep it.'),
    })
  })
}

/** 0 and 255 must map to themselves: a white that cannot be told is grey on every screen. */
function blackAndWhite({ coded, context, expectation }: Site): Finding[] {
  if (!coded) return []
  const ends = [
    ...(context.picture && isPlain(expectation?.input) ? [{ tensor: context.picture.input, range: context.picture.range, side: 'input' }] : []),
    ...(context.output ? [{ tensor: context.output.name, range: context.output.range, side: 'output' }] : []),
  ]
  return ends.flatMap(({ tensor, range, side }) => {
    const row = coded.rows.find((each) => each.tensor === tensor && each.kind === 'activation')
    if (!row || row.scale.length !== 1) return []
    const level = (range[1] - range[0]) / 255
    const lost = (['black', 'white'] as const).flatMap((word, index) => {
      const value = range[index]!
      const given = roundTrip(value, row)
      return Math.abs(given - value) < level / 2 ? [] : [`${word} (${numberText(value)}) becomes ${numberText(given)}`]
    })
    if (lost.length === 0) return []
    return [finding('P05', 'warning', {
      node: '', tensor, what: `the picture ${side} ${tensor} cannot hold ${lost.join(' and ')}`,
      why: `${row.type} with a step of ${numberText(row.scale[0]!)} and zero point ${row.zeroPoint[0]} reaches ${numberText(row.lo)}..${numberText(row.hi)}; that is more than half a level of 255 away`,
      fix: range[0] <= 0 && range[1] >= 0
        ? setFix(`${layerKey(tensor, 'range')}=[${range[0]}, ${range[1]}]`, `Give it the range of the picture, ${range.join('..')}.`)
        : `Give it the range of the picture, ${range.join('..')}.`,
    })]
  })
}

/** Levels that preprocessing shifts or scales are no plain ends of a range. */
const isPlain = (input: { readonly mean: { readonly value: readonly number[] }; readonly scale: { readonly value: readonly number[] } } | null | undefined): boolean =>
  input !== null && input !== undefined && input.mean.value.every((mean) => mean === 0) && input.scale.value.every((scale) => scale === 1)

/** What a value is after its round trip through codes. */
function roundTrip(value: number, { type, scale: [scale = 1], zeroPoint: [zero = 0] }: ScaleRow): number {
  if (type === 'float32') return value
  const [min, max] = CODE_LIMITS[type]
  return (Math.min(max, Math.max(min, roundHalfEven(Math.fround(value / scale)) + zero)) - zero) * scale
}
