import type { Progress } from '../core/task.ts'

const INTERVAL_MS = 100

/**
 * Passes on at most ten reports a second. A stage's fraction never falls: a report that would is held to the highest so far.
 * The first and the last of a stage, every note and whatever is live always pass.
 */
export function progressFilter(pass: (progress: Progress) => void, now: () => number = () => performance.now()): (progress: Progress) => void {
  const highest = new Map<string, Progress>()
  let stage: string | undefined
  let passedAt = -Infinity
  return (report) => {
    const before = highest.get(report.stage)
    const falls = before !== undefined && fraction(report) < fraction(before)
    const held = falls ? { ...report, done: before.done, total: before.total } : report
    highest.set(report.stage, held)
    const ends = fraction(held) >= 1 && !(before !== undefined && fraction(before) >= 1)
    const time = now()
    if (report.stage === stage && report.note === undefined && report.live === undefined && !ends && time - passedAt < INTERVAL_MS) return
    stage = report.stage
    passedAt = time
    pass(held)
  }
}

const fraction = ({ done, total }: Progress): number => (total > 0 ? done / total : 0)
