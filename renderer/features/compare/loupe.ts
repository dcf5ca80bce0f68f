import type { Paintings } from './paintings.ts'
import type { Pane, Part } from './panes.ts'
import { paintingOf, type Context, type Scene } from './scene.ts'
import { versionOf } from './sides.ts'

const SIDE = 168
const LEAST_SCALE = 12
const MOST_SCALE = 32

/** The spot below the pointer, enlarged, in every pane; where a pane shows both sides, both stand beside each other. */
export function paintLoupe(context: Context, pane: Pane, scene: Scene, paintings: Paintings): void {
  const { cursor, middle, density, look } = scene
  if (cursor === null) return
  const faces: readonly Part['face'][] = look.mode === 'two' || look.mode === 'four' ? pane.parts.map(({ face }) => face) : [look.a, look.b]
  const side = Math.round(SIDE * density)
  const scale = Math.round(Math.max(LEAST_SCALE, Math.min(MOST_SCALE, middle.scale * 3)))
  // An odd number of pixels that covers the square: one stands in its middle.
  const count = Math.ceil(side / scale) | 1
  const gap = 3 * density
  const width = faces.length * side + (faces.length - 1) * gap
  const at = {
    x: pane.box.x + pane.box.width / 2 + (cursor.x + 0.5 - middle.cx) * middle.scale,
    y: pane.box.y + pane.box.height / 2 + (cursor.y + 0.5 - middle.cy) * middle.scale,
  }
  const within = (value: number, low: number, high: number): number => Math.round(Math.max(low, Math.min(Math.max(low, high), value)))
  const left = within(at.x - width / 2, pane.box.x + gap, pane.box.x + pane.box.width - width - gap)
  const top = within(at.y - side - 28 * density, pane.box.y + gap, pane.box.y + pane.box.height - side - gap)
  for (const [index, face] of faces.entries()) {
    const painting = paintingOf(face, scene, paintings)
    const x = left + index * (side + gap)
    context.save()
    context.fillStyle = '#0e1115'
    context.fillRect(x, top, side, side)
    context.beginPath()
    context.rect(x, top, side, side)
    context.clip()
    context.imageSmoothingEnabled = false
    const from = { x: cursor.x - (count >> 1), y: cursor.y - (count >> 1) }
    const origin = { x: x + Math.round((side - count * scale) / 2), y: top + Math.round((side - count * scale) / 2) }
    if (painting !== null && painting.bitmap !== null) {
      context.drawImage(painting.bitmap, from.x, from.y, count, count, origin.x, origin.y, count * scale, count * scale)
    }
    context.strokeStyle = '#ffffff'
    context.lineWidth = density
    context.strokeRect(origin.x + (count >> 1) * scale - 0.5, origin.y + (count >> 1) * scale - 0.5, scale + 1, scale + 1)
    context.restore()
    context.strokeStyle = face === 'difference' ? '#ffffff' : scene.color(versionOf(face))
    context.lineWidth = 2 * density
    context.strokeRect(x, top, side, side)
  }
}
