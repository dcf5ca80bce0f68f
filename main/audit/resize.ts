import { judgeNode } from '../boards/judge.ts'
import type { Finding } from '../core/run.ts'
import { intsAttribute, stringAttribute } from '../onnx/attribute.ts'
import type { Graph, Node } from '../onnx/graph.ts'
import { float32 } from '../onnx/tensor.ts'
import { resizeFacts } from '../rewrite/resize-facts.ts'
import { candidatesOf } from './candidates.ts'
import { bytesText, finding, numberText } from './finding.ts'
import { rewriteFix } from './fix.ts'
import { ancestorsOf, sourceText, type Site } from './site.ts'

/** From this factor on one step is called large: a convolution in its place has 16 times the channels. */
const LARGE_FACTOR = 4

/** R01–R03: enlargements that a board rounds to 8 bits, does in one large step, or that no convolution can take the place of. */
export function resizeFindings(site: Site): Finding[] {
  const picture = site.context.output && ancestorsOf(site.links, site.context.output.name)
  return site.graph.nodes.filter(({ op, domain }) => domain === '' && (op === 'Resize' || op === 'Upsample' || op === 'ConvTranspose')).flatMap((node) => [
    ...(node.op !== 'ConvTranspose' && picture?.has(node) ? onlyInt8(site, node) : []),
    ...largeStep(site, node),
    ...(node.op === 'Resize' ? notRepresentable(site, node) : []),
  ])
}

function onlyInt8(site: Site, node: Node): Finding[] {
  const { profile, graph } = site
  if (!profile) return []
  const narrow = judgeNode(graph, node, profile, 'int8')
  const wide = judgeNode(graph, node, profile, 'int16')
  if (narrow.state !== 'native' || wide.state === 'native') return []
  const elements = site.elements(node.outputs[0]!)
  const held = elements === null || !site.shapes ? '' : `; ${bytesText(elements)} of values with 256 levels instead of 65536 (${site.shapes.at})`
  const row = site.coded?.rows.find(({ tensor }) => tensor === node.inputs[0] || tensor === node.outputs[0])
  const step = row && row.kind === 'activation' ? `, now a step of ${numberText(row.scale[0]!)}` : ''
  return [finding('R01', wide.state === 'unknown' ? 'note' : 'warning', {
    node: node.name, tensor: node.outputs[0]!,
    what: `${node.op} ${node.name} on the way of the picture runs in int8 only on ${profile.title}`,
    why: `${wide.why}${sourceText(profile, wide.source)}. The picture is rounded to 8 bits in the middle of the network${step}${held}`,
    fix: replacement(site, node),
  })]
}

function replacement(site: Site, node: Node): string {
  const { found, refused } = candidatesOf(site, 'resize-to-conv')
  if (found.some(({ nodes }) => nodes[0] === node.name)) return rewriteFix('resize-to-conv', 'A convolution and DepthToSpace compute the same in any precision.')
  const why = refused.find((each) => each.node === node.name)?.why
  return `It has to stay a ${node.op}${why === undefined ? '' : ` (${why})`}: train the model with a nearest or linear enlargement by a whole factor.`
}

function largeStep(site: Site, node: Node): Finding[] {
  const factor = node.op === 'ConvTranspose' ? Math.max(...intsAttribute(node, 'strides', [1, 1])) : factorOf(site.graph, node)
  if (factor === undefined || factor < LARGE_FACTOR) return []
  const facts = node.op === 'Resize' ? resizeFacts(site.graph, node) : undefined
  const peak = facts && !('why' in facts) ? `; as one convolution it has ${facts.channels * facts.factors[0] * facts.factors[1]} channels at once, in steps of 2 it has ${facts.channels * 4}` : ''
  const isFound = node.op === 'Resize' && candidatesOf(site, 'resize-to-conv', { form: 'cascade' }).found.some(({ nodes }) => nodes[0] === node.name)
  return [finding('R02', 'note', {
    node: node.name, tensor: node.outputs[0]!,
    what: `${node.op} ${node.name} enlarges ×${numberText(factor)} in one step`,
    why: `one value spreads over ${numberText(factor * factor)} pixels before anything computes on them${peak}`,
    fix: isFound
      ? rewriteFix('resize-to-conv', 'Steps of 2 give the same values with fewer channels at once.', { form: 'cascade' })
      : 'Enlarge in steps of 2 with a convolution between them: another network, to be trained.',
  })]
}

function notRepresentable(site: Site, node: Node): Finding[] {
  const facts = resizeFacts(site.graph, node)
  if (!('why' in facts)) return []
  const { profile } = site
  const state = profile ? judgeNode(site.graph, node, profile, 'int8').state : 'unknown'
  const mode = stringAttribute(node, 'mode', 'nearest')
  return [finding('R03', state === 'missing' || state === 'fallback' ? 'warning' : 'note', {
    node: node.name, tensor: node.outputs[0]!,
    what: `no convolution can take the place of Resize ${node.name} (${mode}, ${stringAttribute(node, 'coordinate_transformation_mode', 'half_pixel')})`,
    why: facts.why,
    fix: state === 'native' ? 'Nothing to do where 8 bits are enough; else enlarge before the model, on the host.' : 'Enlarge before the model, on the host, or train with a nearest or linear enlargement by a whole factor.',
  })]
}

/** Largest factor along height and width, where the graph says it. */
function factorOf(graph: Graph, node: Node): number | undefined {
  const stated = graph.initializers.get(node.inputs[node.op === 'Resize' && node.inputs.length > 2 ? 2 : 1] ?? '')
  const scales = stated && stated.type === 'float32' && stated.data.length > 0 ? [...float32(stated)].slice(-2) : undefined
  if (scales) return Math.max(...scales)
  const [before, behind] = [node.inputs[0]!, node.outputs[0]!].map((name) => graph.values.get(name)?.dims ?? [])
  const factors = [before!.length - 2, before!.length - 1].map((axis) => Number(behind![axis]) / Number(before![axis]))
  return factors.every(Number.isFinite) ? Math.max(...factors) : undefined
}
