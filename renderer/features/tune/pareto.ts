import type { ParetoPoint } from '../../../preload/contract/index.ts'

export const COSTS = ['bitMacs', 'latency', 'bytes', 'macsInt16'] as const
export type Cost = (typeof COSTS)[number]

/** As a budget of the terminal names them. */
export const BUDGET_NAMES: Readonly<Record<Cost, string>> = { bitMacs: 'bitmacs', latency: 'latency', bytes: 'bytes', macsInt16: 'macs_int16' }

/** Score lost, noise over signal where the protocol has no score. */
export const lossOf = ({ lost, nsr }: ParetoPoint): number => lost ?? nsr

export const LOSSES = ['lost', 'nsr'] as const
export type Loss = (typeof LOSSES)[number]

/** Of points in a plane, both coordinates better when small: those that no other one beats, from left to right. */
export function unbeaten<T extends { readonly x: number; readonly y: number }>(points: readonly T[]): readonly T[] {
  let least = Infinity
  return points.toSorted((a, b) => a.x - b.x || a.y - b.y).filter(({ y }) => {
    const isBetter = y < least
    if (isBetter) least = y
    return isBetter
  })
}

/** The point of the front that lies farthest below the line between its ends, both axes from 0 to 1; none with fewer than three points. */
export function kneeOf(points: readonly ParetoPoint[], cost: Cost): ParetoPoint | undefined {
  const front = points.filter((point) => point.front && point[cost] !== null).toSorted((a, b) => a[cost]! - b[cost]!)
  const [first, last] = [front[0], front.at(-1)]
  if (front.length < 3 || first === undefined || last === undefined) return undefined
  const width = last[cost]! - first[cost]!
  const height = lossOf(first) - lossOf(last)
  if (width <= 0 || height <= 0) return undefined
  const depth = (point: ParetoPoint): number => 1 - (point[cost]! - first[cost]!) / width - (lossOf(point) - lossOf(last)) / height
  const best = front.slice(1, -1).toSorted((a, b) => depth(b) - depth(a))[0]
  return best !== undefined && depth(best) > 0 ? best : undefined
}

export const keyOfPoint = ({ plan, settings }: ParetoPoint): string => JSON.stringify([plan, settings])
