import type { ElkExtendedEdge, ElkNode } from 'elkjs/lib/elk-api.js'
import type { Box, Drawing, Frame, Wire } from './drawing.ts'

export const DIRECTIONS = ['down', 'right'] as const
export type Direction = (typeof DIRECTIONS)[number]

interface Point {
  readonly x: number
  readonly y: number
}

interface Place extends Point {
  readonly width: number
  readonly height: number
}

/** A drawing with every thing in its place, in pixels from the top left. */
export interface Layout {
  readonly width: number
  readonly height: number
  readonly boxes: readonly (Box & Place)[]
  readonly frames: readonly (Frame & Place)[]
  readonly wires: readonly (Wire & { readonly points: readonly Point[] })[]
}

/** Of every level: groups do not inherit it. */
const SPACING: Readonly<Record<string, string>> = {
  'elk.layered.spacing.edgeNodeBetweenLayers': '14',
  'elk.layered.spacing.edgeEdgeBetweenLayers': '10',
  'elk.spacing.nodeNode': '32',
  'elk.spacing.edgeNode': '18',
  'elk.spacing.edgeEdge': '10',
}

const OPTIONS: Readonly<Record<string, string>> = {
  ...SPACING,
  'elk.algorithm': 'layered',
  'elk.edgeRouting': 'ORTHOGONAL',
  'elk.json.shapeCoords': 'ROOT',
  'elk.json.edgeCoords': 'ROOT',
  'elk.layered.mergeEdges': 'true',
  'elk.layered.mergeHierarchyEdges': 'true',
  'elk.spacing.componentComponent': '48',
}

/** Between two layers stands the shape of a tensor: beside an edge that goes down, along one that goes right. */
const LAYERS: Readonly<Record<Direction, string>> = { down: '44', right: '112' }

/** A drawing as ELK takes it. */
export function elkGraphOf({ boxes, frames, wires }: Drawing, direction: Direction): ElkNode {
  const children = new Map<string | null, ElkNode[]>()
  const between = { 'elk.layered.spacing.nodeNodeBetweenLayers': LAYERS[direction] }
  const put = (frame: string | null, node: ElkNode): void => void children.set(frame, [...(children.get(frame) ?? []), node])
  for (const { id, frame, width, height } of boxes) put(frame, { id, width, height })
  // From the inside out: what is inside a frame is complete before the frame is put into another.
  for (const { id, frame, group } of frames.toReversed()) {
    put(frame, { id, children: children.get(group.id) ?? [], layoutOptions: { ...SPACING, ...between, 'elk.padding': '[top=36,left=16,bottom=16,right=16]' } })
  }
  return {
    id: 'root',
    layoutOptions: { ...OPTIONS, ...between, 'elk.direction': direction === 'down' ? 'DOWN' : 'RIGHT', ...(frames.length > 0 ? { 'elk.hierarchyHandling': 'INCLUDE_CHILDREN' } : {}) },
    children: children.get(null) ?? [],
    edges: wires.map((wire): ElkExtendedEdge => ({ id: wire.id, sources: [wire.from], targets: [wire.to] })),
  }
}

/** What ELK answered, put onto the drawing. Throws where it left something out. */
export function layoutOf(drawing: Drawing, answer: ElkNode): Layout {
  const places = new Map<string, Place>()
  const edges = new Map<string, ElkExtendedEdge>()
  const take = (node: ElkNode): void => {
    for (const child of node.children ?? []) {
      places.set(child.id, { x: child.x ?? 0, y: child.y ?? 0, width: child.width ?? 0, height: child.height ?? 0 })
      take(child)
    }
    for (const edge of node.edges ?? []) edges.set(edge.id ?? '', edge)
  }
  take(answer)
  const placed = <Thing extends { readonly id: string }>(thing: Thing): Thing & Place => {
    const place = places.get(thing.id)
    if (place === undefined) throw new Error(`the layout has no place for ${thing.id}`)
    return { ...thing, ...place }
  }
  return {
    width: answer.width ?? 0,
    height: answer.height ?? 0,
    boxes: drawing.boxes.map(placed),
    frames: drawing.frames.map(placed),
    wires: drawing.wires.map((wire) => {
      const points = (edges.get(wire.id)?.sections ?? []).flatMap(({ startPoint, bendPoints = [], endPoint }) => [startPoint, ...bendPoints, endPoint])
      return { ...wire, points }
    }),
  }
}

const CORNER = 7

/** A line through the points with round corners, as the `d` of an SVG path. */
export function pathOf(points: readonly Point[]): string {
  const [first, ...rest] = points
  if (first === undefined) return ''
  const parts = [`M${first.x} ${first.y}`]
  for (const [index, point] of rest.entries()) {
    const next = rest[index + 1]
    if (next === undefined) {
      parts.push(`L${point.x} ${point.y}`)
      continue
    }
    const before = points[index]!
    const [enter, leave] = [toward(point, before), toward(point, next)]
    parts.push(`L${enter.x} ${enter.y}Q${point.x} ${point.y} ${leave.x} ${leave.y}`)
  }
  return parts.join('')
}

/** The point on the way from `at` to `other` where a corner begins. */
function toward(at: Point, other: Point): Point {
  const length = Math.hypot(other.x - at.x, other.y - at.y)
  const share = length === 0 ? 0 : Math.min(CORNER, length / 2) / length
  return { x: Math.round((at.x + (other.x - at.x) * share) * 10) / 10, y: Math.round((at.y + (other.y - at.y) * share) * 10) / 10 }
}
