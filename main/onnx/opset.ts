import { Fault } from '../core/fault.ts'
import { nameMaker, withNodes } from './edit.ts'
import type { Dim, Graph, Node, Tensor } from './graph.ts'
import { OPERATOR_HISTORY } from './opset-history.ts'
import type { PreparedGraph } from './preparation.ts'
import { graphsIn } from './subgraph.ts'
import { topology } from './topology.ts'
import { nodesIn } from './walk.ts'

/** What a change of one node may look up and add. */
export interface RaiseContext {
  readonly to: number
  /** Dims as the file states them; null where it does not. */
  dims(tensor: string): readonly Dim[] | null
  constant(tensor: string): Tensor | undefined
  producer(tensor: string): Node | undefined
  /** Adds an initializer and returns its name. */
  add(wish: string, values: Tensor): string
  /** A name for a new tensor or node. */
  name(wish: string): string
  /** The type of the model's floats where it has only one; null where float64 occurs beside float32. */
  readonly floatType: 'float32' | 'float64' | null
  refuse(node: Node, why: string): Fault
}

/** Rewrites a node of the version before as nodes of the new one that compute the same. */
export type Change = (node: Node, context: RaiseContext) => readonly Node[]

/** Lowest opset that is taken in: before 7 broadcasting was written differently. */
const LOWEST = 7

/** The IR version that first knew each opset. */
const IR_OF_OPSET: readonly (readonly [opset: number, ir: number])[] = [
  [25, 13], [24, 12], [23, 11], [21, 10], [19, 9], [15, 8], [12, 7], [11, 6], [10, 5], [9, 4], [1, 3],
]
const irOf = (opset: number): number => IR_OF_OPSET.find(([first]) => opset >= first)![1]

/**
 * The graph under a later ai.onnx opset, computing the same; a graph that has it already, or a later one, is returned as it is.
 * Throws `model.opset`, naming node, operator and both versions, for anything that is not known to stay the same or to be rewritten.
 */
export function raiseOpset(graph: Graph, to: number): PreparedGraph {
  const from = graph.opsets.get('')
  // A model without standard operators has nothing to raise, but what is added to it will need the opset.
  const raised = { opsets: new Map([...graph.opsets, ['', to] as const]), irVersion: Math.max(graph.irVersion, irOf(to)) }
  if (from === undefined) return { graph: { ...graph, ...raised }, steps: [`added opset ${to} of the standard operators`] }
  if (from < LOWEST) {
    throw new Fault({
      code: 'model.opset', what: `the model is of opset ${from}, older than ${LOWEST}`,
      next: 'Export it again with a newer exporter, or convert it with onnx.version_converter.',
    })
  }
  if (from >= to) return { graph, steps: [] }
  checkAll(graph, from, to)
  const added = new Map<string, Tensor>()
  const context = contextOf(graph, from, to, added)
  const done = new Map<string, number>()
  let nodes: readonly Node[] = graph.nodes
  for (let version = from + 1; version <= to; version++) {
    nodes = nodes.flatMap((node) => {
      const change = node.domain === '' ? OPERATOR_HISTORY[node.op]?.[version] : undefined
      if (change === undefined || change === 'same') return [node]
      const changed = change(node, context)
      if (changed.length !== 1 || changed[0] !== node) done.set(node.op, (done.get(node.op) ?? 0) + 1)
      return changed
    })
  }
  const changes = { ...raised, initializers: new Map([...graph.initializers, ...added]) }
  const rewritten = [...done].map(([op, count]) => `${count} × ${op}`)
  const how = rewritten.length === 0 ? 'no operator had to be rewritten' : `rewritten: ${rewritten.join(', ')}`
  return { graph: withNodes(graph, nodes, changes), steps: [`raised from opset ${from} to ${to}; ${how}`] }
}

function contextOf(graph: Graph, from: number, to: number, added: Map<string, Tensor>): RaiseContext {
  const name = nameMaker(graph)
  const { producer } = topology(graph)
  const types = new Set([...graph.values.values(), ...graph.initializers.values()].map((item) => item.type))
  return {
    to,
    name,
    dims: (tensor) => graph.initializers.get(tensor)?.dims ?? graph.values.get(tensor)?.dims ?? null,
    constant: (tensor) => graph.initializers.get(tensor) ?? added.get(tensor),
    producer: (tensor) => producer.get(tensor),
    add: (wish, values) => {
      const unique = name(wish)
      added.set(unique, values)
      return unique
    },
    floatType: !types.has('float64') ? 'float32' : types.has('float32') ? null : 'float64',
    refuse: (node, why) => refusal(`node '${node.name}' (${node.op})`, node.op, from, to, why),
  }
}

const refusal = (where: string, op: string, from: number, to: number, why: string): Fault =>
  new Fault({
    code: 'model.opset', where, what: `${op} of opset ${from} cannot be raised to opset ${to}: ${why}`,
    next: `Export the model with opset ${to} or later, or convert it with onnx.version_converter.`,
  })

/** Operators must be known; those in subgraphs, which are left alone, must mean the same under both opsets. */
function checkAll(graph: Graph, from: number, to: number): void {
  const functions = new Set((graph.proto?.functions ?? []).map((definition) => `${definition.domain}:${definition.name}`))
  for (const node of graph.nodes) {
    const where = `node '${node.name}' (${node.op})`
    if (functions.has(`${node.domain}:${node.op}`)) throw refusal(where, node.op, from, to, 'it is a function of the model, written for the old opset')
    if (node.domain !== '') continue
    if (OPERATOR_HISTORY[node.op] === undefined) throw refusal(where, node.op, from, to, 'what changed in this operator is not known here')
    for (const name of ['broadcast', 'consumed_inputs']) {
      if (node.attributes.has(name)) throw refusal(where, node.op, from, to, `its attribute '${name}' belongs to an opset before ${LOWEST}`)
    }
    for (const attribute of node.attributes.values()) {
      for (const subgraph of graphsIn(attribute)) {
        for (const inner of nodesIn({ graph: subgraph, functions: [], trainingInfo: [] })) checkInner(inner.opType, inner.domain, where, from, to)
      }
    }
  }
}

function checkInner(op: string, domain: string, where: string, from: number, to: number): void {
  if (domain !== '' && domain !== 'ai.onnx') return
  const history = OPERATOR_HISTORY[op]
  const changes = Object.entries(history ?? {}).some(([version, change]) => Number(version) > from && Number(version) <= to && change !== 'same')
  if (history === undefined || changes) throw refusal(where, op, from, to, 'it stands in a graph inside that node, which is left alone')
}
