import { maxRange, thresholdMethod } from './threshold-method.ts'

/** The whole range that was seen (ALGORITHMS 3.1). */
export const max = thresholdMethod('max', (view) => ({ ...maxRange(view), why: 'nothing that was seen is clipped' }))
