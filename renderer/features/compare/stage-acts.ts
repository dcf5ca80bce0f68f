import { middleOf, moved, nextScale, scaledTo, scaleWithin, type Middle, type Point, type Size } from '../../ui/view.ts'
import { spotAfter, type Spot } from './moves.ts'
import type { Painter } from './painter.ts'
import type { Box } from './panes.ts'
import type { Region } from './psnr.ts'
import { viewIn } from './scene.ts'
import type { ChangeLook } from './use-look.ts'
import type { Value } from './value.ts'

/** What keys do to the picture. */
export interface StageActs {
  readonly zoom: (by: 1 | -1) => void
  readonly fit: () => void
  readonly whole: () => void
  /** Moves the cursor where it is shown, else the picture. Pixels of the picture. */
  readonly move: (dx: number, dy: number) => void
  /** Brings a region into the middle, as large as fits. */
  readonly show: (region: Region) => void
  /** The frame as it is drawn. */
  readonly draw: Painter['draw']
  readonly focus: () => void
}

/** The part of the picture that is seen, and its scale. */
export interface Seen {
  readonly part: Region
  readonly scale: number
}

/** The picture in one of the equal panes. */
export interface Standing {
  readonly middle: Middle
  readonly picture: Size
  /** Any of the panes. */
  readonly box: Box
}

const viewOf = ({ middle, box }: Standing) => viewIn({ ...box, x: 0, y: 0 }, middle)

/** One step of the ladder; the point of the picture below `at` (of the frame) stays there. */
export function zoomedAt(standing: Standing, by: 1 | -1, at: Point): Middle {
  const { middle, picture, box } = standing
  return middleOf(scaledTo(viewOf(standing), nextScale(middle.scale, by), { x: at.x - box.x, y: at.y - box.y }), box, picture)
}

/** Moved by screen pixels. */
export const draggedBy = (standing: Standing, dx: number, dy: number): Middle => middleOf(moved(viewOf(standing), dx, dy), standing.box, standing.picture)

/** The part of the picture that the pane shows. */
export function partSeen(standing: Standing): Region {
  const { x, y, scale } = viewOf(standing)
  return { x: -x / scale, y: -y / scale, width: standing.box.width / scale, height: standing.box.height / scale }
}

const isIn = ({ x, y, width, height }: Region, spot: Spot): boolean => spot.x >= x && spot.y >= y && spot.x < x + width && spot.y < y + height

const centreOf = ({ box }: Standing): Point => ({ x: box.x + box.width / 2, y: box.y + box.height / 2 })

/** Where the cursor stands in the frame; the middle without one. */
function cursorAt(standing: Standing, spot: Spot | null): Point {
  if (spot === null) return centreOf(standing)
  const { x, y, scale } = viewIn(standing.box, standing.middle)
  return { x: x + (spot.x + 0.5) * scale, y: y + (spot.y + 0.5) * scale }
}

/** How much of the pane a region takes that is brought into sight. */
const SHARE = 0.8

interface ActsOf {
  readonly standing: Standing
  readonly pointed: boolean
  readonly spot: Value<Spot | null>
  readonly change: ChangeLook
  readonly draw: Painter['draw']
  readonly focus: () => void
}

export function actsOf({ standing, pointed, spot, change, draw, focus }: ActsOf): StageActs {
  const { middle, picture, box } = standing
  const goTo = ({ scale, cx, cy }: Middle): void => change({ zoom: scale, cx, cy })
  return {
    zoom: (by) => goTo(zoomedAt(standing, by, pointed ? cursorAt(standing, spot.get()) : centreOf(standing))),
    fit: () => change({ zoom: null, cx: 0, cy: 0 }),
    whole: () => goTo({ ...middle, scale: 1 }),
    move(dx, dy) {
      // One pixel of the picture, or of the screen where that is more.
      const step = Math.max(1, middle.scale)
      if (!pointed) return goTo(draggedBy(standing, -dx * step, -dy * step))
      const next = spotAfter(spot.get() ?? { x: Math.floor(middle.cx), y: Math.floor(middle.cy) }, dx, dy, picture)
      spot.set(next)
      if (!isIn(partSeen(standing), next)) goTo({ ...middle, cx: next.x + 0.5, cy: next.y + 0.5 })
    },
    show: ({ x, y, width, height }) => goTo({ scale: scaleWithin(Math.min(box.width / width, box.height / height) * SHARE), cx: x + width / 2, cy: y + height / 2 }),
    draw, focus,
  }
}
