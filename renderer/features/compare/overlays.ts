import type { Size, View } from '../../ui/view.ts'
import { commonSize, differenceAt } from './difference.ts'
import { dividerAt, type Pane, type Part } from './panes.ts'
import type { Region } from './psnr.ts'
import { FONT, seen, type Context, type Scene } from './scene.ts'
import type { Faces } from './sides.ts'

export function paintGrid(context: Context, pane: Pane, view: View, faces: Faces): void {
  const face = pane.parts[0]!.face
  const picture = face === 'difference' ? Object.values(faces)[0] : faces[face]
  if (picture === undefined) return
  const box = seen(view, pane.box, picture)
  context.fillStyle = 'rgb(128 128 128 / 45%)'
  const [left, top] = [view.x + box.x * view.scale, view.y + box.y * view.scale]
  for (let column = 0; column <= box.width; column++) context.fillRect(left + column * view.scale, top, 1, box.height * view.scale)
  for (let row = 0; row <= box.height; row++) context.fillRect(left, top + row * view.scale, box.width * view.scale, 1)
}

/** The levels of each pixel on the pixel itself: as shown, with fractions once there is room. */
export function paintValues(context: Context, { face, box }: Part, view: View, { faces, look }: Scene): void {
  const [a, b] = [faces[look.a], faces[look.b]]
  const picture = face === 'difference' ? undefined : faces[face]
  const size = picture ?? (a === undefined || b === undefined ? undefined : commonSize(a, b))
  if (size === undefined) return
  const { scale } = view
  const digits = scale >= 64 ? 2 : scale >= 48 ? 1 : 0
  const lines = picture === undefined ? 1 : picture.channels
  const height = Math.min(14, scale / (lines + 0.6))
  context.font = `${Math.floor(height * 0.92)}px ${FONT}`
  context.textAlign = 'center'
  context.textBaseline = 'middle'
  const shown = seen(view, box, size)
  for (let y = shown.y; y < shown.y + shown.height; y++) {
    for (let x = shown.x; x < shown.x + shown.width; x++) {
      const levels = picture === undefined ? [differenceAt(a!, b!, look, x, y).value] : Array.from({ length: lines }, (_, channel) => picture.data[channel * picture.width * picture.height + y * picture.width + x]!)
      const dark = picture !== undefined && levels.reduce((sum, level) => sum + level, 0) / lines > 120
      context.fillStyle = dark ? 'rgb(0 0 0 / 82%)' : 'rgb(255 255 255 / 88%)'
      for (const [line, level] of levels.entries()) {
        context.fillText(level.toFixed(digits), view.x + (x + 0.5) * scale, view.y + (y + 0.5) * scale + (line - (lines - 1) / 2) * height)
      }
    }
  }
}

export function paintRegion(context: Context, { scale, x, y }: View, region: Region, text: string, density: number): void {
  const box = { x: x + region.x * scale, y: y + region.y * scale, width: region.width * scale, height: region.height * scale }
  context.lineWidth = density
  context.strokeStyle = 'rgb(0 0 0 / 70%)'
  context.strokeRect(box.x - 1.5 * density, box.y - 1.5 * density, box.width + 3 * density, box.height + 3 * density)
  context.strokeStyle = '#ffffff'
  context.strokeRect(box.x - density / 2, box.y - density / 2, box.width + density, box.height + density)
  context.font = `${11.5 * density}px ${FONT}`
  context.textAlign = 'left'
  context.textBaseline = 'middle'
  const width = context.measureText(text).width + 12 * density
  context.fillStyle = 'rgb(14 17 21 / 86%)'
  context.fillRect(box.x, box.y + box.height + 4 * density, width, 20 * density)
  context.fillStyle = '#e7ecf2'
  context.fillText(text, box.x + 6 * density, box.y + box.height + 14 * density)
}

export function paintCursor(context: Context, { scale, x, y }: View, cursor: { readonly x: number; readonly y: number }, density: number): void {
  const side = Math.max(scale, 3 * density)
  const [left, top] = [x + cursor.x * scale, y + cursor.y * scale]
  const arm = 10 * density
  for (const [color, width] of [['rgb(0 0 0 / 80%)', 3 * density], ['#ffffff', density]] as const) {
    context.strokeStyle = color
    context.lineWidth = width
    context.strokeRect(left - 0.5, top - 0.5, side + 1, side + 1)
    context.beginPath()
    for (const sign of [-1, 1]) {
      const [h, v] = [sign < 0 ? left : left + side, sign < 0 ? top : top + side]
      context.moveTo(h + sign * 2 * density, top + side / 2)
      context.lineTo(h + sign * arm, top + side / 2)
      context.moveTo(left + side / 2, v + sign * 2 * density)
      context.lineTo(left + side / 2, v + sign * arm)
    }
    context.stroke()
  }
}

export function paintDivider(context: Context, frame: Size, { look, density }: Scene): void {
  const at = dividerAt(look, frame)
  const line = (width: number): readonly [number, number, number, number] =>
    look.lying ? [0, at - width / 2, frame.width, width] : [at - width / 2, 0, width, frame.height]
  context.fillStyle = 'rgb(0 0 0 / 55%)'
  context.fillRect(...line(4 * density))
  context.fillStyle = '#ffffff'
  context.fillRect(...line(2 * density))
}
