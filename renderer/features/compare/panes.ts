import type { Size } from '../../ui/view.ts'
import type { Look } from './look.ts'
import { fourOf, type Faces, type Side } from './sides.ts'

export interface Box extends Size {
  readonly x: number
  readonly y: number
}

/** What is drawn in a pane: a side or the difference of A and B, seen through, in a part of the pane. */
export interface Part {
  readonly face: Side | 'difference'
  readonly alpha: number
  /** The part of the pane that it may cover. */
  readonly box: Box
}

export interface Pane {
  readonly box: Box
  readonly parts: readonly Part[]
}

/** Held keys put one picture into all panes: the reference, or B. */
export type Hold = 'reference' | 'other' | null

const GUTTER = 2

/** The panes of a mode in a frame, and what they show. Sizes in screen pixels. */
export function panesOf(look: Look, faces: Faces, frame: Size, hold: Hold, flipped: boolean): readonly Pane[] {
  const whole: Box = { x: 0, y: 0, ...frame }
  const held = hold === 'reference' ? (faces.reference === undefined ? null : 'reference' as const) : hold === 'other' ? look.b : null
  const single = (box: Box, face: Part['face']): Pane => ({ box, parts: [{ face: held ?? face, alpha: 1, box }] })
  const { a, b, mode } = look
  if (mode === 'two') return boxesOf(whole, frame.width >= frame.height ? 2 : 1, frame.width >= frame.height ? 1 : 2).map((box, index) => single(box, index === 0 ? a : b))
  if (mode === 'four') return boxesOf(whole, 2, 2).map((box, index) => single(box, fourOf(faces, look)[index]!))
  if (mode === 'blink') return [single(whole, flipped ? b : a)]
  if (mode === 'difference') return [single(whole, 'difference')]
  if (held !== null) return [single(whole, held)]
  if (mode === 'onion') return [{ box: whole, parts: [{ face: a, alpha: 1, box: whole }, { face: b, alpha: look.mix, box: whole }] }]
  const [first, second] = halves(whole, look)
  return [{ box: whole, parts: [{ face: a, alpha: 1, box: first }, { face: b, alpha: 1, box: second }] }]
}

/** Where the dividing line of Split stands, on a whole screen pixel. */
export const dividerAt = ({ x, lying }: Pick<Look, 'x' | 'lying'>, { width, height }: Size): number => Math.round(x * (lying ? height : width))

function halves(whole: Box, look: Look): readonly [Box, Box] {
  const at = dividerAt(look, whole)
  return look.lying
    ? [{ ...whole, height: at }, { ...whole, y: at, height: whole.height - at }]
    : [{ ...whole, width: at }, { ...whole, x: at, width: whole.width - at }]
}

function boxesOf(whole: Box, columns: number, rows: number): readonly Box[] {
  const width = Math.floor((whole.width - GUTTER * (columns - 1)) / columns)
  const height = Math.floor((whole.height - GUTTER * (rows - 1)) / rows)
  return Array.from({ length: columns * rows }, (_, index) => ({
    x: (index % columns) * (width + GUTTER), y: Math.floor(index / columns) * (height + GUTTER), width, height,
  }))
}

/** The pane below a point of the frame. */
export const paneAt = (panes: readonly Pane[], x: number, y: number): Pane | undefined =>
  panes.find(({ box }) => x >= box.x && y >= box.y && x < box.x + box.width && y < box.y + box.height)
