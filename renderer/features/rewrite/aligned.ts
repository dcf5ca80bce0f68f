import type { Layout } from '../model/graph/elk-graph.ts'

/** What stands in the same row of both panes, by the ids of its boxes. */
export type Pair = readonly [before: string, after: string]

/** A box may stand so much lower than the row's tallest. */
const SLACK = 12

/**
 * Two layouts that run downwards with what they share at the same height: where one has less between two shared boxes, it is
 * stretched there; sideways most of it lies alike. So one view serves both panes.
 */
export function aligned(before: Layout, after: Layout, pairs: readonly Pair[]): readonly [Layout, Layout] {
  const [old, now] = [byId(before), byId(after)]
  const knots = pairs.flatMap(([a, b]) => {
    const [one, other] = [old.get(a), now.get(b)]
    return one === undefined || other === undefined ? [] : [{ before: one.y, after: other.y }]
  }).toSorted((a, b) => a.before - b.before || a.after - b.after)
  const steps: { readonly before: number; readonly after: number; readonly at: number }[] = []
  for (const knot of knots) {
    const last = steps.at(-1)
    if (last === undefined) steps.push({ ...knot, at: Math.max(knot.before, knot.after) })
    else if (knot.before > last.before + SLACK && knot.after > last.after + SLACK) steps.push({ ...knot, at: last.at + Math.max(knot.before - last.before, knot.after - last.after) })
  }
  const asides = pairs.flatMap(([a, b]) => {
    const [one, other] = [old.get(a), now.get(b)]
    return one === undefined || other === undefined ? [] : one.x + one.width / 2 - other.x - other.width / 2
  }).toSorted((a, b) => a - b)
  const aside = asides[asides.length >> 1] ?? 0
  return [
    moved(before, 0, (y) => shiftAt(steps.map((step) => [step.before, step.at - step.before] as const), y)),
    moved(after, aside, (y) => shiftAt(steps.map((step) => [step.after, step.at - step.after] as const), y)),
  ]
}

const byId = ({ boxes }: Layout) => new Map(boxes.map((box) => [box.id, box]))

const shiftAt = (steps: readonly (readonly [from: number, shift: number])[], y: number): number => steps.findLast(([from]) => y >= from - SLACK)?.[1] ?? steps[0]?.[1] ?? 0

function moved({ boxes, frames, wires, ...layout }: Layout, dx: number, shift: (y: number) => number): Layout {
  const to = <Point extends { readonly x: number; readonly y: number }>(point: Point): Point => ({ ...point, x: point.x + dx, y: point.y + shift(point.y) })
  const placed = boxes.map((box) => to(box))
  return {
    width: layout.width, height: Math.max(layout.height, ...placed.map(({ y, height }) => y + height)), boxes: placed, frames: frames.map((frame) => to(frame)),
    wires: wires.map((wire) => ({ ...wire, points: wire.points.map((point) => to(point)) })),
  }
}
