import { MiniMap, ReactFlow, ReactFlowProvider, useReactFlow, useStore, type NodeTypes } from '@xyflow/react'
import '@xyflow/react/dist/base.css'
import { useEffect, useMemo, useRef, type KeyboardEvent } from 'react'
import type { ModelGraph } from '../../../../preload/contract/index.ts'
import { useSay } from '../../../texts/texts.ts'
import { Button } from '../../../ui/button.tsx'
import type { Direction, Layout } from './elk-graph.ts'
import { familyOf } from './families.ts'
import { GraphBox, GraphFrame, type BoxNode, type FrameNode } from './graph-box.tsx'
import { GraphWires } from './graph-wires.tsx'
import { useFlowWords } from './flow-words.ts'
import { worstOf, type Mark, type Overlay } from './overlay.ts'
import { stepOf, stepped } from './walk.ts'

export interface GraphCanvasProps {
  readonly graph: ModelGraph
  readonly layout: Layout
  readonly direction: Direction
  readonly folded: boolean
  /** The selected box. */
  readonly selected: string | null
  /** The group that was opened last: a new layout begins there. */
  readonly opened: string | null
  readonly hits: ReadonlySet<string>
  readonly marks: ReadonlyMap<number, Mark>
  readonly overlay: Overlay
  /** What is selected, in words. */
  readonly spoken: string
  readonly onSelect: (box: string | null) => void
  readonly onToggle: (group: string) => void
}

const NODE_TYPES: NodeTypes = { box: GraphBox, frame: GraphFrame }
const LEAST_ZOOM = 0.004
const MOST_ZOOM = 2.5
/** Nothing smaller is shown at first: a tall graph begins at its inputs instead. */
const READABLE_ZOOM = 0.45
const MARGIN = 24
/** Only the head of a frame is a thing to click; its outline is drawn with the edges. */
const FRAME_HEAD = 34
const MAP_SIZE = { width: 132, height: 148 }

export function GraphCanvas(props: GraphCanvasProps) {
  return <ReactFlowProvider><Canvas {...props} /></ReactFlowProvider>
}

/** The graph as it is laid out: wheel moves, Ctrl and wheel zooms, arrows walk along the edges. */
function Canvas(props: GraphCanvasProps) {
  const { graph, layout, direction, folded, selected, onSelect, onToggle } = props
  const say = useSay()
  const nodes = useNodes(props)
  const words = useFlowWords()
  const camera = useCamera(props)

  function onKeyDown(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target !== event.currentTarget) return
    const step = stepOf(event.key, direction)
    const group = selected?.startsWith('g') ? selected.slice(1) : null
    if (step !== null) {
      const next = stepped(layout, direction, selected, step)
      if (next !== null) onSelect(next)
    } else if (event.key === 'Enter' && group !== null) onToggle(group)
    else if (event.key === 'f' || event.key === ' ') camera.fit()
    else if (event.key === '+' || event.key === '=') camera.zoom(1.3)
    else if (event.key === '-') camera.zoom(1 / 1.3)
    else if (event.key === 'Escape') onSelect(null)
    else return
    event.preventDefault()
  }

  return (
    <div
      className="graph-canvas" tabIndex={0} role="group" aria-label={say('model.graph.canvas')} onKeyDown={onKeyDown}
      // What was clicked may be gone a moment later; the keys stay with the graph.
      onClickCapture={(event) => { if ((event.target as Element).closest('.react-flow__viewport, .react-flow__pane')) event.currentTarget.focus({ preventScroll: true }) }}
    >
      <ReactFlow
        nodes={nodes} nodeTypes={NODE_TYPES} onlyRenderVisibleElements nodesDraggable={false} nodesConnectable={false} nodesFocusable={false} elementsSelectable={false}
        edgesFocusable={false} disableKeyboardA11y ariaLabelConfig={words} panOnScroll zoomActivationKeyCode={['Control', 'Meta']} zoomOnDoubleClick={false} minZoom={LEAST_ZOOM} maxZoom={MOST_ZOOM} proOptions={{ hideAttribution: true }}
        panActivationKeyCode={null} selectionKeyCode={null} multiSelectionKeyCode={null} deleteKeyCode={null}
        onNodeClick={(_event, node) => { if (node.type === 'box') onSelect(node.id) }} onPaneClick={() => onSelect(null)}
        onNodeDoubleClick={(_event, node) => { if (node.id.startsWith('g')) onToggle(node.id.slice(1)) }}
      >
        <GraphWires graph={graph} layout={layout} direction={direction} folded={folded} selected={selected} />
        <MiniMap<BoxNode | FrameNode>
          pannable zoomable ariaLabel={say('model.graph.map')} nodeClassName={(node) => (node.type === 'frame' ? 'map-frame' : `map-${node.data.mark?.tone ?? node.data.box.kind}-${familyOf(node.data.box.title)}`)}
          nodeBorderRadius={2} style={MAP_SIZE}
        />
      </ReactFlow>
      <div className="graph-zoom">
        <Button tone="quiet" aria-label={say('picture.smaller')} title="−" onClick={() => camera.zoom(1 / 1.3)}>−</Button>
        <Zoom />
        <Button tone="quiet" aria-label={say('picture.larger')} title="+" onClick={() => camera.zoom(1.3)}>+</Button>
        <Button tone="quiet" title="F" onClick={camera.fit}>{say('picture.fit')}</Button>
      </div>
      <p className="unseen" role="status">{props.spoken}</p>
    </div>
  )
}

