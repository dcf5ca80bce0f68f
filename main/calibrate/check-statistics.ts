import { Fault } from '../core/fault.ts'
import { nearestPairs } from '../core/nearest.ts'
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

export interface StatisticsDemand {
  /** For messages. */
  readonly where?: string
  /** Tensors beyond those that are needed are no difference. */
  readonly allowUnexpected?: boolean
  /** Tensors that this model has, needed or not: none of them is unexpected. Absent: those that are needed. */
  readonly known?: readonly string[]
}

/**
 * Refuses statistics of another model, or without a tensor that is needed; tensors beyond those are allowed only with
 * `allowUnexpected`. Throws `input.statistics-model` and `input.statistics-tensors` with every name, and which may mean the same.
 */
export function checkStatistics(statistics: Statistics, modelSha256: string, tensors: readonly string[], { where, allowUnexpected, known = [] }: StatisticsDemand = {}): void {
  const { sameModel, missing, unexpected } = statisticsFit(statistics, modelSha256, tensors)
  const place = where === undefined ? {} : { where }
  const here = new Set(known)
  const strange = unexpected.filter((name) => !here.has(name))
  if (!sameModel) {
    const differences = nameDifferences(missing, allowUnexpected && known.length === 0 ? [] : strange)
    throw new Fault({
      code: 'input.statistics-model',
      ...place,
      what: `the statistics are of another model (${statistics.modelSha256.slice(0, 12)}, this one is ${modelSha256.slice(0, 12)})${differences === '' ? '' : `; tensors ${differences}`}`,
      next: 'Calibrate this model, or use the statistics with the model that they were observed on; --allow-missing takes what fits.',
    })
  }
  const differences = nameDifferences(missing, allowUnexpected ? [] : strange)
  if (differences === '') return
  throw new Fault({ code: 'input.statistics-tensors', ...place, what: `tensors ${differences}`, next: 'Calibrate again with the tensors that are needed; --allow-missing leaves them in float.' })
}

/** Comparing every name with every other takes long: of a model that is another one altogether the first will do. */
const MOST_PAIRED = 200

/** Every name that is missing and every one that is not known here, and which of them may mean the same; '' where there is none. */
export function nameDifferences(missing: readonly string[], unexpected: readonly string[]): string {
  const pairs = nearestPairs(missing.slice(0, MOST_PAIRED), unexpected).map(({ wanted, candidate }) => `${wanted} ↔ ${candidate}`)
  const part = (label: string, names: readonly string[]): string => (names.length === 0 ? '' : `${label}: ${names.join(', ')}`)
  return [part('missing', missing), part('not known here', unexpected), part('may mean the same', pairs)].filter((text) => text !== '').join('; ')
}
