import { ReactFlow, ReactFlowProvider, type NodeTypes, type Viewport } from '@xyflow/react'
import '@xyflow/react/dist/base.css'
import { useMemo } from 'react'
import type { ModelGraph } from '../../../preload/contract/index.ts'
import type { Layout } from '../model/graph/elk-graph.ts'
import { useFlowWords } from '../model/graph/flow-words.ts'
import { GraphWires } from '../model/graph/graph-wires.tsx'
import { DiffBox, type DiffBoxNode } from './diff-box.tsx'
import type { DiffRow } from './graph-diff.ts'

export interface DiffPaneProps {
  readonly graph: ModelGraph
  readonly layout: Layout
  /** By node. */
  readonly rows: ReadonlyMap<number, DiffRow>
  /** The change that is selected. */
  readonly change: number | null
  readonly view: Viewport
  readonly onView: (view: Viewport) => void
  readonly onChange: (change: number) => void
  readonly onOpen: (group: string) => void
}

const NODE_TYPES: NodeTypes = { diff: DiffBox }
export const LEAST_ZOOM = 0.02
export const MOST_ZOOM = 2.5

/** One of the two graphs; both are looked at through the same view. */
export function DiffPane({ graph, layout, rows, change, view, onView, onChange, onOpen }: DiffPaneProps) {
  const words = useFlowWords()
  const nodes = useMemo(() => layout.boxes.map((box): DiffBoxNode => {
    const row = box.node === null ? undefined : rows.get(box.node)
    return {
      id: box.id, type: 'diff', position: { x: box.x, y: box.y }, width: box.width, height: box.height, handles: [],
      data: { box, kind: row?.kind ?? 'same', selected: row !== undefined && row.change !== null && row.change === change },
    }
  }), [layout, rows, change])
  return (
    <ReactFlowProvider>
      <ReactFlow<DiffBoxNode>
        nodes={nodes} nodeTypes={NODE_TYPES} viewport={view} onViewportChange={onView} onlyRenderVisibleElements nodesDraggable={false} nodesConnectable={false} nodesFocusable={false} elementsSelectable={false}
        edgesFocusable={false} disableKeyboardA11y ariaLabelConfig={words} panOnScroll zoomActivationKeyCode={['Control', 'Meta']} zoomOnDoubleClick={false} minZoom={LEAST_ZOOM} maxZoom={MOST_ZOOM} proOptions={{ hideAttribution: true }}
        panActivationKeyCode={null} selectionKeyCode={null} multiSelectionKeyCode={null} deleteKeyCode={null}
        onNodeClick={(_event, { data: { box } }) => {
          const of = box.node === null ? null : (rows.get(box.node)?.change ?? null)
          if (of !== null) onChange(of)
          else if (box.group !== null) onOpen(box.group.id)
        }}
      >
        <GraphWires graph={graph} layout={layout} direction="down" folded={false} selected={null} />
      </ReactFlow>
    </ReactFlowProvider>
  )
}
