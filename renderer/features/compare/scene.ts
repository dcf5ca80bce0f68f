import type { RawPicture } from '../../../preload/contract/index.ts'
import { viewAt, type Middle, type Size, type View } from '../../ui/view.ts'
import { commonSize, paintDifference } from './difference.ts'
import { paintLevels, type RowPainter } from './levels.ts'
import type { Look } from './look.ts'
import type { Painting, Paintings } from './paintings.ts'
import type { Box, Hold, Part } from './panes.ts'
import type { Region } from './psnr.ts'
import type { Faces, versionOf } from './sides.ts'

export type Context = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D

/** Everything that a frame shows. Sizes and places in screen pixels, regions and cursor in pixels of the picture. */
export interface Scene {
  readonly faces: Faces
  readonly look: Look
  readonly middle: Middle
  readonly hold: Hold
  readonly flipped: boolean
  readonly cursor: { readonly x: number; readonly y: number } | null
  /** The cursor is moved by keys, so it is drawn. */
  readonly pointed: boolean
  readonly loupe: boolean
  readonly regions: readonly { readonly region: Region; readonly text: string }[]
  readonly draft: Region | null
  /** Screen pixels a CSS pixel. */
  readonly density: number
  readonly color: (version: ReturnType<typeof versionOf>) => string
}

export const FONT = "'JetBrains Mono Variable', ui-monospace, monospace"


/** Where the picture stands in the frame when it is shown in this pane. */
export function viewIn(box: Box, middle: Middle): View {
  const { scale, x, y } = viewAt(middle, box)
  return { scale, x: x + box.x, y: y + box.y }
}

interface Wish {
  readonly key: string
  readonly size: Size
  readonly rows: () => RowPainter
}

/** The painting of a face as it is shown, and where it is made; null where the pictures for it are not there. */
export function wishOf(face: Part['face'], { look, faces }: Scene): Wish | null {
  const [a, b] = [faces[look.a], faces[look.b]]
  if (face === 'difference') {
    if (a === undefined || b === undefined) return null
    const { kind, channel, gain, map, over } = look
    return { key: ['difference', look.a, look.b, kind, channel, gain, map, over].join(' '), size: commonSize(a, b), rows: () => paintDifference(a, b, look) }
  }
  const picture = faces[face]
  return picture === undefined ? null : { key: [face, look.stops, look.offset].join(' '), size: sizeOf(picture), rows: () => paintLevels(picture, look) }
}

export const sizeOf = ({ width, height }: RawPicture): Size => ({ width, height })

/** The size of a picture that is shown smaller. */
export const smaller = ({ width, height }: Size, scale: number): Size => ({ width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) })

/** The painting of a face in its own size. */
export function paintingOf(face: Part['face'], scene: Scene, paintings: Paintings): Painting | null {
  const wish = wishOf(face, scene)
  return wish === null ? null : paintings.get(wish.key, wish.size, wish.rows)
}

/** Pixels of the picture that are seen in a box. */
export function seen({ scale, x, y }: View, box: Box, { width, height }: Size): Box {
  const left = Math.max(0, Math.floor((box.x - x) / scale))
  const top = Math.max(0, Math.floor((box.y - y) / scale))
  return { x: left, y: top, width: Math.min(width, Math.ceil((box.x + box.width - x) / scale)) - left, height: Math.min(height, Math.ceil((box.y + box.height - y) / scale)) - top }
}

