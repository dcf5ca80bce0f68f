import { Fault } from '../core/fault.ts'
import { breathe, type Task } from '../core/task.ts'
import { encodeModel } from '../onnx/encode.ts'
import type { Graph } from '../onnx/graph.ts'
import type { Provider } from '../runtime/providers.ts'
import { openSession, type Session } from '../runtime/session.ts'
import { timing } from './latency.ts'
import { operatorCases, type OperatorCase } from './operator-models.ts'
import { codedGraph, feedsFor, halfGraph } from './operator-precision.ts'
import type { OperatorEntry, Precision } from './operator-table.ts'
import { timeInTurns, WARM_UP } from './turns.ts'

export interface OperatorBenchOptions {
  readonly threads: number
  /** One small size and a short budget. */
  readonly quick?: boolean
  /** Only these operators. */
  readonly ops?: readonly string[]
  /** Default: the CPU alone. */
  readonly providers?: readonly Provider[]
}

export interface OperatorBench {
  readonly entries: readonly OperatorEntry[]
  /** How it was measured: `turns/warmup3/budget300ms/threads2`. */
  readonly protocol: string
  /** Operators that have no time in a precision, and why. */
  readonly notes: readonly string[]
}

/** Milliseconds that each precision of one operator may take in all, warm-up apart. */
const BUDGET_MS = 300
const QUICK_BUDGET_MS = 30

/**
 * Times every operator as a model of its own, its precisions in turns: float32, float16, and codes of 8 bits as they are fused, codes
 * in and out. Times hold the copies in and out of the runtime, which the rows of Identity show.
 */
export async function benchOperators({ threads, quick = false, ops, providers = ['cpu'] }: OperatorBenchOptions, task: Task): Promise<OperatorBench> {
  const budgetMs = quick ? QUICK_BUDGET_MS : BUDGET_MS
  const cases = operatorCases({ quick, ...(ops ? { ops } : {}) })
  const total = cases.length * providers.length
  const entries: OperatorEntry[] = []
  const without = new Map<string, Set<string>>()
  for (const [at, provider] of providers.entries()) {
    for (const [index, one] of cases.entries()) {
      task.report({ stage: 'operators', done: at * cases.length + index, total, unit: 'operators' })
      const measured = await timed(one, provider, threads, budgetMs, task)
      entries.push(...measured.entries)
      for (const why of measured.without) without.set(why, (without.get(why) ?? new Set()).add(one.shape.op))
      await breathe(task)
    }
  }
  task.report({ stage: 'operators', done: total, total, unit: 'operators' })
  return { entries, protocol: `turns/warmup${WARM_UP}/budget${budgetMs}ms/threads${threads}`, notes: [...without].map(([why, names]) => `${why}: ${[...names].join(', ')}.`) }
}

interface Version {
  readonly precision: Precision
  readonly graph: Graph
  readonly session: Session
}

async function timed({ shape, graph }: OperatorCase, provider: Provider, threads: number, budgetMs: number, task: Task) {
  const coded = codedGraph(graph, 8)
  const wanted = [['float32', graph], ['float16', halfGraph(graph)], ['int8', coded]] as const
  const without = coded === null ? ['Not computed on codes, so without a time in int8'] : []
  const versions: Version[] = []
  try {
    for (const [precision, form] of wanted) {
      if (form === null) continue
      const session = await opened(form, precision, provider, threads)
      if (session === null) without.push(`Refused in ${precision} by ONNX Runtime on ${provider}`)
      else versions.push({ precision, graph: form, session })
    }
    const times = await timeInTurns(versions.map(({ graph: form, session }) => {
      const feeds = feedsFor(form)
      return () => session.run(feeds)
    }), budgetMs, task)
    const entries = versions.map(({ precision }, index): OperatorEntry => {
      const { median, min, spread, runs } = timing(times[index]!)
      return { ...shape, precision, provider, medianMs: rounded(median), minMs: rounded(min), spreadMs: rounded(spread), runs }
    })
    return { entries, without }
  } finally {
    for (const { session } of versions) await session.close()
  }
}

/** Tenths of a microsecond. */
const rounded = (ms: number): number => Number(ms.toFixed(4))

/** null where this runtime has no kernel of that type, which is a result here. */
async function opened(graph: Graph, precision: Precision, provider: Provider, threads: number): Promise<Session | null> {
  try {
    return await openSession(encodeModel(graph), { mode: precision === 'int8' ? 'fused' : 'float', threads, provider })
  } catch (error) {
    if (precision !== 'float32' && error instanceof Fault && error.code.startsWith('model.')) return null
    throw error
  }
}
