import type { Graph, Node } from './graph.ts'
import { COMPUTE } from './operators.ts'
import { topology } from './topology.ts'

/** Operators that only move values, so that they may as well move what was dequantized before them (ALGORITHMS 7.2). */
const MOVERS: ReadonlySet<string> = new Set(['Transpose', 'Reshape', 'Flatten', 'Squeeze', 'Unsqueeze', 'DepthToSpace', 'SpaceToDepth', 'Slice', 'Identity'])

/** Whether a node only cuts values off at constants: exact on what was dequantized, wherever it stands among movers. */
export const isConstantCut = (graph: Graph, { op, inputs }: Node): boolean =>
  op === 'Relu' || (op === 'Clip' && inputs.slice(1).every((name) => name === '' || graph.initializers.has(name)))

/** An output whose computing node can leave its accumulator as it is: dequantized right behind it, moved in float. */
export interface AccumulatorTail {
  readonly output: string
  readonly node: Node
  /** Between the node and the output, in order. */
  readonly movers: readonly Node[]
  /** Tensors that then carry no codes, in order. */
  readonly tensors: readonly string[]
}

export interface AccumulatorTails {
  readonly tails: readonly AccumulatorTail[]
  /** Outputs that cannot, with the node that stands in the way. */
  readonly refused: readonly { readonly output: string; readonly node: string; readonly why: string }[]
}

/**
 * Looks up from every output through movers that nobody else reads, to the node that computes it. `clip`: a Relu or a Clip at constants
 * counts as a mover, because it may run in float behind the dequantize.
 */
export function accumulatorTails(graph: Graph, { clip = false }: { readonly clip?: boolean } = {}): AccumulatorTails {
  const links = topology(graph)
  const tails: AccumulatorTail[] = []
  const refused: AccumulatorTails['refused'][number][] = []
  for (const { name: output } of graph.outputs) {
    const movers: Node[] = []
    const tensors = [output]
    for (let name = output; ; ) {
      const node = links.producer.get(name)
      const readers = (links.consumers.get(name) ?? []).filter((reader) => reader !== movers[0])
      if (!node) break
      if (readers.length > 0) {
        refused.push({ output, node: readers[0]!.name, why: `${name} is also read by ${readers[0]!.name}, which computes on codes` })
        break
      }
      if (COMPUTE.has(node.op) && node.domain === '') {
        tails.push({ output, node, movers, tensors })
        break
      }
      const isMover = node.domain === '' && (MOVERS.has(node.op) || (clip && isConstantCut(graph, node)))
      if (!isMover) {
        refused.push({ output, node: node.name, why: `${node.name} (${node.op}) computes on codes between the last convolution and the output` })
        break
      }
      movers.unshift(node)
      name = node.inputs[0]!
      tensors.unshift(name)
    }
  }
  return { tails, refused }
}
