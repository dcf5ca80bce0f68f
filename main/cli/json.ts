import { cappedDecibels } from '../core/decibel.ts'
import { Fault } from '../core/fault.ts'

/** Numbers in dB, which may be infinite: their key ends in `Db`, or they stand in `quality` or are what a gate measured. */
const IN_DECIBELS = /(?:^|\.)(?:quality(?:\..*)?|measured|[^.]*Db)$/

/**
 * The one JSON document of `--json`. JSON has no infinity: a ratio in dB without any difference is written as 120 (ALGORITHMS 8.1), any
 * other number that is not finite is a fault of ours and is refused with its place.
 */
export const jsonDocument = (value: unknown): string => `${JSON.stringify(writable(value, ''), null, 2)}\n`

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
