import type { Finding } from '../core/run.ts'
import type { Node } from '../onnx/graph.ts'
import { COMPUTE, isAffine } from '../onnx/operators.ts'
import { candidatesOf } from './candidates.ts'
import { bytesText, finding, numberText, someOf } from './finding.ts'
import { layerKey, rewriteFix, setFix } from './fix.ts'
import type { Site } from './site.ts'
import { tailWay, type TailWay } from './tail-way.ts'

/** Operators that only move values: with one scale a tensor they may as well stand behind the dequantize (ALGORITHMS 7.2). */
const MOVERS = new Set(['Transpose', 'Reshape', 'Flatten', 'Squeeze', 'Unsqueeze', 'DepthToSpace', 'SpaceToDepth', 'Slice', 'Identity'])
const ACTIVATIONS = new Set(['Relu', 'Clip', 'LeakyRelu', 'PRelu', 'Sigmoid', 'Tanh', 'HardSigmoid'])

/** T01–T03: what an output loses between its last computing node and the dequantize. Silent for boards that round every output. */
export function tailFindings(site: Site): Finding[] {
  const { profile, coded, graph, links } = site
  const high = profile?.output.highPrecision.is
  const ground = {
    ...(coded ? { graph: coded.graph, links: coded.links, hasCodes: true } : { graph, links, hasCodes: false }),
    computing: profile && profile.output.computing.length > 0 ? new Set(profile.output.computing) : COMPUTE,
    transparent: new Set(profile?.output.transparent ?? ['Identity']),
  }
  return graph.outputs.flatMap(({ name }) => {
    const way = tailWay(ground, name)
    if (!way) return []
    return [...(high === false ? [] : accumulatorFindings(site, way)), ...layoutFindings(site, way)]
  })
}

function accumulatorFindings(site: Site, way: TailWay): Finding[] {
  const severity = site.profile?.output.highPrecision.is === true ? 'warning' : 'note'
  const { output, between, computing, meeting } = way
  const isRemovable = (node: Node) => MOVERS.has(node.op) || ACTIVATIONS.has(node.op) || isAffine(site.coded?.graph ?? site.graph, node)
  const blockers = [...between.filter((node) => !MOVERS.has(node.op)), ...(meeting ? [meeting] : [])]
  const findings = blockers.map((node) => notEligible(site, way, node, severity))
  if (computing && way.others.length > 0) findings.push(readTwice(site, way, computing, severity))
  const movers = between.filter((node) => MOVERS.has(node.op))
  if (!computing || movers.length === 0 || !between.every(isRemovable)) return findings
  const names = movers.map(({ op, name }) => `${op} ${name}`).toReversed()
  findings.unshift(finding('T01', severity, {
    node: movers[0]!.name, tensor: output,
    what: `${names.join(' → ')} ${movers.length > 1 ? 'stand' : 'stands'} between ${computing.op} ${computing.name} and the dequantize of ${output}`,
    why: `${boardWord(site)} hands the int32 accumulator out only where the dequantize follows directly; so it is rounded to ${stepText(site, computing, output)}${costText(site, output)}`,
    fix: rewriteFix('tail-layout', `Put ${names.join(', ')} behind the dequantize, on the host${givesNhwc(site, movers) ? '; the board gives NHWC by itself' : ''}.`),
  }))
  return findings
}

const boardWord = ({ profile }: Site): string => {
  if (!profile) return 'A board that can hand it out'
  return profile.output.highPrecision.is === true ? profile.title : `Whether ${profile.title} can is stated nowhere: a board that can`
}

/** The step that the accumulator is rounded to, where it is known. */
function stepText({ coded }: Site, computing: Node, output: string): string {
  const names = new Set([...computing.outputs, output])
  const row = coded?.rows.find(({ tensor, kind }) => kind === 'activation' && names.has(tensor))
  return row ? `${row.type}, a step of ${numberText(row.scale[0]!)}` : '8 bits, one of 256 values'
}

function costText(site: Site, output: string): string {
  const elements = site.elements(output)
  return elements === null || !site.shapes ? '' : `. As int32 the output is ${bytesText(4 * elements)} instead of ${bytesText(elements)} (${site.shapes.at})`
}

const givesNhwc = ({ profile }: Site, movers: readonly Node[]): boolean => profile?.output.layout.is === 'nhwc' && movers.some(({ op }) => op === 'Transpose')

