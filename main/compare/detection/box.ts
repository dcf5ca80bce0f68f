/** Corners in pixels of a picture, continuous, from its top left corner. */
export interface Box {
  readonly x1: number
  readonly y1: number
  readonly x2: number
  readonly y2: number
}

export interface Detection extends Box {
  readonly label: number
  readonly score: number
}

export interface TruthBox extends Box {
  readonly label: number
  /** Neither found nor missed: `difficult` of VOC, `iscrowd` of COCO. */
  readonly ignored: boolean
  /** Any number of detections may lie in it; overlap counts as a share of the detection. */
  readonly crowd: boolean
}

/**
 * Intersection over union. `inclusive` adds a pixel to each side, as the VOC toolkit counts; `crowd` takes the area of `a` for the union,
 * as COCO does. Boxes without area overlap with nothing.
 */
export function overlap(a: Box, b: Box, options: { readonly inclusive?: boolean; readonly crowd?: boolean } = {}): number {
  const extra = options.inclusive === true ? 1 : 0
  const width = Math.min(a.x2, b.x2) - Math.max(a.x1, b.x1) + extra
  const height = Math.min(a.y2, b.y2) - Math.max(a.y1, b.y1) + extra
  if (!(width > 0 && height > 0)) return 0
  const area = (box: Box) => (box.x2 - box.x1 + extra) * (box.y2 - box.y1 + extra)
  const shared = width * height
  return shared / (options.crowd === true ? area(a) : area(a) + area(b) - shared)
}
