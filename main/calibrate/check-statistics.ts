import { Fault } from '../core/fault.ts'
import type { Statistics } from './statistics.ts'

export interface StatisticsFit {
  readonly sameModel: boolean
  /** Tensors that are needed and were not observed. */
  readonly missing: readonly string[]
  /** Tensors that were observed and are not known here. */
  readonly unexpected: readonly string[]
}

/** How statistics fit a graph of this hash (see observedModelSha256) of which these tensors are needed. */
export function statisticsFit(statistics: Statistics, modelSha256: string, tensors: readonly string[]): StatisticsFit {
  const known = new Set(tensors)
  return {
    sameModel: statistics.modelSha256 === modelSha256,
    missing: tensors.filter((name) => !statistics.tensors.has(name)),
    unexpected: [...statistics.tensors.keys()].filter((name) => !known.has(name)),
  }
}

/**
 * Refuses statistics of another model, or without a tensor that is needed; tensors beyond those are allowed only with
 * `allowUnexpected`. Throws `input.statistics-model` and `input.statistics-tensors` with the names.
 */
export function checkStatistics(
  statistics: Statistics, modelSha256: string, tensors: readonly string[], options: { where?: string; allowUnexpected?: boolean } = {},
): void {
  const { sameModel, missing, unexpected } = statisticsFit(statistics, modelSha256, tensors)
  const where = options.where === undefined ? {} : { where: options.where }
  const differences = [names('missing', missing), options.allowUnexpected ? '' : names('not known here', unexpected)].filter((text) => text !== '').join('; ')
  if (!sameModel) {
    throw new Fault({
      code: 'input.statistics-model',
      ...where,
      what: `the statistics are of another model (${statistics.modelSha256.slice(0, 12)}, this one is ${modelSha256.slice(0, 12)})${differences === '' ? '' : `; tensors ${differences}`}`,
      next: 'Calibrate this model, or use the statistics with the model that they were observed on.',
    })
  }
  if (differences === '') return
  throw new Fault({ code: 'input.statistics-tensors', ...where, what: `tensors ${differences}`, next: 'Calibrate again with the tensors that are needed.' })
}

function names(label: string, list: readonly string[]): string {
  if (list.length === 0) return ''
  const more = list.length > 5 ? ` and ${list.length - 5} more` : ''
  return `${label}: ${list.slice(0, 5).join(', ')}${more}`
}
