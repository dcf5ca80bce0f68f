/** A window of values over a width in pixels. */
export interface Window {
  readonly from: number
  readonly to: number
}

export const toPixel = ({ from, to }: Window, width: number, value: number): number => ((value - from) / (to - from)) * width
export const toValue = ({ from, to }: Window, width: number, pixel: number): number => from + (pixel / width) * (to - from)

/** A value with as many digits as a pixel can tell apart. */
export function tidy(value: number, perPixel: number): number {
  const digits = Math.max(0, Math.min(20, Math.ceil(-Math.log10(perPixel))))
  return perPixel >= 10 ? Math.round(value / 10 ** Math.floor(Math.log10(perPixel))) * 10 ** Math.floor(Math.log10(perPixel)) : Number(value.toFixed(digits))
}

/** The value at every pixel, ready to be asked about. */
export const pixelValues = (window: Window, width: number): number[] =>
  Array.from({ length: Math.max(1, Math.floor(width)) + 1 }, (_, pixel) => valueAt(window, width, pixel))

export const valueAt = (window: Window, width: number, pixel: number): number => tidy(toValue(window, width, Math.round(pixel)), (window.to - window.from) / width)

/** The mark that lies within `reach` pixels, the nearest of them; the value itself where none does. */
export function snapped(value: number, marks: readonly number[], perPixel: number, reach = 5): number {
  const near = marks.filter((mark) => Math.abs(mark - value) <= reach * perPixel)
  return near.reduce<number | null>((best, mark) => (best === null || Math.abs(mark - value) < Math.abs(best - value) ? mark : best), null) ?? value
}

/** A factor of at most this per turn of the wheel. */
const MOST_ZOOM = 1e6

/** The window made wider or narrower around a value that stays where it is, inside `whole`. */
export function zoomed(window: Window, factor: number, at: number, whole: Window): Window {
  const span = Math.min(whole.to - whole.from, Math.max((whole.to - whole.from) / MOST_ZOOM, (window.to - window.from) * factor))
  const share = (at - window.from) / (window.to - window.from)
  return inside({ from: at - share * span, to: at + (1 - share) * span }, whole)
}

export const moved = (window: Window, by: number, whole: Window): Window => inside({ from: window.from + by, to: window.to + by }, whole)

function inside({ from, to }: Window, whole: Window): Window {
  const span = to - from
  if (span >= whole.to - whole.from) return whole
  if (from < whole.from) return { from: whole.from, to: whole.from + span }
  return to > whole.to ? { from: whole.to - span, to: whole.to } : { from, to }
}

/** Round values to write below the axis, at most about `count` of them. */
export function ticks({ from, to }: Window, count: number): number[] {
  const rough = (to - from) / Math.max(1, count)
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = ([1, 2, 5, 10].find((each) => each * power >= rough * 0.999) ?? 10) * power
  const first = Math.ceil(from / step - 1e-9)
  return Array.from({ length: Math.max(0, Math.floor(to / step + 1e-9) - first + 1) }, (_, index) => Number(((first + index) * step).toPrecision(12)))
}

export type End = 'lo' | 'hi'

export interface Bounds {
  readonly lo: number
  readonly hi: number
}

/** Where a range may go: both ends around 0, and as far as is given. */
export interface Limits {
  readonly least: number
  readonly most: number
}

/** The range with one end moved; locked, the other one mirrors it. Never empty, always holds 0. */
export function withEnd(range: Bounds, end: End, value: number, { least, most }: Limits, locked: boolean): Bounds {
  const smallest = Math.max(most, -least) * 1e-6
  if (locked) {
    const size = Math.max(smallest, Math.min(Math.max(most, -least), Math.abs(value)))
    return { lo: -size, hi: size }
  }
  if (end === 'hi') return { lo: range.lo, hi: Math.max(range.lo < 0 ? 0 : smallest, Math.min(most, value)) }
  return { lo: Math.min(range.hi > 0 ? 0 : -smallest, Math.max(least, value)), hi: range.hi }
}

/** A share of the end's own value, or of the whole where it stands at 0. */
const STEP = 0.01
const LARGE_STEP = 0.1

/** Where a key takes an end; null for a key that moves nothing. */
export function keyedEnd(key: string, shift: boolean, range: Bounds, end: End, limits: Limits): number | null {
  const value = range[end]
  const size = Math.abs(value) > 0 ? Math.abs(value) : Math.max(limits.most, -limits.least)
  const by = (share: number): number => Number((value + share * size).toPrecision(5))
  const step = shift ? LARGE_STEP : STEP
  if (key === 'ArrowRight' || key === 'ArrowUp') return by(step)
  if (key === 'ArrowLeft' || key === 'ArrowDown') return by(-step)
  if (key === 'PageUp') return by(LARGE_STEP)
  if (key === 'PageDown') return by(-LARGE_STEP)
  if (key === 'Home') return end === 'lo' ? limits.least : 0
  if (key === 'End') return end === 'lo' ? 0 : limits.most
  return null
}
