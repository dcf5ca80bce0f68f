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

/** Larger or smaller by a factor; the point of the picture below `at` stays there. */
export function zoomed(view: View, factor: number, at: { readonly x: number; readonly y: number }): View {
  const scale = Math.max(LEAST, Math.min(MOST, view.scale * factor))
  const share = scale / view.scale
  return { scale, x: at.x - (at.x - view.x) * share, y: at.y - (at.y - view.y) * share }
}

export const moved = (view: View, dx: number, dy: number): View => ({ ...view, x: view.x + dx, y: view.y + dy })

/** The picture's pixel below a point of the frame; null beside the picture. */
export function pixelAt(view: View, picture: Size, at: { readonly x: number; readonly y: number }): { readonly x: number; readonly y: number } | null {
  const x = Math.floor((at.x - view.x) / view.scale)
  const y = Math.floor((at.y - view.y) / view.scale)
  return x >= 0 && y >= 0 && x < picture.width && y < picture.height ? { x, y } : null
}
