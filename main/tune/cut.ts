import { dependsOnInput } from '../calibrate/watch.ts'
import { withNodes } from '../onnx/edit.ts'
import type { Graph, Node, ValueInfo } from '../onnx/graph.ts'
import { usedTensors } from '../onnx/topology.ts'

/** What is left of a variant when everything that it has in common with a base is read instead of computed. */
export interface Cut {
  /** Reads `reads` as inputs. Null where all that is wanted is common. */
  readonly graph: Graph | null
  /** Tensors of the base that it reads; graph inputs of the base are among them. */
  readonly reads: readonly string[]
  /** What is wanted and not touched by the variant: as the base gives it. */
  readonly same: readonly string[]
  /** Nodes of the variant that need not be computed. */
  readonly savedNodes: number
}

/**
 * Cuts the part out of a variant that gives other values than the base. A tensor is common where both graphs make it under the same name
 * by the same operator from common tensors and the same constants. `types` tells element types of the base's tensors.
 */
export function cutGraph(base: Graph, variant: Graph, types: ReadonlyMap<string, ValueInfo>): Cut {
  const common = commonTensors(base, variant)
  const moving = dependsOnInput(variant)
  const makers = new Map(variant.nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)))
  const inputs = new Set(variant.inputs.map(({ name }) => name))
  const reads = new Set<string>()
  const kept = new Set<Node>()
  const wanted = variant.outputs.map(({ name }) => name)
  const open = wanted.filter((name) => !common.has(name) || !moving.has(name))
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    const node = makers.get(name)
    if (!node || kept.has(node)) continue
    kept.add(node)
    for (const input of usedTensors(node)) {
      // What constants alone make is folded by the runtime: it is computed again rather than handed in.
      if (moving.has(input) && (common.has(input) || inputs.has(input))) reads.add(input)
      else open.push(input)
    }
  }
  const same = wanted.filter((name) => common.has(name) && moving.has(name))
  const outputs = variant.outputs.filter(({ name }) => !same.includes(name))
  const nodes = variant.nodes.filter((node) => kept.has(node))
  if (outputs.length === 0) return { graph: null, reads: [], same, savedNodes: variant.nodes.length }
  const cutInputs = [...reads].map((name) => ({ name, type: types.get(name)?.type ?? ('float32' as const), dims: null }))
  const graph = withNodes({ ...variant, nodes, inputs: cutInputs, outputs, values: new Map() }, nodes)
  return { graph, reads: [...reads], same, savedNodes: variant.nodes.length - nodes.length }
}

/** Names that both graphs give to the same values. */
function commonTensors(base: Graph, variant: Graph): Set<string> {
  const common = new Set(variant.inputs.map(({ name }) => name).filter((name) => base.inputs.some((input) => input.name === name)))
  for (const [name, tensor] of variant.initializers) if (base.initializers.get(name) === tensor) common.add(name)
  const baseNodes = new Map(base.nodes.map((node) => [node.outputs[0], node]))
  for (const node of variant.nodes) {
    const other = baseNodes.get(node.outputs[0])
    const alike = other?.op === node.op && other.domain === node.domain && other.attributes === node.attributes && sameNames(other.inputs, node.inputs) && sameNames(other.outputs, node.outputs)
    if (alike && [...usedTensors(node)].every((name) => common.has(name))) for (const output of node.outputs) common.add(output)
  }
  return common
}

const sameNames = (a: readonly string[], b: readonly string[]): boolean => a.length === b.length && a.every((name, index) => name === b[index])
