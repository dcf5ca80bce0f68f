import type { Graph, Node } from '../onnx/graph.ts'
import { floatActivations } from '../onnx/operators.ts'
import { factsFrom, fulfils, type NodeFacts } from './node-facts.ts'
import { BOARD_PRECISIONS, OPERATOR_STATES } from './profile.ts'
import type { BoardPrecision, BoardProfile, OperatorRule, OperatorState } from './profile.ts'

export interface NodeVerdict {
  readonly precision: BoardPrecision
  readonly state: OperatorState
  /** A sentence. */
  readonly why: string
  /** Id of the profile's source; null where nothing is stated. */
  readonly source: string | null
}

/** Nodes of one operator that a board treats alike. */
export interface BoardRow {
  readonly op: string
  readonly count: number
  /** Names, in the order of the graph. */
  readonly nodes: readonly string[]
  /** In the order of BOARD_PRECISIONS. */
  readonly verdicts: readonly NodeVerdict[]
}

/** What a board does with one node in one precision. Throws nothing: what is not stated is `unknown`. */
export const judgeNode = (graph: Graph, node: Node, profile: BoardProfile, precision: BoardPrecision = 'int8'): NodeVerdict =>
  verdict(node, factsFrom(graph)(node), profile, precision)

/** What becomes of each node, alike ones together; first what is worst in any precision, then in 8 bits, 16, …, then the most frequent. */
export function judgeModel(graph: Graph, profile: BoardProfile): BoardRow[] {
  const facts = factsFrom(graph)
  const rows = new Map<string, { op: string; nodes: string[]; verdicts: NodeVerdict[] }>()
  for (const node of judgedNodes(graph)) {
    const known = facts(node)
    const verdicts = BOARD_PRECISIONS.map((precision) => verdict(node, known, profile, precision))
    const key = JSON.stringify([nameOf(node), verdicts])
    const row = rows.get(key)
    if (row) row.nodes.push(node.name)
    else rows.set(key, { op: nameOf(node), nodes: [node.name], verdicts })
  }
  return [...rows.values()].map((row) => ({ ...row, count: row.nodes.length })).toSorted(worstFirst)
}

const badness = ({ state }: NodeVerdict): number => OPERATOR_STATES.indexOf(state)

/** The accumulator is left out: most operators have none to give. */
const worstOf = ({ verdicts }: BoardRow): number => Math.min(...verdicts.filter(({ precision }) => precision !== 'int32-out').map(badness))

function worstFirst(a: BoardRow, b: BoardRow): number {
  if (worstOf(a) !== worstOf(b)) return worstOf(a) - worstOf(b)
  for (const [index, mine] of a.verdicts.entries()) {
    const difference = badness(mine) - badness(b.verdicts[index]!)
    if (difference !== 0) return difference
  }
  return b.count - a.count
}

const NOT_COMPUTED = new Set(['QuantizeLinear', 'DequantizeLinear', 'Constant', 'Shape', 'Size'])

/** Nodes that take or give values of pictures and features; arithmetic of shapes is folded before a board sees it. */
export function judgedNodes(graph: Graph): Node[] {
  const data = floatActivations(graph)
  for (const node of graph.nodes) {
    if (node.op === 'QuantizeLinear' || (node.op !== 'DequantizeLinear' && !NOT_COMPUTED.has(node.op) && data.has(node.inputs[0] ?? ''))) {
      for (const output of node.outputs) data.add(output)
    }
  }
  return graph.nodes.filter((node) => !NOT_COMPUTED.has(node.op) && [...node.inputs, ...node.outputs].some((name) => data.has(name)))
}

const nameOf = ({ domain, op }: Node): string => (domain === '' || domain === 'ai.onnx' ? op : `${domain}.${op}`)

/** Upsample is what Resize was called before opset 10: rules for Resize hold where none names it. */
const ALIASES: Readonly<Record<string, string>> = { Upsample: 'Resize' }

function verdict(node: Node, facts: NodeFacts, profile: BoardProfile, precision: BoardPrecision): NodeVerdict {
  const op = nameOf(node)
  const rules = rulesFor(op, profile, precision)
  const fits = rules.filter(({ when }) => when === undefined || fulfils(facts, when))
  const special = fits.filter(({ when }) => when !== undefined)
  const rule = worst(special.length > 0 ? special : fits, precision)
  if (rule === undefined) return { precision, state: 'unknown', why: silence(op, precision, rules), source: null }
  const beyond = rule.states[precision] === 'native' && rule.when === undefined && op === 'Conv' ? beyondLimit(facts, profile) : undefined
  if (beyond) return { precision, state: 'unknown', ...beyond }
  return { precision, state: rule.states[precision]!, why: sentence(op, precision, rule), source: rule.source }
}

function rulesFor(op: string, { operators }: BoardProfile, precision: BoardPrecision): readonly OperatorRule[] {
  const naming = (name: string | undefined): OperatorRule[] => operators.filter(({ ops }) => name !== undefined && ops.includes(name))
  const own = naming(op)
  const named = own.length > 0 ? own : naming(ALIASES[op])
  const speaking = (rules: readonly OperatorRule[]): OperatorRule[] => rules.filter(({ states }) => states[precision] !== undefined)
  return [named, named.length > 0 ? [] : naming('others'), naming('*')].map(speaking).find((rules) => rules.length > 0) ?? []
}

const worst = (rules: readonly OperatorRule[], precision: BoardPrecision): OperatorRule | undefined =>
  rules.toSorted((a, b) => OPERATOR_STATES.indexOf(a.states[precision]!) - OPERATOR_STATES.indexOf(b.states[precision]!))[0]

const silence = (op: string, precision: BoardPrecision, rules: readonly OperatorRule[]): string =>
  rules.length === 0 ? `no document states ${op} in ${precision}` : `no document states this kind of ${op} in ${precision}`

const STATE_WORDS: Readonly<Record<OperatorState, string>> = {
  native: 'is computed as it is', fallback: 'is computed elsewhere or in a wider type', missing: 'is not taken', unknown: 'is not stated',
}

function sentence(op: string, precision: BoardPrecision, { states, note, ops }: OperatorRule): string {
  const subject = ops.includes('*') || ops.includes('others') ? `${op}, as all that is not named,` : op
  return `${subject} in ${precision} ${STATE_WORDS[states[precision]!]}${note === undefined ? '' : `: ${note}`}`
}

/** A Conv past a limit of which no rule says what happens then. */
function beyondLimit(facts: NodeFacts, { limits }: BoardProfile): { why: string; source: string | null } | undefined {
  for (const key of ['kernel', 'stride', 'dilation', 'pad'] as const) {
    const [value, { is, source }] = [facts[key], limits[key]]
    if (value !== undefined && is !== 'unknown' && value > is) return { why: `a ${key} of ${value} is past the limit of ${is}, and no document states what happens then`, source }
  }
  return undefined
}
