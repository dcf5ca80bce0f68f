/** What was measured of a trial; nsr null: it failed. */
export interface TrialScore {
  readonly nsr: number | null
  readonly score: number | null
}

export interface MeasuredTrial extends TrialScore {
  readonly settings: readonly string[]
  readonly samples: number
  readonly scoreError: number | null
}

/** Place of the best trial; null before any. */
export function bestPlace(trials: readonly MeasuredTrial[]): number | null {
  const best = bestTrial(trials)
  return best === undefined ? null : trials.indexOf(best)
}

/**
 * The best of what was measured, on the most samples on which anything but the start was: of those whose score is not below the best one's
 * by more than chance (its standard error), the one with the least noise, then the fewest settings. Noise may raise a score against
 * references by luck; it never lowers noise. The start where nothing there beats it; undefined before any trial.
 */
export function bestTrial<T extends MeasuredTrial>(trials: readonly T[]): T | undefined {
  const good = trials.filter(({ nsr }) => nsr !== null)
  const most = Math.max(0, ...good.filter(({ settings }) => settings.length > 0).map(({ samples }) => samples))
  const level = good.filter(({ samples }) => samples === (most || good[0]?.samples))
  const scored = level.every(({ score }) => score !== null)
  const top = scored ? level.reduce<T | undefined>((best, trial) => (best === undefined || trial.score! > best.score! ? trial : best), undefined) : undefined
  const least = top === undefined ? -Infinity : top.score! - (top.scoreError ?? 0)
  const contenders = level.filter(({ score }) => !scored || score! >= least)
  const order = (a: T, b: T): number => a.nsr! - b.nsr! || a.settings.length - b.settings.length
  const [winner] = contenders.toSorted(order)
  const start = contenders.find(({ settings }) => settings.length === 0)
  return winner && start && order(winner, start) >= 0 ? start : winner
}
