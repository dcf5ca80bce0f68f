import type { Viewport } from '@xyflow/react'
import { useEffect, useRef, useState } from 'react'
import type { Size } from '../../ui/view.ts'
import type { Layout } from '../model/graph/elk-graph.ts'
import type { GraphDiff } from './graph-diff.ts'
import { LEAST_ZOOM, MOST_ZOOM } from './diff-pane.tsx'

/** Nothing smaller is shown at first: a tall graph begins at its first change instead. */
const READABLE_ZOOM = 0.6
const MARGIN = 20

type Layouts = readonly [before: Layout, after: Layout]

interface Bounds {
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
}

const boundsOf = (boxes: Layout['boxes']): Bounds => ({
  left: Math.min(...boxes.map(({ x }) => x)), top: Math.min(...boxes.map(({ y }) => y)), right: Math.max(...boxes.map(({ x, width }) => x + width)), bottom: Math.max(...boxes.map(({ y, height }) => y + height)),
})

/** Boxes of a change, of both panes: they lie in the same coordinates. */
function boxesOf(layouts: Layouts, diff: GraphDiff, change: number): Layout['boxes'] {
  const rows = diff.changes[change]?.rows ?? []
  const [old, now] = [new Set(rows.map(({ before }) => before)), new Set(rows.map(({ after }) => after))]
  return [...layouts[0].boxes.filter(({ node }) => node !== null && old.has(node)), ...layouts[1].boxes.filter(({ node }) => node !== null && now.has(node))]
}

/** One view for both panes: fitted at first, and on a change when it is gone to. `size`: of one pane. */
export function useLinkedView(layouts: Layouts | null, diff: GraphDiff, change: number | null, size: Size | null) {
  const [view, setView] = useState<Viewport>({ x: 0, y: 0, zoom: 1 })
  const seen = useRef<Layouts>(null)
  const show = (bounds: Bounds, zoom: number): void => {
    if (size !== null) setView({ zoom, x: size.width / 2 - ((bounds.left + bounds.right) / 2) * zoom, y: size.height / 2 - ((bounds.top + bounds.bottom) / 2) * zoom })
  }
  /** One that is taller than the pane is seen from its beginning. */
  const on = (bounds: Bounds, wished: number): void => {
    if (size === null) return
    const room = (size.height - 2 * MARGIN) / (bounds.bottom - bounds.top)
    const zoom = Math.max(READABLE_ZOOM, Math.min(room, wished))
    show(room < zoom ? { ...bounds, bottom: bounds.top + (size.height - 2 * MARGIN) / zoom } : bounds, zoom)
  }
  const whole = layouts === null ? null : boundsOf([...layouts[0].boxes, ...layouts[1].boxes])
  const fitting = size === null || whole === null ? 1 : Math.max(LEAST_ZOOM, Math.min((size.width - 2 * MARGIN) / (whole.right - whole.left), (size.height - 2 * MARGIN) / (whole.bottom - whole.top), 1.1))
  const fit = (): void => { if (whole !== null) show(whole, fitting) }
  const begin = (): void => {
    if (whole === null || size === null || fitting >= READABLE_ZOOM) return fit()
    const first = layouts === null ? [] : boxesOf(layouts, diff, 0)
    on(first.length === 0 ? whole : boundsOf(first), Math.max(READABLE_ZOOM, Math.min(1, (size.width - 2 * MARGIN) / (whole.right - whole.left))))
  }
  const isReady = layouts !== null && size !== null && size.width > 0
  useEffect(() => {
    if (!isReady || size === null) return
    const isNew = seen.current !== layouts
    seen.current = layouts
    const boxes = change === null ? [] : boxesOf(layouts, diff, change)
    if (boxes.length === 0) {
      if (isNew) begin()
      return
    }
    on(boundsOf(boxes), isNew ? 1 : view.zoom)
    // The view follows what is shown, not how it is computed.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [layouts, change, isReady])
  const zoom = (factor: number): void => {
    if (size === null) return
    const next = Math.min(MOST_ZOOM, Math.max(LEAST_ZOOM, view.zoom * factor))
    const share = next / view.zoom
    setView({ zoom: next, x: size.width / 2 - (size.width / 2 - view.x) * share, y: size.height / 2 - (size.height / 2 - view.y) * share })
  }
  return { view, setView, fit, zoom, move: (dx: number, dy: number): void => setView({ ...view, x: view.x + dx, y: view.y + dy }) }
}
