import type { Task } from '../core/task.ts'
import { auditJob } from './jobs/audit.ts'
import { benchOperatorsJob } from './jobs/bench-operators.ts'
import { compareJob } from './jobs/compare.ts'
import { exportJob } from './jobs/export.ts'
import { finetuneJob } from './jobs/finetune.ts'
import { environmentJob } from './jobs/environment.ts'
import { importCaffeJob } from './jobs/import-caffe.ts'
import { inspectJob } from './jobs/inspect.ts'
import { latencyJob } from './jobs/latency.ts'
import { latencyKnownJob } from './jobs/latency-known.ts'
import { observeJob } from './jobs/observe.ts'
import { prepare } from './jobs/prepare.ts'
import { providersJob } from './jobs/providers.ts'
import { quantizeJob } from './jobs/quantize.ts'
import { rewriteJob } from './jobs/rewrite.ts'
import { statisticsJob } from './jobs/statistics.ts'
import { TRIALS } from './trials.ts'
import { verifyJob } from './jobs/verify.ts'
import { weightsJob } from './jobs/weights.ts'
import { QUESTIONS } from './questions.ts'

/**
 * A unit of work of the engine process. Input and output are plain data that structured clone can copy; the job reads and writes
 * only what its input names, and the same input gives the same output.
 */
export type Job = (input: unknown, task: Task) => Promise<unknown>

export type JobRegistry = ReadonlyMap<string, Job>

/** The jobs of the pipeline, each with the types of what goes in and what comes out. */
const PIPELINE = { environment: environmentJob, export: exportJob, verify: verifyJob, inspect: inspectJob, prepare, observe: observeJob, statistics: statisticsJob, finetune: finetuneJob, quantize: quantizeJob, compare: compareJob, rewrite: rewriteJob, audit: auditJob, latency: latencyJob, 'latency-known': latencyKnownJob, 'bench-operators': benchOperatorsJob, providers: providersJob, weights: weightsJob, 'import-caffe': importCaffeJob, ...TRIALS, ...QUESTIONS } as const

export type JobKind = keyof typeof PIPELINE
export type JobInput<K extends JobKind> = Parameters<(typeof PIPELINE)[K]>[0]
export type JobOutput<K extends JobKind> = Awaited<ReturnType<(typeof PIPELINE)[K]>>

/** Every kind of job that the engine process can run. */
export const jobs: JobRegistry = new Map(Object.entries(PIPELINE) as [string, Job][])
