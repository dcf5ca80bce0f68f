import type { AttributeProto, GraphProto, ModelProto, NodeProto, SparseTensorProto, TensorProto } from './onnx_pb.ts'

/** A tensor of a file with words for where it sits. */
export interface PlacedTensor {
  readonly proto: TensorProto
  /** `tensor 'w'`, or `tensor of attribute 'value' of node 'c'`. */
  readonly place: string
}

/** Every tensor of a model wherever it sits: initializers, sparse parts, attributes, subgraphs, functions, training graphs. */
export function* tensorsIn(model: Pick<ModelProto, 'graph' | 'functions' | 'trainingInfo'>): Generator<PlacedTensor> {
  if (model.graph !== undefined) yield* graphTensors(model.graph)
  for (const definition of model.functions) {
    for (const node of definition.node) yield* nodeTensors(node)
    for (const attribute of definition.attributeProto) yield* attributeTensors(attribute, `function '${definition.name}'`)
  }
  for (const training of model.trainingInfo) {
    if (training.initialization !== undefined) yield* graphTensors(training.initialization)
    if (training.algorithm !== undefined) yield* graphTensors(training.algorithm)
  }
}

function* graphTensors(graph: GraphProto): Generator<PlacedTensor> {
  for (const proto of graph.initializer) yield { proto, place: `tensor '${proto.name}'` }
  for (const sparse of graph.sparseInitializer) yield* sparseTensors(sparse, `sparse tensor '${sparse.values?.name ?? ''}'`)
  for (const node of graph.node) yield* nodeTensors(node)
}

function* sparseTensors(sparse: SparseTensorProto, place: string): Generator<PlacedTensor> {
  if (sparse.values !== undefined) yield { proto: sparse.values, place: `values of ${place}` }
  if (sparse.indices !== undefined) yield { proto: sparse.indices, place: `indices of ${place}` }
}

function* nodeTensors(node: NodeProto): Generator<PlacedTensor> {
  for (const attribute of node.attribute) yield* attributeTensors(attribute, `node '${node.name || node.output[0] || ''}' (${node.opType})`)
}

function* attributeTensors(attribute: AttributeProto, owner: string): Generator<PlacedTensor> {
  const place = `tensor of attribute '${attribute.name}' of ${owner}`
  for (const proto of attribute.t === undefined ? attribute.tensors : [attribute.t, ...attribute.tensors]) yield { proto, place }
  for (const sparse of attribute.sparseTensor === undefined ? attribute.sparseTensors : [attribute.sparseTensor, ...attribute.sparseTensors]) {
    yield* sparseTensors(sparse, place)
  }
  for (const graph of attribute.g === undefined ? attribute.graphs : [attribute.g, ...attribute.graphs]) yield* graphTensors(graph)
}

/** Every node of a model: subgraphs, functions and training graphs included. */
export function* nodesIn(model: Pick<ModelProto, 'graph' | 'functions' | 'trainingInfo'>): Generator<NodeProto> {
  if (model.graph !== undefined) yield* graphNodes(model.graph.node)
  for (const definition of model.functions) yield* graphNodes(definition.node)
  for (const training of model.trainingInfo) {
    yield* graphNodes(training.initialization?.node ?? [])
    yield* graphNodes(training.algorithm?.node ?? [])
  }
}

function* graphNodes(nodes: readonly NodeProto[]): Generator<NodeProto> {
  for (const node of nodes) {
    yield node
    for (const attribute of node.attribute) {
      if (attribute.g !== undefined) yield* graphNodes(attribute.g.node)
      for (const graph of attribute.graphs) yield* graphNodes(graph.node)
    }
  }
}
