import { seededRandom } from '../core/random.ts'
import { cropPicture, extendPicture } from './picture.ts'
import { resample } from './resample.ts'
import type { Picture, Preprocess } from './sample.ts'

type Size = readonly [height: number, width: number]

/** What is done to one picture, in this order; every number is fixed once the set is open, so it can be hashed. */
export interface Geometry {
  readonly resize?: Size
  /** Black all round a picture that keeps its proportions inside a fixed size. */
  readonly frame?: { readonly size: Size; readonly top: number; readonly left: number }
  readonly window?: { readonly top: number; readonly left: number; readonly size: Size }
  /** Last row and column repeated to the right and below. */
  readonly pad?: Size
}

/** A picture that the steps cannot be applied to: said in words. */
export type GeometryOr = Geometry | { readonly refused: string }

const centred = (outer: number, inner: number): number => Math.floor((outer - inner) / 2)

function resizeStep(size: Size, wanted: NonNullable<Preprocess['resize']>, fixed: boolean): { geometry: Geometry; size: Size } {
  const [height, width] = wanted.size
  if (wanted.mode === 'stretch') return { geometry: { resize: wanted.size }, size: wanted.size }
  const ratios = [height / size[0], width / size[1]] as const
  if (wanted.mode === 'fill') {
    const ratio = Math.max(...ratios)
    const resize: Size = [Math.max(height, Math.round(size[0] * ratio)), Math.max(width, Math.round(size[1] * ratio))]
    return { geometry: { resize, window: { top: centred(resize[0], height), left: centred(resize[1], width), size: wanted.size } }, size: wanted.size }
  }
  const ratio = Math.min(...ratios)
  const resize: Size = [Math.min(height, Math.max(1, Math.round(size[0] * ratio))), Math.min(width, Math.max(1, Math.round(size[1] * ratio)))]
  if (!fixed) return { geometry: { resize }, size: resize }
  return { geometry: { resize, frame: { size: wanted.size, top: centred(height, resize[0]), left: centred(width, resize[1]) } }, size: wanted.size }
}

/**
 * The steps for the sample `index` made from a picture of `size`. A random crop depends on `seed` and `index` alone. `fixed`:
 * the model takes one size only, so a picture that is fitted inside gets a black frame.
 */
export function geometryOf(size: Size, preprocess: Preprocess, fixed: boolean, seed: number, index: number): GeometryOr {
  const { resize, crop, pad } = preprocess
  let { geometry, size: now }: { geometry: Geometry; size: Size } = { geometry: {}, size }
  if (resize !== undefined) ({ geometry, size: now } = resizeStep(size, resize, fixed && crop === undefined))
  if (crop !== undefined) {
    const [height, width] = crop.size
    if (height > now[0] || width > now[1]) {
      return { refused: `it has ${now[1]}×${now[0]} pixels${resize === undefined ? '' : ' after resizing'}, less than the crop of ${width}×${height}` }
    }
    const random = seededRandom(seed, index)
    const place = (outer: number, inner: number) => (crop.mode === 'random' ? Math.floor(random() * (outer - inner + 1)) : centred(outer, inner))
    const top = place(now[0], height) + (geometry.window?.top ?? 0)
    const left = place(now[1], width) + (geometry.window?.left ?? 0)
    geometry = { ...geometry, window: { top, left, size: crop.size } }
    now = crop.size
  }
  if (pad !== undefined) {
    const up = (side: number) => Math.ceil(side / pad.multiple) * pad.multiple
    const padded: Size = [up(now[0]), up(now[1])]
    if (padded[0] !== now[0] || padded[1] !== now[1]) geometry = { ...geometry, pad: padded }
  }
  return geometry
}

/** Height and width that a picture of `size` has after the steps, padding included. */
export const sizeAfter = (size: Size, geometry: Geometry): Size =>
  geometry.pad ?? geometry.window?.size ?? geometry.frame?.size ?? geometry.resize ?? size

/** How pixels after the steps lie on a picture of `size`: (row + shift) · scale. */
export function placeOf(size: Size, { resize, frame, window }: Geometry): { readonly scale: readonly [number, number]; readonly shift: readonly [number, number] } {
  const scale = resize === undefined ? ([1, 1] as const) : ([size[0] / resize[0], size[1] / resize[1]] as const)
  return { scale, shift: [(window?.top ?? 0) - (frame?.top ?? 0), (window?.left ?? 0) - (frame?.left ?? 0)] }
}

function clipped(picture: Picture): Picture {
  return { ...picture, data: picture.data.map((level) => (level < 0 ? 0 : level > 255 ? 255 : level)) }
}

/**
 * The steps without padding, at `factor` times their size: 1 for the picture itself, the model's factor for its reference.
 * What a kernel overshoots is clipped to 0..255, as no picture file could hold it.
 */
export function applyGeometry(picture: Picture, geometry: Geometry, kernel: NonNullable<Preprocess['resize']>['kernel'], factor: number): Picture {
  const { resize, frame, window } = geometry
  let result = picture
  if (resize !== undefined) result = clipped(resample(result, resize[0] * factor, resize[1] * factor, kernel))
  if (frame !== undefined) result = extendPicture(result, frame.size[0] * factor, frame.size[1] * factor, frame.top * factor, frame.left * factor, 'black')
  if (window !== undefined) result = cropPicture(result, window.top * factor, window.left * factor, window.size[0] * factor, window.size[1] * factor)
  return result
}

export const padded = (picture: Picture, geometry: Geometry): Picture =>
  geometry.pad === undefined ? picture : extendPicture(picture, geometry.pad[0], geometry.pad[1], 0, 0, 'edge')
