import { readFile } from 'node:fs/promises'
import type { Statistics, TensorStatistics } from '../../calibrate/statistics.ts'
import { decodeStatistics } from '../../calibrate/statistics-file.ts'
import { Fault } from '../../core/fault.ts'
import { didYouMean } from '../../core/nearest.ts'

/** A tensor of a Statistics file. */
export interface TensorPlace {
  /** Path of the file; its content never changes. */
  readonly file: string
  readonly tensor: string
}

const KEPT = 2
const kept = new Map<string, Statistics>()

/** The Statistics of a file. The last two stay in memory, for a process that is asked again and again. */
export async function storedStatistics(file: string): Promise<Statistics> {
  const known = kept.get(file)
  const statistics = known ?? (await readStatistics(file))
  kept.delete(file)
  kept.set(file, statistics)
  for (const oldest of [...kept.keys()].slice(0, Math.max(0, kept.size - KEPT))) kept.delete(oldest)
  return statistics
}

/** The Statistics of a file. Throws `input.no-statistics` where it cannot be read, `input.statistics-file` where it is damaged. */
export async function readStatistics(file: string): Promise<Statistics> {
  let bytes: Uint8Array
  try {
    bytes = await readFile(file)
  } catch (error) {
    const what = `the statistics cannot be read: ${error instanceof Error ? error.message : String(error)}`
    throw new Fault({ code: 'input.no-statistics', where: file, what, next: 'Put the file back, or calibrate again.' }, { cause: error })
  }
  return decodeStatistics(bytes, file)
}

/** What was seen of one tensor. Throws `input.unknown-tensor`, and `samples.no-data` where nothing was. */
export async function storedTensor({ file, tensor }: TensorPlace): Promise<TensorStatistics> {
  const { tensors } = await storedStatistics(file)
  const found = tensors.get(tensor)
  if (!found) {
    throw new Fault({ code: 'input.unknown-tensor', where: tensor, what: 'these statistics hold no such tensor', next: didYouMean(tensor, tensors.keys()) })
  }
  if (found.sampled === 0) throw new Fault({ code: 'samples.no-data', where: `tensor '${tensor}'`, what: 'no values were seen', next: 'Calibrate with samples that reach this tensor.' })
  return found
}
