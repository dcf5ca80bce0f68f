import type { Quality } from '../core/run.ts'
import type { Sample } from '../samples/sample.ts'
import type { Protocol } from './protocol.ts'
import { meanScore, rawScore, type VersionOutput } from './scores.ts'

export interface Total {
  /** In the measure's unit; null where there is none. */
  readonly mean: number | null
  /** Samples that are left out of the mean because their value is infinite. */
  readonly infinite: number
}

/**
 * One way to put a number on the outputs of a version. What a sample shows is kept as evidence (plain data, small beside the outputs);
 * the number of any set of samples, one alone among them, is made of their evidence.
 */
export interface Measure<E = unknown> {
  /** Protocol id with every setting that changes the number. */
  readonly id: string
  readonly unit: Quality['unit']
  /** Against the float model's outputs, which then have no number of their own. */
  readonly isRelative: boolean
  readonly needsPicture: boolean
  /** Its numbers of single samples are kept also where it is not the run's own measure. */
  readonly keepsSamples: boolean
  evidence(output: VersionOutput, float: VersionOutput, sample: Sample): E | Promise<E>
  total(evidence: readonly E[]): Total
}

/** A protocol of pictures or outputs as a measure. */
export function protocolMeasure(protocol: Protocol): Measure<number> {
  return {
    id: protocol.id, unit: protocol.unit, isRelative: protocol.kind === 'output', needsPicture: protocol.kind === 'picture', keepsSamples: false,
    evidence: (output, float, sample) => rawScore(protocol, output, float, sample),
    total: (raws) => meanScore(protocol, raws),
  }
}

/** Arithmetic mean of what there is. */
export function meanOf(values: readonly (number | null)[]): Total {
  const known = values.filter((value) => value !== null)
  return { mean: known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length, infinite: 0 }
}
