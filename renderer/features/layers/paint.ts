import type { Histogram } from '../../../preload/contract/index.ts'
import { ticks, toPixel, type Bounds, type Window } from './axis.ts'
import type { Color } from './page-colors.ts'

/** Where the plot stands in its frame, CSS pixels. */
export interface Plot {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
}

export interface Scene {
  readonly histogram: Histogram | undefined
  readonly plot: Plot
  readonly window: Window
  readonly range: Bounds | null
  readonly step: number | null
  readonly isLog: boolean
  readonly of: 'signed' | 'magnitude'
  readonly shows: 'tensor' | 'channels'
  /** Ends that the methods would pick, drawn as dashed lines. */
  readonly marks: readonly number[]
  readonly write: (value: number) => string
}

const FONT = '11px "JetBrains Mono Variable", monospace'
/** A grid of codes is shown where its steps are at least so many pixels apart. */
const GRID_PIXELS = 6

/** Draws a histogram on a canvas that is `ratio` device pixels a CSS pixel. */
export function paint(canvas: HTMLCanvasElement, size: { readonly width: number; readonly height: number }, ratio: number, scene: Scene, color: Color): void {
  const context = canvas.getContext('2d')
  if (context === null) return
  context.setTransform(ratio, 0, 0, ratio, 0, 0)
  context.clearRect(0, 0, size.width, size.height)
  context.font = FONT
  const heights = scene.shows === 'tensor' ? heightsOf(scene) : null
  if (heights !== null) drawHeights(context, scene, heights, color)
  else drawChannelNumbers(context, scene, color)
  context.save()
  context.beginPath()
  context.rect(scene.plot.left, scene.plot.top, scene.plot.width, scene.plot.height)
  context.clip()
  if (scene.histogram !== undefined) {
    if (heights === null) drawChannels(context, scene, scene.histogram, ratio, color)
    else drawBars(context, scene, scene.histogram, heights, ratio, color)
  }
  drawOutside(context, scene, color)
  drawCodes(context, scene, ratio, color)
  drawMarks(context, scene, ratio, color)
  context.restore()
  drawAxis(context, scene, ratio, color)
}

interface Heights {
  readonly most: number
  readonly of: (count: number) => number
  readonly lines: readonly { readonly value: number; readonly text: string }[]
}

const SMALLEST = 0.5
const RAISED = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'] as const
const powerText = (power: number): string => `10${[...String(power)].map((digit) => RAISED[Number(digit)]).join('')}`

function heightsOf({ histogram, isLog, plot }: Scene): Heights {
  const most = Math.max(1, ...(histogram?.counts ?? []))
  if (!isLog) return { most, of: (count) => (count / most) * plot.height * 0.97, lines: ticks({ from: 0, to: most }, 4).map((value) => ({ value, text: shortCount(value) })) }
  const span = Math.log10(most / SMALLEST)
  const powers = Math.floor(Math.log10(most))
  const every = Math.max(1, Math.ceil(powers / 5))
  const lines = Array.from({ length: Math.floor(powers / every) + 1 }, (_, index) => ({ value: 10 ** (index * every), text: powerText(index * every) }))
  return { most, of: (count) => (count <= SMALLEST ? 0 : (Math.log10(count / SMALLEST) / span) * plot.height * 0.97), lines }
}

const shortCount = (value: number): string => (value >= 1e6 ? `${value / 1e6} M` : value >= 1e3 ? `${value / 1e3} k` : String(value))

const sharp = (value: number, ratio: number): number => Math.round(value * ratio) / ratio

function drawHeights(context: CanvasRenderingContext2D, { plot }: Scene, { of, lines }: Heights, color: Color): void {
  context.textAlign = 'right'
  context.textBaseline = 'middle'
  for (const { value, text } of lines) {
    const y = Math.round(plot.top + plot.height - of(value))
    context.fillStyle = color('line-soft')
    context.fillRect(plot.left, y, plot.width, 1)
    context.fillStyle = color('muted')
    context.fillText(text, plot.left - 7, y)
  }
}

function drawBars(context: CanvasRenderingContext2D, scene: Scene, { edges, counts }: Histogram, { of }: Heights, ratio: number, color: Color): void {
  const { plot, window, range } = scene
  const bottom = plot.top + plot.height
  const [inner, outer] = [color('simulated'), `color-mix(in srgb, ${color('simulated')} 32%, ${color('panel')})`]
  const ends = endsOf(scene)
  const pixel = (value: number): number => sharp(plot.left + toPixel(window, plot.width, value), ratio)
  for (let bin = 0; bin < counts.length; bin++) {
    const height = of(counts[bin]!)
    if (height <= 0) continue
    const [from, to] = [pixel(edges[bin]!), pixel(edges[bin + 1]!)]
    if (to < plot.left || from > plot.left + plot.width) continue
    const middle = (edges[bin]! + edges[bin + 1]!) / 2
    context.fillStyle = range === null || (middle >= ends.lo && middle <= ends.hi) ? inner : outer
    const gap = to - from >= 3 ? 1 : 0
    const top = sharp(bottom - Math.max(1, height), ratio)
    context.fillRect(from, top, Math.max(1 / ratio, to - from - gap), bottom - top)
  }
}

const NUMBER_PIXELS = 28

