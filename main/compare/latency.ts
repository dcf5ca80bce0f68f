import type { Latency, Timing } from '../core/run.ts'
import type { Task } from '../core/task.ts'
import { openSession } from '../runtime/session.ts'
import type { Sample } from '../samples/sample.ts'
import { timeInTurns, WARM_UP } from './turns.ts'

export interface LatencyOptions {
  readonly threads: number
  /** Time that each version may take in all, warm-up apart. Default 2000 ms. */
  readonly budgetMs?: number
}

const BUDGET_MS = 2000

/**
 * Times the float and the fused model on one sample's input in this process, in turns (see `timeInTurns`). Milliseconds a run, with the
 * copies in and out of the runtime.
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
      const versions = [float, fused].map((session) => () => session.run(feeds))
      const [floatMs, fusedMs] = await timeInTurns(versions, options.budgetMs ?? BUDGET_MS, task, (done, total) => task.report({ stage: 'latency', done, total, unit: 'runs' }))
      return latencyOf(latencyProtocol(feeds, threads), floatMs!, fusedMs!)
    } finally {
      await fused.close()
    }
  } finally {
    await float.close()
  }
}

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
