import picomatch from 'picomatch'
import { Fault } from '../core/fault.ts'
import { didYouMean } from '../core/nearest.ts'
import type { Graph, Node } from '../onnx/graph.ts'
import type { LayerOverride } from './options.ts'

/** The override in force for a tensor, with the recipe lines it came from. */
export interface ResolvedOverride extends LayerOverride {
  readonly from: readonly string[]
}

/**
 * Overrides by tensor name. Lines are applied in the order `op:Type`, pattern, exact name; a later one wins key by key.
 * A line may name a node (then it means the node's outputs) or a tensor. Throws `recipe.unknown-layer` for a line that
 * matches nothing.
 */
export function resolveOverrides(graph: Graph, layers: Readonly<Record<string, LayerOverride>>): Map<string, ResolvedOverride> {
  const resolved = new Map<string, ResolvedOverride>()
  const lines = Object.entries(layers).toSorted(([a], [b]) => rank(graph, a) - rank(graph, b))
  for (const [line, override] of lines) {
    const tensors = matchLayers(graph, line)
    if (tensors.length === 0) {
      throw new Fault({
        code: 'recipe.unknown-layer',
        what: `no layer or tensor matches "${line}"`,
        where: 'quantize.layers',
        next: didYouMean(line, graph.nodes.flatMap((node) => [node.name, ...node.outputs])) ?? 'Give a name that `scalewright inspect` lists.',
      })
    }
    for (const tensor of tensors) {
      const earlier = resolved.get(tensor)
      resolved.set(tensor, { ...earlier, ...override, from: [...(earlier?.from ?? []), line] })
    }
  }
  return resolved
}

const isExact = (graph: Graph, line: string) =>
  graph.nodes.some((node) => node.name === line || node.outputs.includes(line)) || graph.inputs.some((input) => input.name === line)

const rank = (graph: Graph, line: string) => (line.startsWith('op:') ? 0 : isExact(graph, line) ? 2 : 1)

/** Tensors that a line of `quantize.layers` means. */
export function matchLayers(graph: Graph, line: string): string[] {
  const made = (nodes: readonly Node[]) => nodes.flatMap((node) => node.outputs.filter((name) => name !== ''))
  if (line.startsWith('op:')) return made(graph.nodes.filter((node) => node.op === line.slice(3)))
  if (isExact(graph, line)) {
    const byNode = made(graph.nodes.filter((node) => node.name === line))
    return byNode.length > 0 ? byNode : [line]
  }
  const matches = picomatch(line, { bash: true, nonegate: true })
  const nodes = graph.nodes.filter((node) => matches(node.name))
  const tensors = graph.nodes.flatMap((node) => node.outputs.filter((name) => name !== '' && matches(name)))
  return [...new Set([...made(nodes), ...tensors])]
}
