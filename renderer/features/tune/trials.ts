import type { Quality, Run, Trial } from '../../../preload/contract/index.ts'

/** The recipe as it was, on as many samples. */
export const startFor = (trials: readonly Trial[], trial: Trial): Trial | undefined => trials.find(({ settings, samples, nsr }) => settings.length === 0 && samples === trial.samples && nsr !== null)

/** Score of a trial less that of the start on the same samples. */
export function gainOf(trials: readonly Trial[], trial: Trial): number | null {
  const start = startFor(trials, trial)
  return trial.score === null || start === undefined || start.score === null ? null : trial.score - start.score
}

/** Noise taken away against the start on the same samples, as a share of it. */
export function noiseGain(trials: readonly Trial[], trial: Trial): number | null {
  const start = startFor(trials, trial)
  return trial.nsr === null || start === undefined || start.nsr === null || start.nsr === 0 ? null : 1 - trial.nsr / start.nsr
}

/** How much better one run's simulated score is than another's; null where they were not measured alike. */
export function gainBetween(before: Quality | undefined, after: Quality | undefined): number | null {
  if (before === undefined || after === undefined || before.protocol !== after.protocol || before.simulated === null || after.simulated === null) return null
  return after.simulated - before.simulated
}

export const hasTrials = ({ trials }: Run): boolean => (trials?.length ?? 0) > 0

/** A search that another one can go on from: it was cut off, or stopped, and nothing went on from it yet. */
export const isInterrupted = (run: Run, runs: readonly Run[]): boolean =>
  hasTrials(run) && run.status !== 'running' && (run.status !== 'done' || run.tune?.stopped === true) && !runs.some(({ tune }) => tune?.resumedFrom === run.run)
