import { Fault } from '../core/fault.ts'
import { didYouMean } from '../core/nearest.ts'
import { breathe, type Task } from '../core/task.ts'
import { encodeModel } from '../onnx/encode.ts'
import type { Graph } from '../onnx/graph.ts'
import { openSession, type Session } from '../runtime/session.ts'
import { inferValues } from '../runtime/values.ts'
import { expectationOf } from '../samples/expectation.ts'
import { proofInputs } from './proof-inputs.ts'
import { proveEqual, type Feeds, type OutputView, type Proof } from './prove.ts'
import { REWRITES } from './rewrites.ts'
import { shiftedFeeds } from './preprocess-shift.ts'
import type { Match, PreprocessShift, Refusal, Rewrite, RewriteContext, Rewritten } from './rewrite.ts'

/** One rewrite that is wished for, with its settings. `nodes`: only matches whose first node is named here. `except`: none of these. */
export interface RewriteWish {
  readonly rewrite: string
  readonly options: Readonly<Record<string, unknown>>
  readonly nodes?: readonly string[]
  readonly except?: readonly string[]
}

const isSettings = (value: unknown): value is Readonly<Record<string, unknown>> => value !== null && typeof value === 'object' && !Array.isArray(value)

/** A wish whose option `places` gives single matches settings of their own, as one wish for each of them and one for the rest. Throws `recipe.wrong-value`. */
export function placedWishes(wish: RewriteWish): readonly RewriteWish[] {
  const { places, ...options } = wish.options
  if (places === undefined) return [wish]
  if (!isSettings(places) || !Object.values(places).every(isSettings)) {
    throw new Fault({ code: 'recipe.wrong-value', where: `rewrite.${wish.rewrite}.places`, what: '`places` names nodes, each with settings', next: 'Write places: { NODE: { setting: value } }.' })
  }
  const [own, { nodes }] = [Object.keys(places), wish]
  const wanted = nodes === undefined ? own : own.filter((node) => nodes.includes(node))
  const rest = nodes?.filter((node) => !own.includes(node))
  return [
    ...wanted.map((node): RewriteWish => ({ rewrite: wish.rewrite, options: { ...options, ...(places[node] as RewriteWish['options']) }, nodes: [node] })),
    ...(rest === undefined ? [{ rewrite: wish.rewrite, options, except: own }] : rest.length > 0 ? [{ rewrite: wish.rewrite, options, nodes: rest }] : []),
  ]
}

/** What was done to a graph: one rewrite, wherever it fits. It can be written down and done again. */
export interface RewriteStep {
  readonly rewrite: string
  readonly kind: Rewrite['kind']
  readonly options: Readonly<Record<string, unknown>>
  readonly matches: readonly Match[]
  readonly before: Graph
  readonly after: Graph
  /** Largest difference that float arithmetic explains, as a share of the output's largest magnitude. */
  readonly relativeTolerance: number
  /** How outputs stand to those before. */
  readonly outputs: ReadonlyMap<string, OutputView>
  /** What left the graph at its picture input and belongs into preprocessing. */
  readonly preprocess: readonly PreprocessShift[]
  /** What the recipe has to say besides, as after `--set`. */
  readonly settings: readonly string[]
}

export interface RewriteResult {
  readonly graph: Graph
  /** Only rewrites that found something, in order. */
  readonly steps: readonly RewriteStep[]
  /** Places that looked alike and did not fit. */
  readonly refused: readonly Refusal[]
  /** Old tensor name → the name that holds the same values now. */
  readonly renamed: ReadonlyMap<string, string>
}

export interface RewriteSettings {
  readonly context: Omit<RewriteContext, 'options'>
  /** For messages. */
  readonly where: string
}

/** A rewrite may open places for itself (a chain that becomes shorter); more rounds than nodes would be a fault of ours. */
const MOST_ROUNDS = 10_000

/** Share of the output's largest magnitude that many roundings together may make (ALGORITHMS 5). */
const MOST_ROUNDING = 1e-4

export function rewriteNamed(name: string): Rewrite {
  const found = REWRITES.find((rewrite) => rewrite.name === name)
  if (found) return found
  throw new Fault({ code: 'recipe.unknown-rewrite', where: name, what: 'there is no such rewrite', next: didYouMean(name, REWRITES.map((rewrite) => rewrite.name)) })
}

/** Looks only: what each rewrite finds in the graph as it stands, and what it refuses. */
export async function findRewrites(graph: Graph, wishes: readonly RewriteWish[], settings: RewriteSettings): Promise<{ found: readonly Match[]; refused: readonly Refusal[] }> {
  const shaped = await withShapes(graph, settings.where)
  const all = wishes.map((wish) => candidates(shaped, wish, settings))
  return { found: all.flatMap(({ found }) => found), refused: all.flatMap(({ refused }) => refused) }
}

const withShapes = async (graph: Graph, where: string): Promise<Graph> => ({ ...graph, values: await inferValues(encodeModel(graph), {}, where) })

function candidates(graph: Graph, { rewrite, options, nodes, except }: RewriteWish, { context }: RewriteSettings) {
  const { found, refused } = rewriteNamed(rewrite).find(graph, { ...context, options })
  const isWanted = ({ nodes: [first = ''] }: Match): boolean => (nodes === undefined || nodes.includes(first)) && except?.includes(first) !== true
  return { found: found.filter(isWanted), refused }
}

