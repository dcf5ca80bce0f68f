import type { Direction, Layout } from './elk-graph.ts'

type Boxes = Layout['boxes']
type Step = 'ahead' | 'back' | 'before' | 'after'

/** What an arrow means, by the direction in which the graph runs. */
export function stepOf(key: string, direction: Direction): Step | null {
  const down: Readonly<Record<string, Step>> = { ArrowDown: 'ahead', ArrowUp: 'back', ArrowLeft: 'before', ArrowRight: 'after' }
  const right: Readonly<Record<string, Step>> = { ArrowRight: 'ahead', ArrowLeft: 'back', ArrowUp: 'before', ArrowDown: 'after' }
  return (direction === 'down' ? down : right)[key] ?? null
}

/**
 * Where a step takes the selection: ahead and back along the edges, to the one that stands nearest; sideways to the neighbour in
 * the same row. From nowhere it goes to the first box. Null: there is nothing that way.
 */
export function stepped(layout: Pick<Layout, 'boxes' | 'wires'>, direction: Direction, from: string | null, step: Step): string | null {
  const at = layout.boxes.find(({ id }) => id === from)
  if (at === undefined) return layout.boxes[0]?.id ?? null
  if (step === 'ahead' || step === 'back') {
    const ids = new Set(layout.wires.flatMap((wire) => (step === 'ahead' && wire.from === from ? [wire.to] : step === 'back' && wire.to === from ? [wire.from] : [])))
    return nearest(layout.boxes.filter(({ id }) => ids.has(id)), (box) => distance(box, at))
  }
  const [along, across] = direction === 'down' ? (['y', 'x'] as const) : (['x', 'y'] as const)
  const size = direction === 'down' ? 'height' : 'width'
  const overlaps = layout.boxes.filter((box) => box.id !== from && box[along] < at[along] + at[size] && at[along] < box[along] + box[size])
  return nearest(overlaps.filter((box) => (step === 'after' ? box[across] > at[across] : box[across] < at[across])), (box) => Math.abs(box[across] - at[across]))
}

const distance = (a: Boxes[number], b: Boxes[number]): number => Math.hypot(a.x + a.width / 2 - b.x - b.width / 2, a.y + a.height / 2 - b.y - b.height / 2)

function nearest(boxes: Boxes, from: (box: Boxes[number]) => number): string | null {
  let [best, least]: [string | null, number] = [null, Infinity]
  for (const box of boxes) {
    const far = from(box)
    if (far < least) [best, least] = [box.id, far]
  }
  return best
}
