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

/** A standard error of fewer samples is chance itself: that of two is below a tenth of the true one once in twelve times. */
const ENOUGH_SAMPLES = 4

/**
 * The best of what was measured, on the most samples on which anything but the start was: of those whose score is not below the best one's
 * by more than chance (its standard error), the one with the least noise, then the fewest settings. Noise may raise a score against
 * references by luck; it never lowers noise. On fewer than four samples the error tells nothing and a high score may be luck alone: there
 * the least noise decides of those whose score is not below the start's by more than their own error. The start where nothing there beats
 * it; undefined before any trial.
 */
export function bestTrial<T extends MeasuredTrial>(trials: readonly T[]): T | undefined {
  const good = trials.filter(({ nsr }) => nsr !== null)
  const most = Math.max(0, ...good.filter(({ settings }) => settings.length > 0).map(({ samples }) => samples))
  const level = good.filter(({ samples }) => samples === (most || good[0]?.samples))
  const start = level.find(({ settings }) => settings.length === 0)
  const contenders = level.every(({ score }) => score !== null) ? level.filter(most < ENOUGH_SAMPLES ? notBelow(start) : nearTop(level)) : level
  const order = (a: T, b: T): number => a.nsr! - b.nsr! || a.settings.length - b.settings.length
  const [winner] = contenders.toSorted(order)
  return winner && start && contenders.includes(start) && order(winner, start) >= 0 ? start : winner
}

/** Whose score is not below the start's by more than their own error. */
const notBelow = (start: MeasuredTrial | undefined) => ({ score, scoreError }: MeasuredTrial): boolean => start === undefined || score! >= start.score! - (scoreError ?? 0)

/** Whose score is not below the best one's by more than the best one's error. */
function nearTop(level: readonly MeasuredTrial[]): (trial: MeasuredTrial) => boolean {
  const top = level.reduce<MeasuredTrial | undefined>((best, trial) => (best === undefined || trial.score! > best.score! ? trial : best), undefined)
  return ({ score }) => top === undefined || score! >= top.score! - (top.scoreError ?? 0)
}