function notEligible(site: Site, { output, computing }: TailWay, node: Node, severity: Finding['severity']): Finding {
  const from = computing ? `${computing.op} ${computing.name}` : 'what is computed before it'
  return finding('T02', severity, {
    node: node.name, tensor: output,
    what: `${node.op} ${node.name} stands between ${from} and the dequantize of ${output}`,
    why: `${boardWord(site)} hands the int32 accumulator out only of ${computingText(site)}, with the dequantize right behind; ${node.op} needs it rounded to ${computing ? stepText(site, computing, output) : '8 bits'} first`,
    fix: fixFor(site, node),
  })
}

const computingText = ({ profile }: Site): string => (profile && profile.output.computing.length > 0 ? profile.output.computing.join(', ') : 'a convolution or matrix product')

function fixFor(site: Site, node: Node): string {
  const named = (name: string, options: Readonly<Record<string, string>> = {}) => candidatesOf(site, name, options).found.some(({ nodes }) => nodes.includes(node.name))
  if (named('hoist-mean')) return rewriteFix('hoist-mean', 'Move the shift into the bias of the convolution before it.')
  if (named('fold-affine')) return rewriteFix('fold-affine', 'Fold it into the convolution before it.')
  if (named('anchor', { to: 'merged' })) return rewriteFix('anchor', 'Let the last convolution read the image too, and the sum is gone.', { to: 'merged' })
  const wide = site.profile?.activations.bits.is
  const bits = setFix(`${layerKey(node.outputs[0]!, 'bits')}=16`, 'Sixteen bits for its result are the middle way.')
  if (ACTIVATIONS.has(node.op)) return `Move ${node.op} behind the dequantize, into what the host does with the output, where it costs no precision.`
  return Array.isArray(wide) && !wide.includes(16) ? `Keep what is behind ${node.name} in float on the host; the board has no 16-bit activations.` : bits
}

function readTwice(site: Site, { output, others }: TailWay, computing: Node, severity: Finding['severity']): Finding {
  return finding('T02', severity, {
    node: computing.name, tensor: output,
    what: `the result of ${computing.op} ${computing.name} is also read by ${someOf(others.map(({ name }) => name))}`,
    why: `${boardWord(site)} hands the int32 accumulator out only where nothing but the dequantize reads it; these read its rounded value`,
    fix: setFix(`${layerKey(computing.outputs[0]!, 'bits')}=16`, 'Sixteen bits for its result are the middle way.'),
  })
}

/** A convolution's picture stands in memory as the board writes it; anything else costs a pass over it. */
function layoutFindings({ profile, expectation, layout: asked, elements, shapes }: Site, { output, computing }: TailWay): Finding[] {
  const given = profile?.output.layout
  const own = expectation?.output
  if (!profile || !computing || own?.name !== output || own.kind.value !== 'picture') return []
  const model = own.layout.value
  const bytes = elements(output)
  const pass = bytes === null || !shapes ? 'a pass over the whole output' : `a pass over ${bytesText(bytes)} (${shapes.at})`
  const isAdded = profile.output.transposeAdded.is === true
  if (asked && asked !== model) {
    const natural = given?.is === 'same' ? model : given?.is
    const why = natural === asked
      ? `${profile.title} writes ${asked.toUpperCase()} by itself; giving ${model.toUpperCase()} takes a Transpose, ${pass}`
      : `the model gives ${model.toUpperCase()}${given?.is === 'unknown' ? `, and no document says what ${profile.title} writes` : ''}; ${pass} turns it`
    return [finding('T03', 'warning', { node: computing.name, tensor: output, what: `${asked.toUpperCase()} is asked for and ${model.toUpperCase()} is given`, why, fix: natural === asked ? `Take the output as the board writes it: ask its tools for ${asked.toUpperCase()} and no Transpose.` : `Turn it on the host, or take ${model.toUpperCase()}.` })]
  }
  if (given?.is !== 'nhwc' || model !== 'nchw' || !isAdded) return []
  return [finding('T03', 'note', {
    node: computing.name, tensor: output,
    what: `${profile.title} writes NHWC, the model says NCHW`,
    why: `the tools add a Transpose at the output to give NCHW back: ${pass}`,
    fix: 'Ask the tools for NHWC at this output, and read it so on the host.',
  })]
}
