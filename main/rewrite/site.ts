import { Fault } from '../core/fault.ts'
import type { Graph, Node, Tensor } from '../onnx/graph.ts'
import { topology, type Topology } from '../onnx/topology.ts'
import type { Match, Refusal, Rewrite, RewriteContext, Rewritten } from './rewrite.ts'

/** A graph that is looked at, with its connections. */
export interface Site extends RewriteContext {
  readonly graph: Graph
  readonly links: Topology
}

/** Why a place does not fit, in a person's words. */
export interface Refused {
  readonly why: string
}

export const isRefused = (plan: object): plan is Refused => 'why' in plan

/** A rewrite whose places are single nodes: what it does at each is planned from the graph alone. */
interface NodeRewrite<Plan extends object> {
  readonly name: string
  /** What would be done at this node; undefined where it looks like nothing that the rewrite is for. */
  plan(site: Site, node: Node): Plan | Refused | undefined
  /** Nodes that change or go besides `node`, and what a person is told. */
  say(site: Site, node: Node, plan: Plan): Omit<Match, 'rewrite' | 'nodes'> & { readonly others?: readonly Node[] }
  apply(site: Site, node: Node, plan: Plan): Rewritten | Promise<Rewritten>
}

/** The Rewrite of something that is decided node by node. */
export function nodeRewrite<Plan extends object>({ name, plan, say, apply }: NodeRewrite<Plan>): Rewrite {
  const siteOf = (graph: Graph, context: RewriteContext): Site => ({ ...context, graph, links: topology(graph) })
  return {
    name,
    kind: 'rewrite',
    find(graph, context) {
      const site = siteOf(graph, context)
      const [found, refused]: [Match[], Refusal[]] = [[], []]
      for (const node of graph.nodes) {
        const planned = plan(site, node)
        if (planned === undefined) continue
        if (isRefused(planned)) refused.push({ rewrite: name, node: node.name, why: planned.why })
        else found.push(matchOf(name, node, say(site, node, planned)))
      }
      return { found, refused }
    },
    apply(graph, match, context) {
      const site = siteOf(graph, context)
      const node = graph.nodes.find((each) => each.name === match.nodes[0])
      const planned = node && plan(site, node)
      if (!node || planned === undefined || isRefused(planned)) throw new Fault({ code: 'bug.rewrite', where: match.nodes[0] ?? '', what: 'this match was found in another graph' })
      return apply(site, node, planned)
    },
  }
}

const matchOf = (rewrite: string, node: Node, { others = [], ...said }: ReturnType<NodeRewrite<object>['say']>): Match =>
  ({ rewrite, nodes: [node, ...others].map(({ name }) => name), ...said })

/** Why a tensor cannot vanish or change although its one reader is changed with it; undefined where it can. */
export function whyNeeded({ links, keep }: Site, tensor: string): string | undefined {
  if (links.outputs.has(tensor)) return `${tensor} is an output of the graph`
  const readers = links.consumers.get(tensor) ?? []
  if (readers.length > 1) return `${tensor} is read by ${readers.map(({ name }) => name).join(' and ')}`
  const [reader] = readers
  if (reader && !reader.inputs.includes(tensor)) return `${tensor} is used in a graph inside ${reader.name}`
  if (reader && reader.inputs.indexOf(tensor) !== reader.inputs.lastIndexOf(tensor)) return `${reader.name} reads ${tensor} twice`
  return keep.has(tensor) ? `the recipe speaks of ${tensor}` : undefined
}

/** Whether a graph inside a node reads the tensor: such a name cannot be replaced. */
export const isUsedInside = ({ links }: Site, tensor: string): boolean => (links.consumers.get(tensor) ?? []).some((node) => !node.inputs.includes(tensor))

/** One of the choices of an option; the first where it is not given. Throws `recipe.wrong-value` for another. */
export function choice<T extends string>({ options }: RewriteContext, rewrite: string, option: string, choices: readonly [T, ...T[]]): T {
  const given = options[option] ?? choices[0]
  const found = choices.find((each) => each === given)
  if (found) return found
  throw new Fault({ code: 'recipe.wrong-value', where: `rewrite.${rewrite}.${option}`, what: `'${String(given)}' is not possible`, next: `Use one of ${choices.join(', ')}.` })
}

/** Dims of a tensor as far as they are known; null where not even the rank is. */
export const dimsOf = (graph: Graph, tensor: string): readonly (number | string | null)[] | null => graph.initializers.get(tensor)?.dims ?? graph.values.get(tensor)?.dims ?? null

/** Channels of a picture [N, C, H, W]. */
export function channelsOf(graph: Graph, tensor: string): number | undefined {
  const dims = dimsOf(graph, tensor)
  return dims?.length === 4 && typeof dims[1] === 'number' ? dims[1] : undefined
}

/** Values of one sample of a tensor (an open first axis counts once); null where a size is open. */
export function elementsOf(graph: Graph, tensor: string): number | null {
  const dims = dimsOf(graph, tensor)?.map((dim, axis) => (axis === 0 && typeof dim !== 'number' ? 1 : dim))
  return dims?.every((dim) => typeof dim === 'number') ? dims.reduce<number>((product, dim) => product * (dim as number), 1) : null
}

/** Bytes that `count` float32 tensors of this shape cost: each written once and read once. Negative counts are saved. */
export function bytesMoved(graph: Graph, tensor: string, count: number): number | null {
  const elements = elementsOf(graph, tensor)
  return elements === null ? null : elements * count * 8
}

/** The constant weights and bias of a convolution, float32 [.., .., kh, kw], or why they cannot be changed. */
export function convWeights(graph: Graph, conv: Node): { readonly weight: Tensor; readonly bias: Tensor | undefined } | Refused {
  if (conv.domain !== '') return { why: `${conv.name} is of ${conv.domain}, not of ONNX itself` }
  const weight = graph.initializers.get(conv.inputs[1] ?? '')
  const bias = conv.inputs[2] ? graph.initializers.get(conv.inputs[2]) : undefined
  if (weight?.type !== 'float32' || (conv.inputs[2] && bias?.type !== 'float32')) return { why: `the weights of ${conv.name} are not constant float32` }
  if (weight.dims.length !== 4) return { why: `${conv.name} does not work on pictures [N, C, H, W]` }
  return { weight, bias }
}

/**
 * What rounding weights once more and summing products in another order may change, as a share of the output's largest magnitude:
 * far above what float32 does in deep networks, far below a code.
 */
export const ROUNDING = 1e-5

/** Nodes in a list; `replace` gives what stands in a node's place (the node itself where undefined). */
export const replaced = (nodes: readonly Node[], replace: (node: Node) => readonly Node[] | undefined): Node[] => nodes.flatMap((node) => replace(node) ?? [node])
