import { cappedDecibels } from './decibel.ts'
import { Fault } from './fault.ts'

/** Numbers in dB, which may be infinite: their key ends in `Db`, or they stand in `quality`, in `metrics` or are what a gate measured. */
const IN_DECIBELS = /(?:^|\.)(?:(?:quality|metrics)(?:\..*)?|measured|sqnrDelta|[^.]*Db)$/

/**
 * A copy of plain data that JSON can hold. A ratio in dB without any difference becomes 120 (ALGORITHMS 8.1); any other number
 * that is not finite is a fault of ours and is refused with its place.
 */
export const finite = (value: unknown): unknown => writable(value, '')

function writable(value: unknown, path: string): unknown {
  if (typeof value === 'number' && !Number.isFinite(value)) {
    if (IN_DECIBELS.test(path) && !Number.isNaN(value)) return cappedDecibels(value)
    throw new Fault({
      code: 'bug.not-finite',
      what: `the result holds ${value}, which JSON cannot`,
      where: path,
      next: 'This is a fault of Scalewright: please report it with the model and recipe that led here.',
    })
  }
  if (Array.isArray(value)) return value.map((item) => writable(item, path))
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, writable(item, path === '' ? key : `${path}.${key}`)]))
}
