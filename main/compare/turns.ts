import { performance } from 'node:perf_hooks'
import { setTimeout as wait } from 'node:timers/promises'
import { breathe } from '../core/task.ts'
import type { Task } from '../core/task.ts'

export const WARM_UP = 3
const MIN_RUNS = 10
const MAX_RUNS = 200

/** The runtime's threads keep spinning for tens of milliseconds after a run, and would take the cores from the other versions. */
const REST_MS = 50
/** How long one version runs before the next one's turn. */
const TURN_MS = 200

/** Runs that fit the budget, at least 10 and at most 200. */
export const runCount = (msPerRun: number, budgetMs: number): number =>
  Math.max(MIN_RUNS, Math.min(MAX_RUNS, Math.round(budgetMs / Math.max(msPerRun, 1e-3))))

/**
 * Times versions of one computation: three runs each to warm up, then turns of up to 200 ms (first, second, …, first, …) with a rest
 * before each, so that a change of the machine's speed meets all and none shares the cores with another's idle threads. The number of
 * runs, the same for all, fills the budget of the slowest one, from 10 to 200. Milliseconds a run, a list a version; `done` hears after
 * every run of the last version how many there were.
 */
export async function timeInTurns(versions: readonly (() => Promise<unknown>)[], budgetMs: number, task: Task, done: (runs: number, of: number) => void = () => undefined): Promise<number[][]> {
  const timeOf = async (run: () => Promise<unknown>): Promise<number> => {
    const start = performance.now()
    await run()
    return performance.now() - start
  }
  let slowest = 0
  for (const run of versions) {
    for (let warm = 0; warm < WARM_UP - 1; warm++) await timeOf(run)
    slowest = Math.max(slowest, await timeOf(run))
    await breathe(task)
  }
  const runs = runCount(slowest, budgetMs)
  const runsPerTurn = Math.max(1, Math.round(TURN_MS / Math.max(slowest, 1e-3)))
  const times = versions.map((): number[] => [])
  while (times.at(-1)!.length < runs) {
    for (const [index, run] of versions.entries()) {
      await wait(REST_MS)
      // Wakes this version's threads up; where a turn is a single run that is nothing beside it.
      if (runsPerTurn > 1) await timeOf(run)
      const own = times[index]!
      const end = Math.min(runs, own.length + runsPerTurn)
      while (own.length < end) {
        own.push(await timeOf(run))
        if (index === versions.length - 1) done(own.length, runs)
        await breathe(task)
      }
    }
  }
  return times
}
