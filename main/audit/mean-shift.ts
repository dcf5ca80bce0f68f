import type { Finding } from '../core/run.ts'
import type { Node } from '../onnx/graph.ts'
import { COMPUTE, isAffine } from '../onnx/operators.ts'
import { candidatesOf } from './candidates.ts'
import { finding, numberText } from './finding.ts'
import { rewriteFix } from './fix.ts'
import type { Site } from './site.ts'
import { tailWay } from './tail-way.ts'

/**
 * P03: a mean shift between the picture and the first convolution, or between the last one and the picture, where it is computed on
 * codes. Folding is on by default when we quantize: then nothing of it is left in the graph that is looked at.
 */
export function meanShifts(site: Site): Finding[] {
  const { found, refused } = candidatesOf(site, 'hoist-mean')
  const known = new Set([...found.flatMap(({ nodes }) => nodes), ...refused.map(({ node }) => node)])
  const place = (name: string): string => site.graph.nodes.find((node) => node.name === name)?.outputs[0] ?? ''
  return [
    ...found.map(({ nodes: [node = ''], what, why }) => shift(site, node, place(node), why, rewriteFix('hoist-mean', `${what}.`))),
    ...refused.map(({ node, why }) => shift(site, node, place(node), `it cannot be taken out: ${why}`, 'Do it in preprocessing and on the host, outside of the model.')),
    ...tailShifts(site).filter(({ name }) => !known.has(name)).map(({ name, outputs }) => {
      const folds = candidatesOf(site, 'fold-affine').found.some(({ nodes }) => nodes.includes(name))
      const fix = folds ? rewriteFix('fold-affine', 'Fold it into the bias of the convolution before it.') : 'Do it on the host, behind the dequantize.'
      return shift(site, name, outputs[0]!, 'the convolution before it is rounded for it, and the sum is rounded again', fix)
    }),
  ]
}

const shift = (site: Site, node: string, tensor: string, why: string, fix: string): Finding =>
  finding('P03', 'warning', { node, tensor, what: `the mean shift ${node} is computed on codes`, why: `${why}${stepText(site, tensor)}`, fix })

function stepText({ coded }: Site, tensor: string): string {
  const row = coded?.rows.find((each) => each.tensor === tensor && each.kind === 'activation')
  return row ? `; its result stands on a step of ${numberText(row.scale[0]!)}` : ''
}

/** Constants that are added between the last computing node and the picture. */
export function tailShifts({ graph, links, context }: Pick<Site, 'graph' | 'links' | 'context'>): Node[] {
  if (!context.output) return []
  const way = tailWay({ graph, links, hasCodes: false, computing: COMPUTE, transparent: new Set() }, context.output.name)
  return (way?.between ?? []).filter((node) => (node.op === 'Add' || node.op === 'Sub') && isAffine(graph, node))
}
