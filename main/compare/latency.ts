import { performance } from 'node:perf_hooks'
import { setTimeout as wait } from 'node:timers/promises'
import type { Latency, Timing } from '../core/run.ts'
import { breathe } from '../core/task.ts'
import type { Task } from '../core/task.ts'
import { openSession } from '../runtime/session.ts'
import type { Sample } from '../samples/sample.ts'

export interface LatencyOptions {
  readonly threads: number
  /** Time that each version may take in all, warm-up apart. Default 2000 ms. */
  readonly budgetMs?: number
}

const WARM_UP = 3
const MIN_RUNS = 10
const MAX_RUNS = 200
const BUDGET_MS = 2000

/** The runtime's threads keep spinning for tens of milliseconds after a run, and would take the cores from the other version. */
const REST_MS = 50
/** How long one version runs before the other one's turn. */
const TURN_MS = 200

/**
 * Times the float and the fused model on one sample's input in this process: three runs each to warm up, then turns of up to
 * 200 ms (float, fused, float, …) with a rest before each, so that a change of the machine's speed meets both and neither
 * shares the cores with the other's idle threads. The number of runs, the same for both, fills the time budget of the slower
 * one, from 10 to 200. Milliseconds a run, with the copies in and out of the runtime.
 */
export async function measureLatency(
  models: { readonly float: Uint8Array; readonly quantized: Uint8Array },
  feeds: Sample['feeds'],
  options: LatencyOptions,
  task: Task,
): Promise<Latency> {
  const { threads } = options
  const float = await openSession(models.float, { mode: 'float', threads, where: 'float model' })
  try {
    const fused = await openSession(models.quantized, { mode: 'fused', threads, where: 'fused model' })
    try {
      const timeOf = async (session: typeof float): Promise<number> => {
        const start = performance.now()
        await session.run(feeds)
        return performance.now() - start
      }
      let slowest = 0
      for (const session of [float, fused]) {
        for (let run = 0; run < WARM_UP - 1; run++) await timeOf(session)
        slowest = Math.max(slowest, await timeOf(session))
        await breathe(task)
      }
      const runs = runCount(slowest, options.budgetMs ?? BUDGET_MS)
      const runsPerTurn = Math.max(1, Math.round(TURN_MS / Math.max(slowest, 1e-3)))
      const floatMs: number[] = []
      const fusedMs: number[] = []
      const turn = async (session: typeof float, times: number[], done: () => void): Promise<void> => {
        await wait(REST_MS)
        // Wakes this version's threads up; where a turn is a single run that is nothing beside it.
        if (runsPerTurn > 1) await timeOf(session)
        const end = Math.min(runs, times.length + runsPerTurn)
        while (times.length < end) {
          times.push(await timeOf(session))
          done()
          await breathe(task)
        }
      }
      while (fusedMs.length < runs) {
        await turn(float, floatMs, () => undefined)
        await turn(fused, fusedMs, () => task.report({ stage: 'latency', done: fusedMs.length, total: runs, unit: 'runs' }))
      }
      return latencyOf(latencyProtocol(feeds, threads), floatMs, fusedMs)
    } finally {
      await fused.close()
    }
  } finally {
    await float.close()
  }
}

/** Runs that fit the budget, at least 10 and at most 200. */
export const runCount = (msPerRun: number, budgetMs: number): number =>
  Math.max(MIN_RUNS, Math.min(MAX_RUNS, Math.round(budgetMs / Math.max(msPerRun, 1e-3))))

/** `turns/warmup3/threads2/1x3x96x96`; shapes of several inputs in the order of their names, joined by `+`. */
export function latencyProtocol(feeds: Sample['feeds'], threads: number): string {
  const shapes = Object.keys(feeds).toSorted().map((name) => feeds[name]!.dims.join('x') || 'scalar')
  return `turns/warmup${WARM_UP}/threads${threads}/${shapes.join('+')}`
}

function latencyOf(protocol: string, floatRuns: readonly number[], fusedRuns: readonly number[]): Latency {
  const floatMs = timing(floatRuns)
  const fusedMs = timing(fusedRuns)
  return { protocol, floatMs, fusedMs, ratio: fusedMs.median / floatMs.median }
}

/** Median, minimum and half the distance of the quartiles (linear between neighbours, as numpy's default). */
export function timing(msPerRun: readonly number[]): Timing {
  const sorted = msPerRun.toSorted((a, b) => a - b)
  return {
    median: quantile(sorted, 0.5),
    min: sorted[0]!,
    spread: (quantile(sorted, 0.75) - quantile(sorted, 0.25)) / 2,
    runs: sorted.length,
  }
}

function quantile(sorted: readonly number[], share: number): number {
  const place = share * (sorted.length - 1)
  const below = Math.floor(place)
  const low = sorted[below]!
  return low + (place - below) * ((sorted[below + 1] ?? low) - low)
}
