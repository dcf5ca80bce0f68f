import type { TensorStatistics } from '../../calibrate/statistics.ts'
import { encodeStatistics, mergeStatistics } from '../../calibrate/statistics-file.ts'
import { writeFileAtomic } from '../../core/files.ts'
import { sha256 } from '../../core/hash.ts'
import type { Task } from '../../core/task.ts'
import { readStatistics } from './stored-statistics.ts'

export interface StatisticsInput {
  /** Files of Statistics; several are merged. */
  readonly files: readonly string[]
  /** Where the merged Statistics go; absent: nothing is written. */
  readonly out?: string
}

export interface TensorSummary {
  readonly tensor: string
  readonly channels: number
  readonly count: number
  readonly min: number
  readonly max: number
  readonly mean: number
}

export interface StatisticsOutput {
  readonly samples: number
  readonly samplesSha256: string
  readonly modelSha256: string
  readonly sha256: string
  readonly bytes: number
  readonly tensors: readonly TensorSummary[]
}

/** Reads, merges and summarizes Statistics. Throws `input.statistics-*` Faults for files that are damaged or do not belong together. */
export async function statisticsJob({ files, out }: StatisticsInput, task: Task): Promise<StatisticsOutput> {
  const parts = []
  for (const [index, file] of files.entries()) {
    task.report({ stage: 'statistics', done: index, total: files.length, unit: 'files' })
    parts.push(await readStatistics(file))
  }
  const whole = parts.length === 1 ? parts[0]! : mergeStatistics(parts)
  const bytes = encodeStatistics(whole)
  if (out !== undefined) await writeFileAtomic(out, bytes)
  task.report({ stage: 'statistics', done: files.length, total: files.length, unit: 'files' })
  return {
    samples: whole.samples, samplesSha256: whole.samplesSha256, modelSha256: whole.modelSha256, sha256: sha256(bytes), bytes: bytes.byteLength,
    tensors: [...whole.tensors.values()].map(summaryOf),
  }
}

/** Channel sums are in units of 2^-149; the mean needs only the precision of a double. */
export function summaryOf({ tensor, channels, count, min, max, channelSum }: TensorStatistics): TensorSummary {
  const units = channelSum.reduce((sum, channel) => sum + channel, 0n)
  return { tensor, channels, count, min, max, mean: count === 0 ? 0 : (Number(units) * 2 ** -149) / count }
}
