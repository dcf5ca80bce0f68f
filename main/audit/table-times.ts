import { timeOf, type OperatorEstimate } from '../compare/operator-nearest.ts'
import { operatorShapes } from '../compare/operator-shape.ts'
import type { Finding } from '../core/run.ts'
import type { Node } from '../onnx/graph.ts'
import { absorbedTensors } from '../quantize/absorb.ts'
import { finding, numberText, percentText, someOf } from './finding.ts'
import type { Site } from './site.ts'

/** An operator that computes no products and takes more than this share of the time is called slow. */
export const SLOW_SHARE = 0.2
export const computesProducts = (op: string): boolean => /Conv|Gemm|MatMul/.test(op)

/** What the latency table says that a node takes in int8, null where it says nothing. */
export function tableTimes(site: Site): (node: Node) => OperatorEstimate | null {
  const { times: table, graph, dims } = site
  if (table === undefined) return () => null
  const shapeOf = operatorShapes(graph, dims)
  const absorbed = absorbedTensors(graph, site.links, () => true)
  return (node) => {
    // A Relu behind a convolution is computed with it.
    if (node.inputs.some((name) => absorbed.has(name))) return null
    const shape = shapeOf(node)
    return shape === null ? null : timeOf(table, shape, 'int8')
  }
}

/** `0.42 ms by the table (near: input_channels 28 for 32)`. */
export const timeText = ({ ms, how, differs }: OperatorEstimate): string => `${numberText(ms)} ms by the table (${how}${differs.length === 0 ? '' : `: ${differs.join(', ')}`})`

/** D01 by the board's latency table: operators without products that take much of the estimated time. */
export function slowByTable(site: Site): Finding[] {
  const timeOfNode = tableTimes(site)
  const times = site.graph.nodes.flatMap((node) => {
    const time = timeOfNode(node)
    return time === null ? [] : [{ node, time }]
  })
  const total = times.reduce((sum, { time }) => sum + time.ms, 0)
  return [...Map.groupBy(times, ({ node }) => node.op)].flatMap(([op, list]) => {
    const ms = list.reduce((sum, { time }) => sum + time.ms, 0)
    if (total === 0 || ms / total < SLOW_SHARE || computesProducts(op)) return []
    const [slowest] = list.toSorted((a, b) => b.time.ms - a.time.ms)
    return [finding('D01', 'note', {
      node: slowest!.node.name,
      what: `${op} would take ${percentText(ms / total)} of the time and computes no products`,
      why: `${numberText(ms)} ms of ${numberText(total)} ms in ${someOf(list.map(({ node }) => node.name))}, by the latency table for ${times.length} of ${site.graph.nodes.length} nodes (${site.shapes?.at ?? 'sizes of the model'}); ${slowest!.node.name}: ${timeText(slowest!.time)}`,
      fix: 'Fold it into a convolution, fuse it, or do it where the map is small.',
    })]
  })
}
