import type { Job, JobRegistry } from './jobs.ts'
import { boardsJob } from './jobs/boards.ts'
import { histogramJob, tensorsJob } from './jobs/histogram.ts'
import { thresholdsJob, whatIfJob } from './jobs/what-if.ts'

/** Jobs that take milliseconds and no native code: a process that answers them can stay and answer the next. */
export const QUESTIONS = { tensors: tensorsJob, histogram: histogramJob, 'what-if': whatIfJob, thresholds: thresholdsJob, boards: boardsJob } as const

export type QuestionKind = keyof typeof QUESTIONS
export type QuestionInput<K extends QuestionKind> = Parameters<(typeof QUESTIONS)[K]>[0]
export type Answer<K extends QuestionKind> = Awaited<ReturnType<(typeof QUESTIONS)[K]>>

export const questions: JobRegistry = new Map(Object.entries(QUESTIONS) as [string, Job][])
