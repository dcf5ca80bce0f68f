import picomatch from 'picomatch'
import { Fault } from '../core/fault.ts'
import { didYouMean } from '../core/nearest.ts'
import type { Graph, Node } from '../onnx/graph.ts'
import { givesRange, type LayerOverride } from './options.ts'

/** The override in force for a tensor, with the recipe lines it came from. */
export interface ResolvedOverride extends LayerOverride {
  readonly from: readonly string[]
}

/**
 * Overrides by tensor name. Lines are applied in the order `op:Type`, pattern, exact name; a later one wins key by key.
 * A line may name a node (then it means the node's outputs) or a tensor; `carrierOf` gives the tensor that carries the codes
 * of one. Throws `recipe.unknown-layer` for a line that matches nothing.
 */
export function resolveOverrides(
  graph: Graph, layers: Readonly<Record<string, LayerOverride>>, carrierOf: (tensor: string) => string = (tensor) => tensor,
): Map<string, ResolvedOverride> {
  const resolved = new Map<string, ResolvedOverride>()
  for (const { line, override, tensors } of layerLines(graph, layers, carrierOf)) {
    for (const tensor of tensors) {
      const earlier = resolved.get(tensor)
      resolved.set(tensor, { ...withoutRange(earlier, override), ...override, from: [...(earlier?.from ?? []), line] })
    }
  }
  return resolved
}

/** A line of `quantize.layers` with the tensors that it speaks of. */
export interface LayerLine {
  readonly line: string
  readonly kind: 'op' | 'pattern' | 'exact'
  readonly override: LayerOverride
  readonly tensors: ReadonlySet<string>
}

const KINDS = ['op', 'pattern', 'exact'] as const

/** The lines in the order in which they are applied: `op:Type`, pattern, exact name. Throws as `resolveOverrides`. */
export function layerLines(graph: Graph, layers: Readonly<Record<string, LayerOverride>>, carrierOf: (tensor: string) => string = (tensor) => tensor): LayerLine[] {
  const exact = exactNames(graph)
  const kindOf = (line: string) => (line.startsWith('op:') ? 'op' : exact.has(line) ? 'exact' : 'pattern')
  return Object.entries(layers).toSorted(([a], [b]) => KINDS.indexOf(kindOf(a)) - KINDS.indexOf(kindOf(b))).map(([line, override]) => {
    const tensors = exact.get(line) ?? matching(graph, line)
    if (tensors.length === 0) {
      throw new Fault({
        code: 'recipe.unknown-layer',
        what: `no layer or tensor matches "${line}"`,
        where: 'quantize.layers',
        next: didYouMean(line, graph.nodes.flatMap((node) => [node.name, ...node.outputs])) ?? 'Give a name that `scalewright inspect` lists.',
      })
    }
    return { line, kind: kindOf(line), override, tensors: new Set(tensors.map(carrierOf)) }
  })
}

/** The lines that mean something in a graph, and those that mean nothing there: what they name may be made by a rewrite. */
export function linesKnown(graph: Graph, layers: Readonly<Record<string, LayerOverride>>): { readonly known: typeof layers; readonly unknown: typeof layers } {
  const exact = exactNames(graph)
  const parts = Object.groupBy(Object.entries(layers), ([line]) => (exact.has(line) || matching(graph, line).length > 0 ? 'known' : 'unknown'))
  return { known: Object.fromEntries(parts.known ?? []), unknown: Object.fromEntries(parts.unknown ?? []) }
}

/** Of two ways to say the range, the later line's. */
function withoutRange(earlier: ResolvedOverride | undefined, later: LayerOverride): ResolvedOverride | undefined {
  if (earlier === undefined || !givesRange(later)) return earlier
  const { threshold: _threshold, range: _range, ...rest } = earlier
  return rest
}

const made = (nodes: readonly Node[]) => nodes.flatMap((node) => node.outputs.filter((name) => name !== ''))

/** What a name means: a node's outputs before a tensor of the same name. */
function exactNames(graph: Graph): Map<string, readonly string[]> {
  const names = new Map<string, readonly string[]>()
  for (const name of [...graph.inputs.map((input) => input.name), ...made(graph.nodes)]) names.set(name, [name])
  for (const node of graph.nodes) names.set(node.name, made([node]))
  return names
}

/** Tensors that `op:Type` or a pattern means. */
function matching(graph: Graph, line: string): string[] {
  if (line.startsWith('op:')) return made(graph.nodes.filter((node) => node.op === line.slice(3)))
  const matches = picomatch(line, { bash: true, nonegate: true })
  return graph.nodes.flatMap((node) => (matches(node.name) ? made([node]) : made([node]).filter((name) => matches(name))))
}
