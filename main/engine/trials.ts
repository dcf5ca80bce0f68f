import type { Job, JobRegistry } from './jobs.ts'
import { paretoJob } from './jobs/pareto.ts'
import { heldBackJob, searchNextJob, searchSpaceJob } from './jobs/search.ts'
import { sensitivityJob } from './jobs/sensitivity.ts'
import { trialJob } from './jobs/trial.ts'

/** What a search asks again and again of one model: a process that keeps it, its samples and the float outputs for the next trial. */
export const TRIALS = { trial: trialJob, sensitivity: sensitivityJob, pareto: paretoJob, 'held-back': heldBackJob, 'search-space': searchSpaceJob, 'search-next': searchNextJob } as const

export type TrialKind = keyof typeof TRIALS
export type TrialQuestion<K extends TrialKind> = Parameters<(typeof TRIALS)[K]>[0]
export type TrialAnswer<K extends TrialKind> = Awaited<ReturnType<(typeof TRIALS)[K]>>

export const trials: JobRegistry = new Map(Object.entries(TRIALS) as [string, Job][])
