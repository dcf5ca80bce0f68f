import { bicubic, channelsOf, writePng } from '../samples/picture.ts'
import { resample } from '../samples/resample.ts'
import type { Picture } from '../samples/sample.ts'
import { GLYPH_HEIGHT, textWidth } from './bitmap-font.ts'
import { blankPicture, color, fillRect, outlineRect, pastePicture, writeText } from './canvas.ts'
import type { Color } from './canvas.ts'
import { planesOf, roundedPicture } from './planes.ts'
import { psnr } from './psnr.ts'
import type { VersionPictures } from './quality.ts'
import { cropTo } from './tile.ts'
import type { Tile } from './tile.ts'

const BACKGROUND = color('#14181e')
const TEXT = color('#e7ecf2')
const MUTED = color('#93a0b1')
const FLOAT = color('#a7b3c2')
const SIMULATED = color('#4fb3ff')
const FUSED = color('#f0a13a')
const REFERENCE = color('#3ecf9a')
const HEAT = color('#e7b84f')
const WHITE = color('#ffffff')

const MARGIN = 20
const GAP = 8
const LETTER = 2
const LINE = GLYPH_HEIGHT * LETTER
/** Label, picture and caption of a panel, and the space to the panel below. */
const PANEL_SPACE = 2 * LINE + 4 * GAP
const FOOTNOTE = 'simulated: the quantized model as a board computes it'

interface Panel {
  readonly label: string
  readonly ink: Color
  readonly picture: Picture
  readonly caption: string
  /** Magnification of this panel. */
  readonly times: number
  /** A rectangle to mark in the panel, in its own pixels. */
  readonly mark?: { readonly x: number; readonly y: number; readonly width: number; readonly height: number }
}

/**
 * One picture to look at: the whole output with its worst tile marked, then that tile as bicubic, float, simulated, fused
 * (only where a pixel differs from simulated) and reference show it, and |simulated − float| amplified. Tiles are magnified
 * without smoothing; captions are PSNR-Y of the tile alone, so they are lower than those of whole pictures.
 */
export function sideBySide(pictures: VersionPictures, magnification = 3): Picture {
  const { tile } = pictures
  const side = Math.max(tile.width, tile.height) * magnification
  const panels = panelsOf(pictures, magnification, side)
  const columns = panels.length <= 4 ? panels.length : Math.ceil(panels.length / 2)
  const lines = Math.ceil(panels.length / columns)
  const head = MARGIN + 2 * LINE + 5 * GAP
  const foot = head + lines * (side + PANEL_SPACE)
  const title = pictures.sample
  const subtitle = `the ${tile.width}×${tile.height} tile that quantization changed most, shown ×${magnification}`
  const wide = Math.max(...[title, subtitle, FOOTNOTE].map(textWidth)) * LETTER
  const canvas = blankPicture(Math.max(columns * (side + GAP) - GAP, wide) + 2 * MARGIN, foot + LINE + MARGIN, BACKGROUND)
  writeText(canvas, title, MARGIN, MARGIN, LETTER, TEXT)
  writeText(canvas, subtitle, MARGIN, MARGIN + LINE + GAP, LETTER, MUTED)
  for (const [index, panel] of panels.entries()) {
    drawPanel(canvas, panel, MARGIN + (index % columns) * (side + GAP), head + Math.floor(index / columns) * (side + PANEL_SPACE), side)
  }
  writeText(canvas, FOOTNOTE, MARGIN, foot, LETTER, MUTED)
  return canvas
}

/** Writes `sideBySide` as a PNG, whole or not at all. */
export const writeSideBySide = (path: string, pictures: VersionPictures, magnification = 3): Promise<void> =>
  writePng(path, sideBySide(pictures, magnification))

