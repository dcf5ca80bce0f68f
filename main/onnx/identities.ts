import { Fault } from '../core/fault.ts'
import { withInputs, withNodes } from './edit.ts'
import type { Graph, Node } from './graph.ts'
import type { PreparedGraph } from './preparation.ts'
import { graphsIn, outerNames } from './subgraph.ts'
import { topology } from './topology.ts'

/**
 * Identity nodes, and Dropout, which passes everything on once a model is trained, are taken out: their users read what they read.
 * Where the copy is a graph output or is used inside a subgraph its name must stay, and so an Identity does.
 * Throws `model.dropout` for one that is told to drop, or whose mask is used.
 */
export function withoutCopies(graph: Graph): PreparedGraph {
  const mustStay = namesThatStay(graph)
  const source = new Map<string, string>()
  const counts = new Map<string, number>()
  const count = (what: string): unknown => counts.set(what, (counts.get(what) ?? 0) + 1)
  const nodes = graph.nodes.flatMap((given) => {
    const node = given.inputs.some((name) => source.has(name)) ? withInputs(given, (name) => source.get(name) ?? name) : given
    if (!isCopy(node)) return [node]
    if (node.op === 'Dropout') checkDropout(node, graph)
    const [output = ''] = node.outputs
    if (!mustStay.has(output)) {
      source.set(output, node.inputs[0]!)
      count(`${node.op} removed`)
      return []
    }
    if (node.op === 'Identity') return [node]
    count('Dropout at an output turned into Identity')
    return [{ ...node, op: 'Identity', inputs: [node.inputs[0]!], outputs: [output], attributes: new Map() }]
  })
  if (counts.size === 0) return { graph, steps: [] }
  const steps = [...counts].map(([what, number]) => `${number} × ${what}: it only passes its input on`)
  return { graph: withNodes(graph, nodes), steps }
}

const isCopy = (node: Node): boolean => node.domain === '' && (node.op === 'Identity' || node.op === 'Dropout')

function namesThatStay(graph: Graph): Set<string> {
  const names = new Set(graph.outputs.map((output) => output.name))
  for (const node of graph.nodes) {
    for (const attribute of node.attributes.values()) {
      for (const subgraph of graphsIn(attribute)) for (const name of outerNames(subgraph)) names.add(name)
    }
  }
  return names
}

function checkDropout(node: Node, graph: Graph): void {
  const fault = (what: string): Fault =>
    new Fault({
      code: 'model.dropout', where: `node '${node.name}' (Dropout)`, what, next: 'Export the model for inference, in eval mode.',
    })
  const [, mask = ''] = node.outputs
  const { consumers, outputs } = topology(graph)
  if (mask !== '' && (consumers.has(mask) || outputs.has(mask))) throw fault(`its mask '${mask}' is used`)
  const [, , training = ''] = node.inputs
  if (training === '') return
  const flag = graph.initializers.get(training)
  if (flag === undefined || flag.data[0] !== 0) throw fault('it is set to drop values, as in training')
}