/** Applies rewrites in the order they are wished for, each wherever it fits. Nothing is run: `proveStep` shows that a step is right. */
export async function applyRewrites(graph: Graph, wishes: readonly RewriteWish[], settings: RewriteSettings, task: Task): Promise<RewriteResult> {
  let result: RewriteResult = { graph, steps: [], refused: [], renamed: new Map() }
  for (const [index, wish] of wishes.entries()) {
    task.report({ stage: 'rewrite', done: index, total: wishes.length, unit: 'rewrites' })
    result = await applyOne(result, wish, settings, task)
  }
  task.report({ stage: 'rewrite', done: wishes.length, total: wishes.length, unit: 'rewrites' })
  return result
}

async function applyOne(before: RewriteResult, wish: RewriteWish, settings: RewriteSettings, task: Task): Promise<RewriteResult> {
  const rewrite = rewriteNamed(wish.rewrite)
  const matches: Match[] = []
  const outputs = new Map<string, OutputView>()
  const preprocess: PreprocessShift[] = []
  const said: string[] = []
  // Places whose rewrite says something of the recipe and leaves the graph as it is: they are found again.
  const settled = new Set<string>()
  const isChanged = (): boolean => matches.length > settled.size
  let at = await withShapes(before.graph, settings.where)
  let [tolerance, renamed] = [0, new Map(before.renamed)]
  for (let round = 0; ; round++) {
    const { found, refused } = candidates(at, wish, settings)
    const match = found.find(({ nodes }) => !settled.has(String(nodes)))
    if (match === undefined) {
      const step: RewriteStep = { rewrite: rewrite.name, kind: rewrite.kind, options: wish.options, matches, before: before.graph, after: at, relativeTolerance: tolerance, outputs, preprocess, settings: said }
      const steps = matches.length === 0 ? before.steps : [...before.steps, step]
      return { graph: isChanged() ? at : before.graph, steps, refused: [...before.refused, ...refused], renamed }
    }
    if (round === MOST_ROUNDS) throw new Fault({ code: 'bug.rewrite', where: wish.rewrite, what: 'it finds the same place again and again' })
    const after: Rewritten = await rewrite.apply(at, match, { ...settings.context, options: wish.options })
    matches.push(match)
    // Rounding adds up, but not beyond what a proof may explain away; half precision explains more at once.
    tolerance = Math.max(after.relativeTolerance, Math.min(tolerance + after.relativeTolerance, MOST_ROUNDING))
    renamed = composed(renamed, after.renamed)
    for (const [name, view] of after.outputs ?? []) outputs.set(name, view)
    if (after.preprocess) preprocess.push(after.preprocess)
    said.push(...(after.settings ?? []))
    if (after.graph === at) settled.add(String(match.nodes))
    at = await withShapes(after.graph, settings.where)
    // What changed once more holds the old values no longer.
    for (const [old, now] of renamed) if (!at.values.has(now) && !at.initializers.has(now)) renamed.delete(old)
    await breathe(task)
  }
}

/** What an old name is called after both changes. */
function composed(first: ReadonlyMap<string, string>, second: ReadonlyMap<string, string>): Map<string, string> {
  const moved = new Map([...first].map(([old, now]) => [old, second.get(now) ?? now]))
  for (const [old, now] of second) if (!moved.has(old)) moved.set(old, now)
  return moved
}

export interface ProofSettings {
  readonly threads: number
  /** Feeds of real samples; tried besides everything else. */
  readonly samples: readonly Feeds[]
  /** For messages. */
  readonly where: string
}

/**
 * Runs a step's graph against the one before it. Throws `model.rewrite-broken`, naming the worst output, input and position. A repair
 * has no proof: it changes the function.
 */
export async function proveStep(step: RewriteStep, { threads, where, samples }: ProofSettings, task: Task): Promise<Proof> {
  const sessions: Session[] = []
  try {
    for (const graph of [step.before, step.after]) sessions.push(await openSession(encodeModel(graph), { mode: 'reference', threads, where }))
    const inputs = [...samples.map((feeds, index) => ({ kind: `sample ${index}`, feeds })), ...(await proofInputs(expectationOf(step.before), sessions[0]!))]
    const nodes = step.matches.map((match) => match.nodes[0]!)
    const { rewrite, relativeTolerance, outputs, preprocess } = step
    const proof = await proveEqual(sessions[0]!, sessions[1]!, inputs, {
      rewrite, nodes, relativeTolerance, outputs, ...(preprocess.length > 0 ? { feedsAfter: (feeds: Feeds) => shiftedFeeds(feeds, preprocess) } : {}),
    }, task)
    if (proof.verdict !== 'broken') return proof
    throw brokenFault(proof, where)
  } finally {
    for (const session of sessions) await session.close()
  }
}

function brokenFault({ rewrite, nodes, maxAbs, worst }: Proof, where: string): Fault {
  const place = worst ? `output ${worst.output} on ${worst.input}${worst.position.length > 0 ? ` at [${worst.position.join(', ')}]` : ''}` : ''
  return new Fault({
    code: 'model.rewrite-broken', where: `${where}, ${rewrite} at ${nodes.join(', ')}`,
    what: `the rewritten graph gives other values: ${[place, worst?.what || `by ${maxAbs}`].filter(Boolean).join(' ')}`,
    next: 'Nothing was changed. Leave this rewrite out, and report the model.',
  })
}