/** Numbers of channels beside their lines. */
function drawChannelNumbers(context: CanvasRenderingContext2D, { plot, histogram }: Scene, color: Color): void {
  const count = histogram?.channelMin.length ?? 0
  context.textAlign = 'right'
  context.textBaseline = 'middle'
  context.fillStyle = color('muted')
  for (const channel of ticks({ from: 0, to: Math.max(1, count - 1) }, plot.height / NUMBER_PIXELS)) {
    if (Number.isInteger(channel) && channel < count) context.fillText(String(channel), plot.left - 7, plot.top + ((channel + 0.5) * plot.height) / count)
  }
}

/** Each channel's extremes as a line, the first at the top. */
function drawChannels(context: CanvasRenderingContext2D, scene: Scene, { channelMin, channelMax }: Histogram, ratio: number, color: Color): void {
  const { plot, window, of } = scene
  const pitch = plot.height / Math.max(1, channelMin.length)
  const ends = endsOf(scene)
  const pixel = (value: number): number => sharp(plot.left + toPixel(window, plot.width, value), ratio)
  for (let channel = 0; channel < channelMin.length; channel++) {
    const [least, most] = [channelMin[channel]!, channelMax[channel]!]
    const [from, to] = of === 'signed' ? [least, most] : [least <= 0 && most >= 0 ? 0 : Math.min(Math.abs(least), Math.abs(most)), Math.max(Math.abs(least), Math.abs(most))]
    const isOut = scene.range !== null && (from < ends.lo || to > ends.hi)
    context.fillStyle = color(isOut ? 'warning' : 'simulated')
    const top = sharp(plot.top + channel * pitch, ratio)
    const height = Math.max(1 / ratio, sharp(pitch, ratio) - (pitch >= 3 ? 1 : 0))
    context.fillRect(pixel(from), top, Math.max(1, pixel(to) - pixel(from)), height)
  }
}

/** The range as it stands on the axis: over |x| only its larger end counts. */
const endsOf = ({ range, of }: Scene): Bounds =>
  range === null ? { lo: -Infinity, hi: Infinity } : of === 'signed' ? range : { lo: 0, hi: Math.max(-range.lo, range.hi) }

function drawOutside(context: CanvasRenderingContext2D, scene: Scene, color: Color): void {
  const { plot, window, range } = scene
  if (range === null) return
  const ends = endsOf(scene)
  context.fillStyle = `color-mix(in srgb, ${color('bad')} 9%, transparent)`
  const [left, right] = [ends.lo, ends.hi].map((value) => plot.left + toPixel(window, plot.width, value)) as [number, number]
  if (left > plot.left) context.fillRect(plot.left, plot.top, left - plot.left, plot.height)
  if (right < plot.left + plot.width) context.fillRect(right, plot.top, plot.left + plot.width - right, plot.height)
}

/** The values that codes stand for, where they lie far enough apart to be seen. */
function drawCodes(context: CanvasRenderingContext2D, scene: Scene, ratio: number, color: Color): void {
  const { plot, window, step, of } = scene
  if (step === null || (step / (window.to - window.from)) * plot.width < GRID_PIXELS) return
  const ends = endsOf(scene)
  const first = Math.ceil(Math.max(window.from, ends.lo) / step - 1e-6)
  const last = Math.floor(Math.min(window.to, ends.hi) / step + 1e-6)
  context.fillStyle = `color-mix(in srgb, ${color('text')} 45%, transparent)`
  for (let code = Math.max(first, of === 'signed' ? -Infinity : 0); code <= last; code++) {
    const x = sharp(plot.left + toPixel(window, plot.width, code * step), ratio)
    context.fillRect(x, plot.top + plot.height - 12, 1, 12)
    context.fillRect(x, plot.top, 1 / ratio, plot.height)
  }
}

function drawMarks(context: CanvasRenderingContext2D, { plot, window, marks }: Scene, ratio: number, color: Color): void {
  context.strokeStyle = color('muted')
  context.lineWidth = 1
  context.setLineDash([3, 3])
  for (const mark of marks) {
    const x = sharp(plot.left + toPixel(window, plot.width, mark), ratio) + 0.5
    context.beginPath()
    context.moveTo(x, plot.top)
    context.lineTo(x, plot.top + plot.height)
    context.stroke()
  }
  context.setLineDash([])
}

function drawAxis(context: CanvasRenderingContext2D, { plot, window, write }: Scene, ratio: number, color: Color): void {
  const bottom = plot.top + plot.height
  context.fillStyle = color('edge')
  context.fillRect(plot.left, bottom, plot.width, 1)
  context.textBaseline = 'top'
  const all = ticks(window, plot.width / 74)
  for (const tick of all) {
    const x = sharp(plot.left + toPixel(window, plot.width, tick), ratio)
    context.fillStyle = color(tick === 0 ? 'text' : 'edge')
    context.fillRect(x, bottom, 1, tick === 0 ? 7 : 4)
    if (tick === 0) context.fillRect(x, plot.top, 1 / ratio, plot.height)
    context.fillStyle = color(tick === 0 ? 'text' : 'muted')
    context.textAlign = x < plot.left + 12 ? 'left' : x > plot.left + plot.width - 12 ? 'right' : 'center'
    context.fillText(write(tick), x, bottom + 7)
  }
}
