import { Fault } from '../core/fault.ts'
import type { Graph } from '../onnx/graph.ts'
import type { Preparation, PreparedGraph } from '../onnx/preparation.ts'
import type { Rewrite, RewriteContext, RewriteCost } from './rewrite.ts'

/** A rewrite of the whole graph at once, on what prepares models. */
interface WholeRewrite {
  readonly name: string
  readonly why: string
  /** `steps` is empty where there is nothing to do. May throw Faults of the codes `refusedBy`. */
  plan(graph: Graph, context: RewriteContext): PreparedGraph
  readonly refusedBy: readonly string[]
  cost(graph: Graph): RewriteCost
  readonly relativeTolerance: number
}

/** `main` behind what it needs, which is only done where `main` has something to do. */
export function inOrder(graph: Graph, main: Preparation, before: readonly Preparation[]): PreparedGraph {
  const steps: string[] = []
  let prepared = graph
  for (const prepare of before) {
    const result = prepare(prepared)
    steps.push(...result.steps)
    prepared = result.graph
  }
  const done = main(prepared)
  return done.steps.length === 0 ? { graph, steps: [] } : { graph: done.graph, steps: [...steps, ...done.steps] }
}

/** One match for the whole graph, named after its first node; a Fault that refuses becomes a refusal at the node that it names. */
export function wholeRewrite({ name, why, plan, refusedBy, cost, relativeTolerance }: WholeRewrite): Rewrite {
  return {
    name,
    kind: 'rewrite',
    find(graph, context) {
      const first = graph.nodes[0]
      if (first === undefined) return { found: [], refused: [] }
      try {
        const { steps } = plan(graph, context)
        return { found: steps.length === 0 ? [] : [{ rewrite: name, nodes: [first.name], what: steps.join('; '), why, cost: cost(graph) }], refused: [] }
      } catch (error) {
        if (!(error instanceof Fault) || !refusedBy.includes(error.code)) throw error
        const named = graph.nodes.find((node) => error.where?.includes(`'${node.name}'`)) ?? first
        return { found: [], refused: [{ rewrite: name, node: named.name, why: error.what }] }
      }
    },
    apply(graph, match, context) {
      const { graph: after, steps } = plan(graph, context)
      if (steps.length === 0) throw new Fault({ code: 'bug.rewrite', where: match.nodes[0] ?? '', what: 'this match was found in another graph' })
      return { graph: after, renamed: copiesOf(graph, after), relativeTolerance }
    },
  }
}

/** What copies that went are called now. */
function copiesOf(before: Graph, after: Graph): Map<string, string> {
  const made = new Set(after.nodes.flatMap(({ outputs }) => outputs))
  const renamed = new Map<string, string>()
  for (const { op, inputs, outputs } of before.nodes) {
    if ((op === 'Identity' || op === 'Dropout') && !made.has(outputs[0]!)) renamed.set(outputs[0]!, renamed.get(inputs[0]!) ?? inputs[0]!)
  }
  return renamed
}
