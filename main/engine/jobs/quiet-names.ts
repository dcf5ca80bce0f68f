import type { Graph } from '../../onnx/graph.ts'
import { shownName } from '../../core/shown-name.ts'
import type { RewrittenPiece } from './rewritten.ts'

/** The first of some names that a line of `quantize.layers` may use; null where there is none. */
export type QuietName = (wanted: readonly string[]) => string | null

/**
 * Names that a recipe may use without changing the graph that is quantized: they are there before and after its rewrites, and naming them
 * undoes no folding. What was measured of one graph says nothing of another. `graphWith` makes the graph with one more assignment.
 */
export function quietNames(piece: Pick<RewrittenPiece, 'file' | 'graph'>, graph: Graph, graphWith: (assignment: string) => Graph): QuietName {
  const names = namesOf(piece.file.graph).intersection(namesOf(piece.graph))
  const own = essenceOf(graph)
  const known = new Map<string, boolean>()
  const isQuiet = (name: string): boolean => {
    // The default itself: it names the layer and asks for nothing.
    if (!known.has(name)) known.set(name, essenceOf(graphWith(`quantize.layers.${shownName(name)}.th_strategy=USE_DEFAULT`)) === own)
    return known.get(name)!
  }
  return (wanted) => wanted.find((name) => names.has(name) && isQuiet(name)) ?? null
}

const namesOf = ({ inputs, nodes }: Graph): Set<string> => new Set([...inputs.map(({ name }) => name), ...nodes.flatMap(({ name, outputs }) => [name, ...outputs])])

const essenceOf = ({ nodes }: Graph): string => nodes.map(({ op, outputs }) => `${op} ${outputs.join(' ')}`).join('\n')
