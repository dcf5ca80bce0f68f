import { useStore, ViewportPortal } from '@xyflow/react'
import { memo, useMemo } from 'react'
import type { ModelGraph } from '../../../../preload/contract/index.ts'
import { pathOf, type Direction, type Layout } from './elk-graph.ts'
import { tensorLabel } from './summary.ts'

interface GraphWiresProps {
  readonly graph: ModelGraph
  readonly layout: Layout
  readonly direction: Direction
  readonly folded: boolean
  /** The box whose edges stand out. */
  readonly selected: string | null
}

const LABELLED = 0.5
const isLabelled = (state: { readonly transform: readonly [number, number, number] }): boolean => state.transform[2] >= LABELLED

/** All edges and the outlines of open groups in one drawing below the boxes: moving the view costs nothing, however many there are. */
export const GraphWires = memo(({ graph, layout, direction, folded, selected }: GraphWiresProps) => {
  const labelled = useStore(isLabelled)
  const all = useMemo(() => layout.wires.map(({ points }) => pathOf(points)).join(''), [layout])
  const own = useMemo(() => layout.wires.filter(({ from, to }) => from === selected || to === selected), [layout, selected])
  return (
    <ViewportPortal>
      <svg className="wires" width="1" height="1" aria-hidden="true">
        <defs>
          <marker id="wire-end" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0.5L8 4L0 7.5z" className="wire-arrow" /></marker>
        </defs>
        {layout.frames.map(({ id, x, y, width, height }) => <rect key={id} x={x} y={y} width={width} height={height} rx={8} className="frame-line" />)}
        <path d={all} className="wire" />
        <Ends layout={layout} />
        {own.map(({ id, to, points }) => <path key={id} d={pathOf(points)} className="wire wire-own" data-into={to === selected || undefined} />)}
        {labelled ? <Labels graph={graph} layout={layout} direction={direction} folded={folded} /> : null}
      </svg>
    </ViewportPortal>
  )
})

/** Arrow heads, one for each end that something arrives at. */
const Ends = memo(({ layout }: { readonly layout: Layout }) => {
  const ends = new Map(layout.wires.flatMap(({ points }) => {
    const [before, end] = points.slice(-2)
    return before === undefined || end === undefined ? [] : [[`${end.x} ${end.y}`, `M${before.x} ${before.y}L${end.x} ${end.y}`] as const]
  }))
  return <>{[...ends].map(([key, d]) => <path key={key} d={d} className="wire-tip" markerEnd="url(#wire-end)" />)}</>
})

type LabelsProps = Omit<GraphWiresProps, 'selected'>

/** Shapes beside the place where each tensor leaves its maker. */
const Labels = memo(({ graph, layout, direction, folded }: LabelsProps) => {
  const first = new Map(layout.wires.map((wire) => [`${wire.from} ${wire.tensor}`, wire]))
  return (
    <>
      {[...first].map(([key, { points, tensor }]) => {
        const start = points[0]
        if (start === undefined) return null
        const [x, y] = direction === 'down' ? [start.x + 6, start.y + 11] : [start.x + 8, start.y - 6]
        return <text key={key} x={x} y={y} className="wire-label">{tensorLabel(graph.tensors[tensor]!, folded)}</text>
      })}
    </>
  )
})