function Zoom() {
  const percent = useStore((state) => Math.round(state.transform[2] * 100))
  return <span className="number muted graph-percent">{percent} %</span>
}

/** The layout as React Flow's nodes. Those that are neither selected nor found stay the same objects, and are not drawn again. */
function useNodes({ layout, selected, hits, marks, overlay, onToggle }: GraphCanvasProps): (BoxNode | FrameNode)[] {
  const plain = useMemo(() => [
    ...layout.frames.map((frame): FrameNode => ({
      id: frame.id, type: 'frame', position: { x: frame.x, y: frame.y }, width: frame.width, height: FRAME_HEAD, handles: [], data: { frame, onToggle },
    })),
    ...layout.boxes.map((box): BoxNode => {
      const mark = box.node === null ? (box.group === null ? undefined : worstOf(marks, box.group.nodes, overlay)) : marks.get(box.node)
      return { id: box.id, type: 'box', position: { x: box.x, y: box.y }, width: box.width, height: box.height, handles: [], data: { box, selected: false, hit: false, mark, onToggle } }
    }),
  ], [layout, marks, overlay, onToggle])
  return useMemo(() => plain.map((node) => (
    node.type === 'box' && (node.id === selected || hits.has(node.id)) ? { ...node, data: { ...node.data, selected: node.id === selected, hit: hits.has(node.id) } } : node
  )), [plain, selected, hits])
}

/** Where the view stands: fitted at first, and on what is selected whenever that is out of sight. */
function useCamera({ layout, selected, opened, direction }: GraphCanvasProps) {
  const flow = useReactFlow()
  const width = useStore((state) => state.width)
  const height = useStore((state) => state.height)
  const shown = useRef<Layout>(null)
  const whole = (): number => Math.min((width - 2 * MARGIN) / layout.width, (height - 2 * MARGIN) / layout.height, 1.25)
  const at = (zoom: number, x: number, y: number): void => void flow.setViewport({ zoom, x, y })
  const fit = (): void => {
    const zoom = Math.max(LEAST_ZOOM, whole())
    at(zoom, (width - layout.width * zoom) / 2, (height - layout.height * zoom) / 2)
  }
  const begin = (): void => {
    if (whole() >= READABLE_ZOOM) return fit()
    const zoom = Math.min(1, Math.max(READABLE_ZOOM, direction === 'down' ? (width - 2 * MARGIN) / layout.width : (height - 2 * MARGIN) / layout.height))
    const first = layout.boxes[0]
    if (direction === 'down') at(zoom, width / 2 - ((first?.x ?? 0) + (first?.width ?? 0) / 2) * zoom, MARGIN)
    else at(zoom, MARGIN, height / 2 - ((first?.y ?? 0) + (first?.height ?? 0) / 2) * zoom)
  }
  const box = selected === null ? undefined : layout.boxes.find(({ id }) => id === selected)
  useEffect(() => {
    if (width === 0 || height === 0) return
    const isNew = shown.current !== layout
    shown.current = layout
    const { x, y, zoom } = flow.getViewport()
    if (box === undefined) {
      const frame = layout.frames.find(({ group }) => group.id === opened)
      const near = Math.max(zoom, READABLE_ZOOM)
      if (isNew && frame !== undefined) at(near, Math.max(MARGIN, (width - frame.width * near) / 2) - frame.x * near, Math.max(MARGIN, (height - frame.height * near) / 2) - frame.y * near)
      else if (isNew) begin()
      return
    }
    const [left, top] = [box.x * zoom + x, box.y * zoom + y]
    const isSeen = left >= 0 && top >= 0 && left + box.width * zoom <= width && top + box.height * zoom <= height
    if (isSeen && !isNew && zoom >= READABLE_ZOOM) return
    const next = Math.max(zoom, 0.8)
    at(next, width / 2 - (box.x + box.width / 2) * next, height / 2 - (box.y + box.height / 2) * next)
    // The view follows what is shown, not how it is computed.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [layout, box, width === 0 || height === 0])
  return { fit, zoom: (factor: number): void => void flow.zoomTo(Math.min(MOST_ZOOM, Math.max(LEAST_ZOOM, flow.getZoom() * factor))) }
}
