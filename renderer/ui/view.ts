/** Where a picture stands in its frame: its scale (screen pixels a picture pixel) and the corner's place in CSS pixels. */
export interface View {
  readonly scale: number
  readonly x: number
  readonly y: number
}

export interface Size {
  readonly width: number
  readonly height: number
}

const LEAST = 0.1
const MOST = 64

/** The whole picture in the middle of the frame, at a whole multiple of its size where it is smaller. */
export function fitted(picture: Size, frame: Size): View {
  const free = Math.min(frame.width / picture.width, frame.height / picture.height)
  return centred(picture, frame, free >= 1 ? Math.floor(free) : free)
}

export const centred = (picture: Size, frame: Size, scale: number): View => ({
  scale,
  x: Math.round((frame.width - picture.width * scale) / 2),
  y: Math.round((frame.height - picture.height * scale) / 2),
})

export interface Point {
  readonly x: number
  readonly y: number
}

/** At another scale; the point of the picture below `at` stays there. */
export function scaledTo(view: View, scale: number, at: Point): View {
  const share = scale / view.scale
  return { scale, x: at.x - (at.x - view.x) * share, y: at.y - (at.y - view.y) * share }
}

/** Larger or smaller by a factor. */
export const zoomed = (view: View, factor: number, at: Point): View => scaledTo(view, Math.max(LEAST, Math.min(MOST, view.scale * factor)), at)

/** Whole multiples, and whole parts below: so every pixel is drawn as large as its neighbour. */
const LADDER = [1 / 32, 1 / 24, 1 / 16, 1 / 12, 1 / 8, 1 / 6, 1 / 4, 1 / 3, 1 / 2, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96]

/** The next scale of the ladder, up or down. */
export function nextScale(scale: number, by: 1 | -1): number {
  const free = scale * (1 + by * 0.01)
  return by > 0 ? (LADDER.find((each) => each > free) ?? LADDER.at(-1)!) : (LADDER.findLast((each) => each < free) ?? LADDER[0]!)
}

/** The largest scale of the ladder that is no larger. */
export const scaleWithin = (scale: number): number => LADDER.findLast((each) => each <= scale) ?? LADDER[0]!

/** A scale, and the point of the picture that stands in the middle of the frame: the same in frames of every size. */
export interface Middle {
  readonly scale: number
  readonly cx: number
  readonly cy: number
}

/** Where the picture stands in a frame; its corner lies on a whole screen pixel. */
export const viewAt = ({ scale, cx, cy }: Middle, frame: Size): View => ({ scale, x: Math.round(frame.width / 2 - cx * scale), y: Math.round(frame.height / 2 - cy * scale) })

/** The middle of a view, kept inside the picture so that it cannot be lost. */
export function middleOf({ scale, x, y }: View, frame: Size, picture: Size): Middle {
  const inside = (value: number, most: number): number => Math.max(0, Math.min(most, value))
  return { scale, cx: inside((frame.width / 2 - x) / scale, picture.width), cy: inside((frame.height / 2 - y) / scale, picture.height) }
}

export const moved = (view: View, dx: number, dy: number): View => ({ ...view, x: view.x + dx, y: view.y + dy })

/** The picture's pixel below a point of the frame; null beside the picture. */
export function pixelAt(view: View, picture: Size, at: Point): Point | null {
  const x = Math.floor((at.x - view.x) / view.scale)
  const y = Math.floor((at.y - view.y) / view.scale)
  return x >= 0 && y >= 0 && x < picture.width && y < picture.height ? { x, y } : null
}
