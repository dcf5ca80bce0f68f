import { createHash, randomUUID } from 'node:crypto'
import { canonicalJson, sha256 } from '../core/hash.ts'
import type { AttributeValue, Graph, Node, Tensor } from '../onnx/graph.ts'
import { usedTensors } from '../onnx/topology.ts'

/**
 * Of every tensor of a graph a hash of all that it is computed from: operators, attributes, constants and inputs, up to the graph's inputs.
 * Tensors of two graphs with equal hashes hold equal values, bit for bit, where one runtime runs both in the same way.
 * What a subgraph or an attribute that cannot be read makes has a hash of its own that equals nothing.
 */
export function coneHashes(graph: Graph): ReadonlyMap<string, string> {
  const base = canonicalJson([...graph.opsets].toSorted(([a], [b]) => (a < b ? -1 : 1)))
  const cones = new Map<string, string>()
  for (const { name, type, dims } of graph.inputs) cones.set(name, sha256(canonicalJson(['input', base, name, type, dims])))
  for (const [name, tensor] of graph.initializers) cones.set(name, hashOfTensor(tensor))
  for (const node of graph.nodes) {
    const made = hashOfNode(node, cones, base)
    for (const [index, output] of node.outputs.entries()) if (output !== '') cones.set(output, sha256(`${made} ${index}`))
  }
  return cones
}

function hashOfNode(node: Node, cones: ReadonlyMap<string, string>, base: string): string {
  const attributes = [...node.attributes].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([name, value]) => [name, hashOfAttribute(value)] as const)
  const inputs = node.inputs.map((name) => (name === '' ? '' : cones.get(name)))
  const isOpaque = attributes.some(([, value]) => value === null) || inputs.includes(undefined) || usedTensors(node).size !== new Set(node.inputs.filter(Boolean)).size
  return sha256(canonicalJson(isOpaque ? ['opaque', randomUUID()] : [base, node.domain, node.op, attributes, inputs]))
}

/** Null for what cannot be compared. */
function hashOfAttribute(value: AttributeValue): string | null {
  switch (value.kind) {
    case 'float':
    case 'floats':
    case 'string':
    case 'strings':
      return canonicalJson([value.kind, value.value])
    case 'int':
      return `int ${value.value}`
    case 'ints':
      return `ints ${value.value.join(' ')}`
    case 'tensor':
      return hashOfTensor(value.value)
    default:
      return null
  }
}

function hashOfTensor({ type, dims, data }: Tensor): string {
  const hash = createHash('sha256').update(canonicalJson([type, dims]))
  if (Array.isArray(data)) hash.update(JSON.stringify(data))
  else hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
  return hash.digest('hex')
}