function panelsOf(pictures: VersionPictures, times: number, side: number): Panel[] {
  const { tile, float, simulated, fused, lowRes, reference } = pictures
  const target = reference === undefined ? null : cropTo(reference, tile)
  const panel = (label: string, ink: Color, picture: Picture | undefined, compared = true): Panel[] => {
    const crop = picture === undefined ? null : cropTo(picture, tile)
    return crop === null ? [] : [{ label, ink, picture: crop, caption: compared && target ? tileQuality(crop, target) : '', times }]
  }
  const enlarged = lowRes === undefined || lowRes.width >= float.width ? undefined : bicubic(lowRes, float.width / lowRes.width)
  return [
    wholePanel(simulated, tile, side),
    ...panel('bicubic', MUTED, enlarged),
    ...panel('float', FLOAT, float),
    ...panel('simulated', SIMULATED, simulated),
    ...(samePixels(simulated, fused) ? [] : panel('fused', FUSED, fused)),
    ...panel('reference', REFERENCE, reference, false),
    differencePanel(cropTo(simulated, tile)!, cropTo(float, tile)!, times),
  ]
}

/** PSNR-Y of a tile; nothing where the two cannot be compared pixel by pixel. */
function tileQuality(crop: Picture, target: Picture): string {
  if (crop.width !== target.width || crop.height !== target.height) return ''
  const db = psnr(planesOf(roundedPicture(crop), 'y'), planesOf(target, 'y'))
  return Number.isFinite(db) ? `${db.toFixed(2)} dB` : 'identical'
}

function wholePanel(picture: Picture, tile: Tile, side: number): Panel {
  const shrink = side / Math.max(picture.width, picture.height)
  const small = resample(picture, Math.max(1, Math.round(picture.height * shrink)), Math.max(1, Math.round(picture.width * shrink)), 'bicubic')
  const mark = {
    x: Math.round(tile.x * shrink),
    y: Math.round(tile.y * shrink),
    width: Math.round(tile.width * shrink),
    height: Math.round(tile.height * shrink),
  }
  return { label: 'whole picture', ink: MUTED, picture: small, caption: `tile at ${tile.x}, ${tile.y}`, times: 1, mark }
}

function samePixels(a: Picture, b: Picture): boolean {
  const ours = roundedPicture(a).data
  const theirs = roundedPicture(b).data
  return ours.every((level, index) => level === theirs[index])
}

function differencePanel(a: Picture, b: Picture, times: number): Panel {
  const { heat, gain, max } = differenceHeat(a, b)
  return { label: `difference ×${gain}`, ink: TEXT, picture: heat, caption: `up to ${max.toFixed(1)} of 255`, times }
}

/** Mean |a − b| a pixel as heat; the gain is the power of two, `most` at most, that brings the largest one near full heat. */
export function differenceHeat(a: Picture, b: Picture, most = Infinity): { readonly heat: Picture; readonly gain: number; readonly max: number } {
  const channels = channelsOf(a)
  const size = a.width * a.height
  const error = new Float32Array(size)
  for (let i = 0; i < channels * size; i++) error[i % size]! += Math.abs(a.data[i]! - b.data[i]!) / channels
  const max = error.reduce((largest, value) => Math.max(largest, value), 0)
  const gain = max === 0 ? 1 : Math.min(most, 2 ** Math.max(0, Math.floor(Math.log2(255 / max))))
  const heat = blankPicture(a.width, a.height, BACKGROUND)
  for (let i = 0; i < size; i++) for (const [channel, level] of heatOf((error[i]! * gain) / 255).entries()) heat.data[channel * size + i] = level
  return { heat, gain, max }
}

/** Background at 0, amber at a half, white from 1 on. */
function heatOf(share: number): number[] {
  const [from, to, part] = share < 0.5 ? [BACKGROUND, HEAT, 2 * share] : [HEAT, WHITE, Math.min(1, 2 * share - 1)]
  return from.map((level, channel) => level + (to[channel]! - level) * part)
}

function drawPanel(canvas: Picture, panel: Panel, x: number, y: number, side: number): void {
  fillRect(canvas, x, y + 3, 4, LINE - 6, panel.ink)
  writeText(canvas, panel.label, x + 10, y, LETTER, panel.ink)
  const top = y + LINE + GAP
  pastePicture(canvas, panel.picture, x, top, panel.times)
  const { mark } = panel
  if (mark) outlineRect(canvas, x + mark.x, top + mark.y, mark.width, mark.height, 2, TEXT)
  writeText(canvas, panel.caption, x, top + side + GAP, LETTER, MUTED)
}
