import type { AttributeValue } from './graph.ts'
import type { GraphProto } from './onnx_pb.ts'

/** Graphs that an attribute holds (the branches of If, the bodies of Loop and Scan). */
export function graphsIn(attribute: AttributeValue): readonly GraphProto[] {
  if (attribute.kind === 'graph') return [attribute.value]
  return attribute.kind === 'graphs' ? attribute.value : []
}

/** Names that a subgraph, or one inside it, takes from the graphs around it. */
export function outerNames(graph: GraphProto): Set<string> {
  const own = new Set<string>()
  for (const input of graph.input) own.add(input.name)
  for (const initializer of graph.initializer) own.add(initializer.name)
  for (const sparse of graph.sparseInitializer) own.add(sparse.values?.name ?? '')
  for (const node of graph.node) for (const output of node.output) own.add(output)
  const outer = new Set<string>()
  const use = (name: string): void => {
    if (name !== '' && !own.has(name)) outer.add(name)
  }
  for (const node of graph.node) {
    node.input.forEach(use)
    for (const attribute of node.attribute) {
      const inner = attribute.g === undefined ? attribute.graphs : [attribute.g, ...attribute.graphs]
      for (const subgraph of inner) outerNames(subgraph).forEach(use)
    }
  }
  for (const output of graph.output) use(output.name)
  return outer
}

/** Every name that a subgraph gives to something of its own; a new outer tensor must not take one (shadowing is not allowed). */
export function* innerNames(graph: GraphProto): Generator<string> {
  for (const input of graph.input) yield input.name
  for (const initializer of graph.initializer) yield initializer.name
  for (const node of graph.node) {
    yield* node.output
    for (const attribute of node.attribute) {
      if (attribute.g !== undefined) yield* innerNames(attribute.g)
      for (const subgraph of attribute.graphs) yield* innerNames(subgraph)
    }
  }
}
