import type { Picture } from '../samples/sample.ts'
import { drawText } from './bitmap-font.ts'
import { roundedPicture } from './planes.ts'

/** Levels 0..255 of red, green and blue. */
export type Color = readonly [red: number, green: number, blue: number]

/** `#14181e` as levels. */
export function color(hex: `#${string}`): Color {
  const level = (at: number) => Number.parseInt(hex.slice(at, at + 2), 16)
  return [level(1), level(3), level(5)]
}

/** An RGB picture of one colour, to be drawn on in place. */
export function blankPicture(width: number, height: number, [red, green, blue]: Color): Picture {
  const size = width * height
  const data = new Float32Array(3 * size)
  data.fill(red, 0, size).fill(green, size, 2 * size).fill(blue, 2 * size)
  return { width, height, color: 'rgb', data }
}

/** Fills a rectangle, cut to the canvas. */
export function fillRect(canvas: Picture, x: number, y: number, width: number, height: number, fill: Color): void {
  const left = Math.max(0, x)
  const right = Math.min(canvas.width, x + width)
  for (let row = Math.max(0, y); row < Math.min(canvas.height, y + height); row++) {
    for (const [channel, level] of fill.entries()) {
      const from = (channel * canvas.height + row) * canvas.width
      canvas.data.fill(level, from + left, Math.max(from + left, from + right))
    }
  }
}

/** The outline of a rectangle, `line` pixels thick and wholly outside of it. */
export function outlineRect(canvas: Picture, x: number, y: number, width: number, height: number, line: number, stroke: Color): void {
  fillRect(canvas, x - line, y - line, width + 2 * line, line, stroke)
  fillRect(canvas, x - line, y + height, width + 2 * line, line, stroke)
  fillRect(canvas, x - line, y, line, height, stroke)
  fillRect(canvas, x + width, y, line, height, stroke)
}

/** Text with its top left corner at (x, y), each font pixel a square of `size`. */
export function writeText(canvas: Picture, text: string, x: number, y: number, size: number, ink: Color): void {
  drawText(text, (column, row) => fillRect(canvas, x + column * size, y + row * size, size, size, ink))
}

/** A picture, rounded and clipped, each pixel a square of `times`; luma is shown as grey. It must fit the canvas. */
export function pastePicture(canvas: Picture, picture: Picture, x: number, y: number, times: number): void {
  const { width, height, data } = roundedPicture(picture)
  const size = width * height
  for (let channel = 0; channel < 3; channel++) {
    const plane = picture.color === 'rgb' ? channel * size : 0
    for (let row = 0; row < height * times; row++) {
      const from = plane + Math.floor(row / times) * width
      const to = (channel * canvas.height + y + row) * canvas.width + x
      for (let column = 0; column < width * times; column++) canvas.data[to + column] = data[from + Math.floor(column / times)]!
    }
  }
}
