import { Fault } from '../core/fault.ts'
import { accumulatorTails, isConstantCut, type AccumulatorTail } from '../onnx/accumulator-tail.ts'
import type { Graph } from '../onnx/graph.ts'
import { choice, elementsOf } from './site.ts'
import type { Candidates, Match, Refusal, Rewrite, RewriteContext } from './rewrite.ts'

/**
 * Outputs leave as the int32 accumulator of their last convolution; what only moves values runs in float behind the dequantize
 * (ALGORITHMS 7). Nothing in the float graph changes: the recipe says it (`quantize.output`). Option `clip`: `board` (default) leaves a
 * Relu or Clip where it is, `host` lets it run behind the dequantize too, which is exact for constant bounds.
 */
export const tailLayout: Rewrite = {
  name: 'tail-layout',
  kind: 'rewrite',
  find(graph, context): Candidates {
    const clip = isHost(context)
    const { tails, refused } = accumulatorTails(graph, { clip })
    const eligible = clip ? [] : accumulatorTails(graph, { clip: true }).tails.map(({ output }) => output)
    return {
      found: tails.length === 0 ? [] : [matchOf(graph, tails)],
      refused: refused.filter(({ node }) => node !== '').map(({ output, node, why }): Refusal => ({
        rewrite: tailLayout.name, node, why: `${output}: ${why}${eligible.includes(output) ? '; its bounds are constant, so that with `clip: host` it may run behind the dequantize' : remedy(graph, node)}`,
      })),
    }
  },
  apply(graph, match, context) {
    const { tails } = accumulatorTails(graph, { clip: isHost(context) })
    if (tails[0]?.node.name !== match.nodes[0]) throw new Fault({ code: 'bug.rewrite', where: match.nodes[0] ?? '', what: 'this match was found in another graph' })
    return { graph, renamed: new Map(), relativeTolerance: 0, settings: [`quantize.output=${isHost(context) ? 'accumulator-clip' : 'accumulator'}`] }
  },
}

const isHost = (context: RewriteContext): boolean => choice(context, tailLayout.name, 'clip', ['board', 'host']) === 'host'

/** The recipe speaks of all outputs at once, so all of them are one place. */
function matchOf(graph: Graph, tails: readonly AccumulatorTail[]): Match {
  return {
    rewrite: tailLayout.name, nodes: tails.flatMap(({ node, movers }) => [node.name, ...movers.map(({ name }) => name)]),
    what: tails.map((tail) => said(graph, tail)).join('; '),
    why: 'The output is not rounded to 8 bits: a board hands an accumulator out only where the dequantize follows directly.',
    cost: { macs: 0, bytesMoved: sum(tails.map(({ output }) => elementsOf(graph, output))), channelPeak: null },
  }
}

function said(graph: Graph, { output, node, movers }: AccumulatorTail): string {
  const elements = elementsOf(graph, output)
  const size = elements === null ? '4 bytes a value instead of 1' : `${elements * 4} bytes instead of ${elements}`
  const behind = movers.length === 0 ? '' : `, ${movers.map(({ op, name }) => `${op} ${name}`).join(' and ')} behind the dequantize in float`
  return `${output} leaves as the int32 accumulator of ${node.op} ${node.name} (${size})${behind}`
}

/** Three bytes more for each value of an output; null where a size is open. */
const sum = (elements: readonly (number | null)[]): number | null => elements.reduce<number | null>((total, each) => (total === null || each === null ? null : total + 3 * each), 0)

/** What brings a node out of the way that adds or multiplies a constant. */
function remedy(graph: Graph, name: string): string {
  const node = graph.nodes.find((each) => each.name === name)
  if (!node) return ''
  const isConstant = node.inputs.some((input) => graph.initializers.has(input))
  if (['Add', 'Sub', 'Mul', 'Div'].includes(node.op)) return isConstant ? ' (hoist-mean or fold-affine may fold it into the convolution)' : ' (anchor may take a repeated image into the convolution)'
  return node.op === 'Clip' && !isConstantCut(graph, node) ? ' (its bounds are no constants)' : ''
}
