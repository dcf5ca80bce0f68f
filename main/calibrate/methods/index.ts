import { Fault } from '../../core/fault.ts'
import type { Grid, Threshold } from '../../core/grid.ts'
import { didYouMean } from '../../core/nearest.ts'
import type { TensorStatistics } from '../statistics.ts'
import { aciq } from './aciq.ts'
import { admm } from './admm.ts'
import { auto } from './auto.ts'
import { jsd } from './jsd.ts'
import { kl } from './kl.ts'
import { max } from './max.ts'
import { mse } from './mse.ts'
import { octav } from './octav.ts'
import { percentile } from './percentile.ts'
import { symkl } from './symkl.ts'
import type { MethodOptions, ThresholdMethod } from './threshold-method.ts'

/** The threshold methods by the names that recipes use. */
export const METHODS = { auto, max, percentile, kl, symkl, jsd, mse, octav, admm, aciq } as const satisfies Record<string, ThresholdMethod>

export type MethodName = keyof typeof METHODS

/** The range that a method picks for a tensor on its grid. Throws `recipe.unknown-method`, and what the method throws. */
export function solveThreshold(name: string, statistics: TensorStatistics, grid: Grid, options?: MethodOptions): Threshold {
  if (!Object.hasOwn(METHODS, name)) {
    throw new Fault({ code: 'recipe.unknown-method', what: `there is no threshold method '${name}'`, next: didYouMean(name, Object.keys(METHODS)) })
  }
  return METHODS[name as MethodName](statistics, grid, options)
}
