import type { Graph, Node } from '../onnx/graph.ts'
import { COMPUTE, floatActivations, FUSED_ACTIVATIONS, isPassThrough } from '../onnx/operators.ts'
import { topology } from '../onnx/topology.ts'

/** Nodes in float that hang together. */
export interface FloatRegion {
  /** In topological order. */
  readonly nodes: readonly string[]
  /** Why, each reason once: recipe lines, operators. */
  readonly why: readonly string[]
  /** Of all multiply-accumulates of the graph, 0 to 1; null where they are not known. */
  readonly macsShare: number | null
}

/** A border between float and codes that costs a rounding and gains nothing, with the better one (ALGORITHMS 4.2). */
export interface SillyBorder {
  readonly nodes: readonly string[]
  /** `moves`: float, but it only moves values between quantized layers. `island`: on codes between float layers, and no products are computed there. */
  readonly kind: 'moves' | 'island'
  /** Recipe lines that made it. */
  readonly why: readonly string[]
}

export interface FloatReport {
  readonly regions: readonly FloatRegion[]
  readonly borders: readonly SillyBorder[]
}

/** What computes in float and why, region by region, and borders that could be better. `macs`: multiply-accumulates by node name; empty where they are not known. */
export function floatReport(graph: Graph, floatNodes: ReadonlyMap<string, string>, macs: ReadonlyMap<string, number>): FloatReport {
  const activations = floatActivations(graph)
  const { producer, consumers, outputs } = topology(graph)
  // Arithmetic of shapes is on whole numbers: it is neither in float nor on codes.
  const work = graph.nodes.filter((node) => node.outputs.some((name) => activations.has(name)))
  const isFloat = (node: Node) => floatNodes.has(node.name)
  const moving = (names: readonly string[]) => names.filter((name) => activations.has(name) && !graph.initializers.has(name))
  const makers = (node: Node) => moving(node.inputs).flatMap((name) => producer.get(name) ?? [])
  const readers = (node: Node) => moving(node.outputs).flatMap((name) => consumers.get(name) ?? [])
  const around = (nodes: readonly Node[], step: (node: Node) => readonly Node[]) => nodes.flatMap(step).filter((node) => !nodes.includes(node) && node.outputs.some((name) => activations.has(name)))
  const reasons = (nodes: readonly Node[]) => [...new Set(nodes.flatMap((node) => floatNodes.get(node.name) ?? []))]
  const names = (nodes: readonly Node[]) => nodes.map(({ name }) => name)
  const total = [...macs.values()].reduce((sum, each) => sum + each, 0)
  const floating = componentsOf(work.filter(isFloat), (node) => [...makers(node), ...readers(node)])
  const coded = componentsOf(work.filter((node) => !isFloat(node)), (node) => [...makers(node), ...readers(node)])
  const touchesOutside = (nodes: readonly Node[]) => nodes.some((node) => moving(node.inputs).some((name) => !producer.has(name)) || node.outputs.some((name) => outputs.has(name)))
  const between = (nodes: readonly Node[]) => around(nodes, makers).length > 0 && around(nodes, readers).length > 0 && !touchesOutside(nodes)
  return {
    regions: floating.map((nodes) => ({ nodes: names(nodes), why: reasons(nodes), macsShare: total === 0 ? null : names(nodes).reduce((sum, name) => sum + (macs.get(name) ?? 0), 0) / total })),
    borders: [
      ...floating.filter((nodes) => nodes.every((node) => isPassThrough(node) || FUSED_ACTIVATIONS.has(node.op)) && between(nodes) && nodes.some((node) => floatNodes.get(node.name)!.startsWith('quantize.')))
        .map((nodes): SillyBorder => ({ kind: 'moves', nodes: names(nodes), why: reasons(nodes) })),
      ...coded.filter((nodes) => !nodes.some((node) => COMPUTE.has(node.op)) && between(nodes))
        .map((nodes): SillyBorder => ({ kind: 'island', nodes: names(nodes), why: reasons([...around(nodes, makers), ...around(nodes, readers)]) })),
    ],
  }
}

/** Nodes that hang together by neighbours among themselves, each component in the order given. */
function componentsOf(nodes: readonly Node[], neighbours: (node: Node) => readonly Node[]): Node[][] {
  const left = new Set(nodes)
  const components: Node[][] = []
  for (const start of nodes) {
    if (!left.delete(start)) continue
    const found = new Set([start])
    for (const node of found) for (const next of neighbours(node)) if (left.delete(next)) found.add(next)
    components.push(nodes.filter((node) => found.has(node)))
  }
  return components
}

const MOST_NAMES = 6

const listOf = (names: readonly string[]): string => [...names.slice(0, MOST_NAMES), ...(names.length > MOST_NAMES ? [`+${names.length - MOST_NAMES}`] : [])].join(', ')

/** The report as sentences: a region each, then what could be better. */
export const floatNotes = ({ regions, borders }: FloatReport): string[] => [
  ...regions.map(({ nodes, why, macsShare }) => (macsShare === null ? `In float: ${listOf(nodes)} (${why.join('; ')}).` : `In float, ${(100 * macsShare).toFixed(1)} % of the products: ${listOf(nodes)} (${why.join('; ')}).`)),
  ...borders.map(({ kind, nodes, why }) =>
    (kind === 'moves'
      ? `${listOf(nodes)} in float only moves values between quantized layers, and both borders round for nothing: better leave it quantized (${why.join('; ')}).`
      : `${listOf(nodes)} on codes computes no products and stands between layers in float: better keep it in float too (quantize.float.names), or make the region smaller (${why.join('; ')}).`)),
]
