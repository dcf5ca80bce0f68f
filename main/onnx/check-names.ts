import { Fault } from '../core/fault.ts'
import type { GraphProto, NodeProto } from './onnx_pb.ts'

const AGAIN = 'Export the model again; its graph is not valid ONNX.'

/** How a node is called before it has a unique name. */
function nodeLabel(node: NodeProto): string {
  if (node.name === '') return `a node without a name (${node.opType}, output '${node.output[0] ?? ''}')`
  return `node '${node.name}' (${node.opType})`
}

/**
 * Every tensor of a graph and its subgraphs is made once and used where it exists. Throws `model.duplicate-initializer`,
 * `model.duplicate-tensor`, `model.dangling-input`, `model.dangling-output`, naming file, node and tensor.
 */
export function checkNames(graph: GraphProto, where: string, outer: ReadonlySet<string> = new Set()): void {
  const given = namesGiven(graph, where)
  const made = namesMade(graph, given, where)
  const known = outer.size === 0 ? made : new Set([...outer, ...made])
  for (const node of graph.node) {
    for (const name of node.input) {
      if (name !== '' && !known.has(name)) {
        throw new Fault({
          code: 'model.dangling-input', where, what: `${nodeLabel(node)} reads tensor '${name}', which nothing makes`,
          next: AGAIN,
        })
      }
    }
    for (const attribute of node.attribute) {
      for (const subgraph of attribute.g === undefined ? attribute.graphs : [attribute.g, ...attribute.graphs]) {
        checkNames(subgraph, `${where}: inside ${nodeLabel(node)}`, known)
      }
    }
  }
  for (const output of graph.output) {
    if (!known.has(output.name)) {
      throw new Fault({
        code: 'model.dangling-output', where, what: `nothing makes the graph output '${output.name}'`, next: AGAIN,
      })
    }
  }
}

function namesGiven(graph: GraphProto, where: string): Set<string> {
  const initializers = new Set<string>()
  const sparse = graph.sparseInitializer.map((entry) => entry.values?.name ?? '')
  for (const name of [...graph.initializer.map((tensor) => tensor.name), ...sparse]) {
    if (initializers.has(name)) throw new Fault({
      code: 'model.duplicate-initializer', where, what: `initializer '${name}' is there twice`, next: AGAIN,
    })
    initializers.add(name)
  }
  const inputs = new Set<string>()
  for (const { name } of graph.input) {
    if (inputs.has(name)) throw new Fault({
      code: 'model.duplicate-tensor', where, what: `graph input '${name}' is there twice`, next: AGAIN,
    })
    inputs.add(name)
  }
  return initializers.union(inputs)
}

function namesMade(graph: GraphProto, given: ReadonlySet<string>, where: string): Set<string> {
  const made = new Set(given)
  for (const node of graph.node) {
    for (const name of node.output) {
      if (name === '') continue
      if (made.has(name)) {
        const why = given.has(name) ? 'is also an input or initializer' : 'is made by another node too'
        throw new Fault({
          code: 'model.duplicate-tensor', where, what: `tensor '${name}', an output of ${nodeLabel(node)}, ${why}`, next: AGAIN,
        })
      }
      made.add(name)
    }
  }
  return made
}
