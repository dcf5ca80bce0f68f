import { fitted, type Middle, type Point, type Size } from '../../ui/view.ts'
import type { Look } from './look.ts'
import type { Region } from './psnr.ts'

/** A pixel of the picture. */
export type Spot = Point

/** Where the picture stands in a pane: as the look says, or fitted and in the middle. */
export function middleIn({ zoom, cx, cy }: Pick<Look, 'zoom' | 'cx' | 'cy'>, picture: Size, pane: Size): Middle {
  if (zoom !== null) return { scale: zoom, cx, cy }
  const scale = pane.width < 1 || pane.height < 1 ? 1 : fitted(picture, pane).scale
  return { scale, cx: picture.width / 2, cy: picture.height / 2 }
}

/** The rectangle that two pixels span, both inside. */
export const regionBetween = (one: Spot, other: Spot): Region => ({
  x: Math.min(one.x, other.x), y: Math.min(one.y, other.y), width: Math.abs(one.x - other.x) + 1, height: Math.abs(one.y - other.y) + 1,
})

const inside = (value: number, most: number): number => Math.max(0, Math.min(most - 1, value))

export const spotAfter = (spot: Spot, dx: number, dy: number, picture: Size): Spot => ({ x: inside(spot.x + dx, picture.width), y: inside(spot.y + dy, picture.height) })

/** Where a key takes the dividing line: arrows a percent, with Shift and pages a tenth. */
export function dividerAfter(key: string, shift: boolean, x: number, lying: boolean): number | null {
  const step = shift ? 0.1 : 0.01
  const [back, on] = lying ? ['ArrowUp', 'ArrowDown'] : ['ArrowLeft', 'ArrowRight']
  const targets: Readonly<Record<string, number>> = { [back]: x - step, [on]: x + step, PageUp: x - 0.1, PageDown: x + 0.1, Home: 0, End: 1 }
  const target = targets[key]
  return target === undefined ? null : Math.round(Math.max(0, Math.min(1, target)) * 1e4) / 1e4
}
