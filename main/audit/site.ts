import type { BoardProfile } from '../boards/profile.ts'
import type { Statistics } from '../calibrate/statistics.ts'
import type { OperatorTable } from '../compare/operator-table.ts'
import type { LayerError, OperatorTime } from '../core/run.ts'
import type { ScaleRow, ScaleTable } from '../core/scale-table.ts'
import type { Graph, Node, ValueInfo } from '../onnx/graph.ts'
import { topology, type Topology } from '../onnx/topology.ts'
import { readQdq } from '../quantize/read-qdq.ts'
import type { RewriteContext } from '../rewrite/rewrite.ts'
import type { Expectation, Layout } from '../samples/expectation.ts'
import { asQdq } from './as-qdq.ts'

/** What is known of a model; every part but the graph may be absent, and rules that need it then say nothing. */
export interface AuditInput {
  /** The float graph that is worked on, prepared; of a model quantized elsewhere what its codes stand for (withoutCodes). */
  readonly graph: Graph
  /** The quantized graph, QDQ or QLinear, ours or another tool's. */
  readonly quantized?: Graph
  /** The table that `quantized` was made from. */
  readonly scales?: ScaleTable
  readonly statistics?: Statistics
  /** Tensors that the statistics must hold: those that are watched in the graph that was observed. */
  readonly expected?: readonly string[]
  readonly layers?: readonly LayerError[]
  readonly expectation?: Expectation
  readonly operators?: readonly OperatorTime[]
  /** Latency table of the board; it counts before times that were measured on this host. */
  readonly times?: OperatorTable
  /** Types and shapes of `graph` where every size is a number, and the size of the input they hold for, in words. */
  readonly shapes?: { readonly values: ReadonlyMap<string, ValueInfo>; readonly at: string }
  /** Layout of the picture output that was asked for. */
  readonly layout?: Layout
}

/** The quantized graph as the rules see it. */
export interface Coded {
  /** QDQ form. */
  readonly graph: Graph
  readonly links: Topology
  /** A row a QuantizeLinear and a dequantized constant; methods and reasons are those of the scale table where there is one. */
  readonly rows: readonly ScaleRow[]
  /** Name in the file of a tensor that was made up. */
  nameOf(tensor: string): string
}

/** What every rule looks at. */
export interface Site extends Omit<AuditInput, 'quantized' | 'scales'> {
  readonly profile: BoardProfile | null
  readonly links: Topology
  readonly coded: Coded | null
  readonly table: ScaleTable | null
  /** For asking a rewrite what it finds. */
  readonly context: RewriteContext
  /** Elements of a tensor at the size of `shapes`; null where it is not known. */
  elements(tensor: string): number | null
  /** Sizes of a tensor; null where one of them is open. */
  dims(tensor: string): readonly number[] | null
}

export function siteOf({ quantized, scales, ...input }: AuditInput, profile: BoardProfile | null): Site {
  const { graph, expectation, shapes } = input
  const dims = (tensor: string): readonly number[] | null => {
    const found = (shapes?.values.get(tensor) ?? graph.values.get(tensor))?.dims ?? graph.initializers.get(tensor)?.dims
    return found?.every((dim) => typeof dim === 'number') ? (found as readonly number[]) : null
  }
  return {
    ...input, profile, dims, links: topology(graph), context: contextOf(expectation), table: scales ?? null,
    coded: quantized ? codedOf(quantized, scales ?? []) : null,
    elements: (tensor) => dims(tensor)?.reduce((product, dim) => product * dim, 1) ?? null,
  }
}

function codedOf(quantized: Graph, scales: ScaleTable): Coded {
  const { graph, codesOf } = asQdq(quantized)
  const said = new Map(scales.map((row) => [row.tensor, row]))
  const rows = readQdq(graph).rows.map((row) => {
    const known = said.get(row.tensor)
    return known ? { ...row, method: known.method, reason: known.reason } : row
  })
  return { graph, links: topology(graph), rows, nameOf: (tensor) => codesOf.get(tensor) ?? tensor }
}

function contextOf(expectation: Expectation | undefined): RewriteContext {
  const input = expectation?.input ?? null
  const output = expectation?.output
  return {
    keep: new Set(), options: {},
    picture: input && { input: input.name, range: input.range.value },
    output: output?.kind.value === 'picture' ? { name: output.name, range: output.range.value } : null,
  }
}

/** Nodes that a tensor is computed from. */
export function ancestorsOf(links: Topology, tensor: string): Set<Node> {
  const seen = new Set<Node>()
  const open = [tensor]
  while (open.length > 0) {
    const node = links.producer.get(open.pop()!)
    if (!node || seen.has(node)) continue
    seen.add(node)
    open.push(...node.inputs)
  }
  return seen
}

/** Which document says so. */
export const sourceText = ({ sources }: BoardProfile, source: string | null): string => (source === null ? '' : ` (${sources[source]?.document ?? source})`)
