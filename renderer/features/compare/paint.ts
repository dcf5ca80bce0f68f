import type { Size, View } from '../../ui/view.ts'
import { paintSmaller } from './levels.ts'
import { paintLoupe } from './loupe.ts'
import { paintMarks } from './marks.ts'
import { paintCursor, paintDivider, paintGrid, paintRegion, paintValues } from './overlays.ts'
import type { Painting, Paintings } from './paintings.ts'
import { panesOf, type Box, type Pane, type Part } from './panes.ts'
import { sizeOf, smaller, viewIn, wishOf, type Context, type Scene } from './scene.ts'
import { sidesOf } from './sides.ts'

/** Behind the pictures, in light and dark alike: what surrounds a picture changes how it is seen. */
const BACKGROUND = '#14181e'
const GRID_FROM = 8
const VALUES_FROM = 32
/** Draws a frame from paintings that are done; those that are not are begun. True: nothing is missing. */
export function paintScene(context: Context, frame: Size, scene: Scene, paintings: Paintings): boolean {
  paintings.begin()
  context.imageSmoothingEnabled = false
  context.fillStyle = BACKGROUND
  context.fillRect(0, 0, frame.width, frame.height)
  const panes = panesOf(scene.look, scene.faces, frame, scene.hold, scene.flipped)
  let whole = true
  for (const pane of panes) whole = paintPane(context, pane, scene, paintings) && whole
  if (scene.look.mode === 'split' && scene.hold === null) paintDivider(context, frame, scene)
  if (scene.loupe && scene.cursor !== null) for (const pane of panes) paintLoupe(context, pane, scene, paintings)
  if (whole) askAhead(scene, paintings)
  return whole
}

function paintPane(context: Context, pane: Pane, scene: Scene, paintings: Paintings): boolean {
  const view = viewIn(pane.box, scene.middle)
  let whole = true
  for (const part of pane.parts) {
    context.save()
    clip(context, part.box)
    context.globalAlpha = part.alpha
    whole = paintPart(context, part, view, scene, paintings) && whole
    context.globalAlpha = 1
    if (view.scale >= VALUES_FROM && part.alpha > 0.5) paintValues(context, part, view, scene)
    context.restore()
  }
  context.save()
  clip(context, pane.box)
  if (scene.look.grid && view.scale >= GRID_FROM) paintGrid(context, pane, view, scene.faces)
  for (const [index, { region, text }] of scene.regions.entries()) paintRegion(context, view, region, `${index + 1}  ${text}`, scene.density)
  if (scene.draft !== null) paintRegion(context, view, scene.draft, `${scene.draft.width} × ${scene.draft.height}`, scene.density)
  if (scene.pointed && scene.cursor !== null) paintCursor(context, view, scene.cursor, scene.density)
  context.restore()
  return whole
}

function clip(context: Context, { x, y, width, height }: Box): void {
  context.beginPath()
  context.rect(x, y, width, height)
  context.clip()
}

function paintPart(context: Context, part: Part, view: View, scene: Scene, paintings: Paintings): boolean {
  const wish = wishOf(part.face, scene)
  if (wish === null) return true
  const full = paintings.get(wish.key, wish.size, wish.rows, view.scale >= 1)
  if (full === null) return false
  let whole = true
  if (view.scale >= 1) drawEnlarged(context, full, view, part.box)
  else whole = drawSmaller(context, wish.key, full, view, paintings)
  const picture = part.face === 'difference' ? undefined : scene.faces[part.face]
  if (!scene.look.marks || picture === undefined) return whole
  const size = view.scale >= 1 ? sizeOf(picture) : smaller(picture, view.scale)
  const marks = paintings.get(`marks ${part.face} ${size.width}`, size, () => paintMarks(picture, size))
  if (marks === null) return false
  if (view.scale >= 1) drawEnlarged(context, marks, view, part.box)
  else context.drawImage(marks.bitmap!, view.x, view.y)
  return whole
}

/** Every pixel of the picture as a square of whole screen pixels. Only what is seen is touched. */
function drawEnlarged(context: Context, { bitmap, width, height }: Painting, { scale, x, y }: View, box: Box): void {
  const left = Math.max(0, Math.floor((box.x - x) / scale))
  const top = Math.max(0, Math.floor((box.y - y) / scale))
  const across = Math.min(width, Math.ceil((box.x + box.width - x) / scale)) - left
  const down = Math.min(height, Math.ceil((box.y + box.height - y) / scale)) - top
  if (bitmap === null || across < 1 || down < 1) return
  context.imageSmoothingEnabled = false
  context.drawImage(bitmap, left, top, across, down, x + left * scale, y + top * scale, across * scale, down * scale)
}

/** The picture averaged over areas; until that is done, what there is of it, stretched. */
function drawSmaller(context: Context, key: string, full: Painting, { scale, x, y }: View, paintings: Paintings): boolean {
  const size = smaller(full, scale)
  const averaged = paintings.get(`${key} @${size.width}x${size.height}`, size, () => paintSmaller(full.rgba, full, size))
  const bitmap = averaged?.bitmap ?? paintings.like(`${key} @`)?.bitmap ?? full.bitmap
  if (bitmap !== null) context.drawImage(bitmap, x, y, size.width, size.height)
  return averaged !== null
}

/** A flip, a held key and the next pane find their pictures painted. */
function askAhead(scene: Scene, paintings: Paintings): void {
  const { look, faces, middle } = scene
  for (const side of new Set([look.a, look.b, 'reference' as const, ...sidesOf(faces)])) {
    const wish = wishOf(side, scene)
    const full = wish === null ? null : paintings.get(wish.key, wish.size, wish.rows, middle.scale >= 1)
    if (wish === null || full === null || middle.scale >= 1) continue
    const size = smaller(full, middle.scale)
    paintings.get(`${wish.key} @${size.width}x${size.height}`, size, () => paintSmaller(full.rgba, full, size))
  }
}

