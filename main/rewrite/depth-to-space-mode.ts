import { Fault } from '../core/fault.ts'
import { intAttribute, stringAttribute } from '../onnx/attribute.ts'
import { withAttributes, withNodes } from '../onnx/edit.ts'
import type { Graph, Node } from '../onnx/graph.ts'
import { float32, tensor } from '../onnx/tensor.ts'
import { topology, type Topology } from '../onnx/topology.ts'
import type { PixelOrder } from './anchor-facts.ts'
import { makerOf } from './maker.ts'
import { ROUNDING } from './site.ts'
import type { Match, Refusal, Rewrite, RewriteContext } from './rewrite.ts'

/** Operators that treat every value alike, so that channels may change places before them instead of behind. */
const ELEMENTWISE: ReadonlySet<string> = new Set(['Relu', 'Clip', 'LeakyRelu', 'Sigmoid', 'Tanh', 'HardSigmoid', 'HardSwish', 'Elu', 'Abs', 'Neg', 'Identity'])
const SUMS: ReadonlySet<string> = new Set(['Add', 'Sub', 'Mul'])

/**
 * DepthToSpace from one channel order to the other, by permuting the rows of the Convs before it (ALGORITHMS 6.1). Option `to`:
 * `DCR` (default, what TensorFlow and most boards have) or `CRD` (PixelShuffle).
 */
export const depthToSpaceMode: Rewrite = {
  name: 'depth-to-space-mode',
  kind: 'rewrite',
  find(graph, context) {
    const to = targetOf(context)
    const links = topology(graph)
    const found: Match[] = []
    const refused: Refusal[] = []
    for (const node of graph.nodes) {
      if (node.op !== 'DepthToSpace' || node.domain !== '' || stringAttribute(node, 'mode', 'DCR') === to) continue
      const convs = convsBefore(graph, links, node.inputs[0]!, context)
      if ('why' in convs) refused.push({ rewrite: depthToSpaceMode.name, node: node.name, why: convs.why })
      else found.push({
        rewrite: depthToSpaceMode.name, nodes: [node.name, ...convs.nodes.map(({ name }) => name)],
        what: `DepthToSpace ${to === 'DCR' ? 'CRD' : 'DCR'} becomes ${to}; rows of ${convs.nodes.map(({ name }) => name).join(', ')} change places`,
        why: 'Boards and other steps know one of the two orders.', cost: { macs: 0, bytesMoved: 0, channelPeak: null },
      })
    }
    return { found, refused }
  },
  apply(graph, match, context) {
    const to = targetOf(context)
    const shuffle = graph.nodes.find(({ name }) => name === match.nodes[0])
    const convs = shuffle && convsBefore(graph, topology(graph), shuffle.inputs[0]!, context)
    if (!shuffle || !convs || 'why' in convs) throw new Fault({ code: 'bug.rewrite', where: match.nodes[0] ?? '', what: 'this match was found in another graph' })
    const maker = makerOf(graph)
    const factor = intAttribute(shuffle, 'blocksize', 1)
    const permuted = (name: string): string => {
      const old = graph.initializers.get(name)!
      const [rows, ...inner] = old.dims as [number, ...number[]]
      const size = inner.reduce((product, dim) => product * dim, 1)
      const values = float32(old)
      const data = new Float32Array(values.length)
      const from = sourceRows(rows, factor, to)
      for (let row = 0; row < rows; row++) data.set(values.subarray(from[row]! * size, (from[row]! + 1) * size), row * size)
      return maker.put(`${name}_${to.toLowerCase()}`, tensor('float32', old.dims, data))
    }
    const nodes = graph.nodes.map((node) => {
      if (node === shuffle) return withAttributes(node, { mode: { kind: 'string', value: to } })
      if (!convs.nodes.includes(node)) return node
      return { ...node, inputs: node.inputs.map((name, index) => (index === 0 || name === '' ? name : permuted(name))) }
    })
    // The same sums; but a kernel may add up the products of a row in another order where the row has another number.
    return { graph: withNodes(graph, nodes, { initializers: maker.initializers }), renamed: new Map(), relativeTolerance: ROUNDING }
  },
}

function targetOf({ options }: RewriteContext): PixelOrder {
  const to = options['to'] ?? 'DCR'
  if (to === 'DCR' || to === 'CRD') return to
  throw new Fault({ code: 'recipe.wrong-value', where: 'rewrite.depth-to-space-mode.to', what: `there is no order '${String(to)}'`, next: 'Use DCR or CRD.' })
}

/** Row that stands at each place after the change: DCR has channel p·C + c where CRD has c·s² + p. */
export function sourceRows(rows: number, factor: number, to: PixelOrder): number[] {
  const copies = factor * factor
  const channels = rows / copies
  return Array.from({ length: rows }, (_, row) =>
    to === 'DCR' ? (row % channels) * copies + Math.floor(row / channels) : (row % copies) * channels + Math.floor(row / copies))
}

/** The Convs whose rows are the channels of a tensor, through sums and element-wise operators that nobody else reads. */
function convsBefore(graph: Graph, links: Topology, name: string, context: RewriteContext): { readonly nodes: readonly Node[] } | { readonly why: string } {
  const node = links.producer.get(name)
  if (!node || node.domain !== '') return { why: `${name} comes from outside` }
  if ((links.consumers.get(name) ?? []).length !== 1 || links.outputs.has(name)) return { why: `${name} is needed elsewhere too` }
  if (context.keep.has(name)) return { why: `the recipe speaks of ${name}` }
  if (node.op === 'Conv') {
    if (intAttribute(node, 'group', 1) !== 1) return { why: `${node.name} has groups` }
    const constants = node.inputs.slice(1).filter((each) => each !== '')
    return constants.every((each) => graph.initializers.get(each)?.type === 'float32') ? { nodes: [node] } : { why: `the weights of ${node.name} are not constant float32` }
  }
  const inputs = SUMS.has(node.op) ? node.inputs : ELEMENTWISE.has(node.op) ? node.inputs.slice(0, 1) : []
  if (inputs.length === 0) return { why: `${node.name} (${node.op}) is no Conv, so channels cannot change places in weights` }
  const found: Node[] = []
  for (const input of inputs) {
    const constant = graph.initializers.get(input)
    if (constant && constant.data.length === 1) continue
    const convs = convsBefore(graph, links, input, context)
    if ('why' in convs) return convs
    found.push(...convs.nodes)
  }
  return { nodes: [...new Set(found)] }
}
