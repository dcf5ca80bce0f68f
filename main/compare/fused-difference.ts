import type { Finding } from '../core/run.ts'
import { addErrors, noErrors, noiseRatio, sqnrDb } from './errors.ts'
import type { ErrorSums, Floats } from './errors.ts'

/** How far the integer kernels of this CPU stand from the arithmetic that the quantized model writes down. */
export interface FusedDifference {
  /** The output that differs most. */
  readonly output: string
  readonly values: number
  /** Largest difference in output codes: steps of the output's grid, pixel levels for a picture. */
  readonly maxCodes: number
  /** Share of values that differ by more than one code, which is more than one rounding explains. */
  readonly shareBeyondOne: number
  /** Share of values that differ by more than two codes. */
  readonly shareBeyondTwo: number
  /** SQNR of fused against simulated. */
  readonly betweenDb: number
  /** SQNR of simulated against float, and of fused against float. */
  readonly simulatedDb: number
  readonly fusedDb: number
  readonly verdict: FusedVerdict
}

/** `same`: nowhere more than one code apart. `rounding`: no further from float than simulated. `suspect`: both rules of `verdictOf`. */
export type FusedVerdict = 'same' | 'rounding' | 'suspect'

/** One value in ten thousand may differ by more than two codes before anything is said. */
const MAX_SHARE = 1e-4

/** Noise of fused over noise of simulated, both against float: 1 dB. */
const MAX_NOISE_GAIN = 10 ** 0.1

/** Float noise of the division by the step, so that a difference of exactly one code counts as one. */
const CODE_SLACK = 1e-3

export interface DifferenceSums {
  readonly output: string
  beyondOne: number
  beyondTwo: number
  maxCodes: number
  readonly between: ErrorSums
  readonly simulated: ErrorSums
  readonly fused: ErrorSums
}

export const noDifference = (output: string): DifferenceSums => ({
  output,
  beyondOne: 0,
  beyondTwo: 0,
  maxCodes: 0,
  between: noErrors(),
  simulated: noErrors(),
  fused: noErrors(),
})

/** Adds one sample's output as the three versions gave it. `step`: the size of one code in the output's own unit. */
export function addDifference(sums: DifferenceSums, float: Floats, simulated: Floats, fused: Floats, step: number): void {
  for (let i = 0; i < simulated.length; i++) {
    const codes = Math.abs(fused[i]! - simulated[i]!) / step
    if (codes > 1 + CODE_SLACK) {
      sums.beyondOne++
      if (codes > 2 + CODE_SLACK) sums.beyondTwo++
    }
    if (codes > sums.maxCodes) sums.maxCodes = codes
  }
  addErrors(sums.between, simulated, fused)
  addErrors(sums.simulated, float, simulated)
  addErrors(sums.fused, float, fused)
}

/**
 * Every layer's requantization may round a near-tie the other way (one code), and such flips travel on: in a deep model the
 * two outputs end as two equally good roundings of the same function, many codes apart yet equally far from float. Lost
 * products are not like that, they are an error of their own. So the difference is suspect only when both hold:
 * more than one value in 10 000 differs by more than two codes, and fused is at least 1 dB noisier than simulated.
 */
export function verdictOf(sums: DifferenceSums): FusedVerdict {
  if (sums.beyondOne === 0) return 'same'
  const share = sums.beyondTwo / sums.between.count
  return share > MAX_SHARE && sums.fused.noise > MAX_NOISE_GAIN * sums.simulated.noise ? 'suspect' : 'rounding'
}

/** The report of the output that differs most: a suspect one first, then by noise between the two versions over the signal. */
export function fusedDifferenceOf(outputs: readonly DifferenceSums[]): FusedDifference {
  const rank = (sums: DifferenceSums) => (verdictOf(sums) === 'suspect' ? 1e9 : 0) + noiseRatio(sums.between)
  const worst = outputs.toSorted((a, b) => rank(b) - rank(a))[0]!
  const { count } = worst.between
  return {
    output: worst.output,
    values: count,
    maxCodes: worst.maxCodes,
    shareBeyondOne: count === 0 ? 0 : worst.beyondOne / count,
    shareBeyondTwo: count === 0 ? 0 : worst.beyondTwo / count,
    betweenDb: sqnrDb(worst.between),
    simulatedDb: sqnrDb(worst.simulated),
    fusedDb: sqnrDb(worst.fused),
    verdict: verdictOf(worst),
  }
}

/** One sample compared twice: fused as it is, and with exact u8×s8 products. */
export interface ExactTrial {
  readonly plain: FusedDifference
  readonly exact: FusedDifference
}

/** What exact products heal was saturation: no longer suspect, and half the noise between the two or less (3 dB). */
const isHealed = ({ plain, exact }: ExactTrial): boolean => exact.verdict !== 'suspect' && exact.betweenDb >= plain.betweenDb + 3

/**
 * Finding SW-C01, or null when simulated and fused agree within two codes. A warning for a suspect difference, which a trial
 * with exact products tells from other faults of a kernel; a note for one that rounding explains.
 */
export function fusedFinding(difference: FusedDifference, trial: ExactTrial | null, cpu: string): Finding | null {
  const { output, maxCodes, shareBeyondTwo, simulatedDb, fusedDb, betweenDb, verdict } = difference
  if (verdict === 'same' || (verdict === 'rounding' && shareBeyondTwo <= MAX_SHARE)) return null
  const what =
    `fused and simulated outputs differ by up to ${codes(maxCodes)}, by more than 2 codes in ${percent(shareBeyondTwo)} of the values; ` +
    `against float, simulated stands at ${simulatedDb.toFixed(2)} dB and fused at ${fusedDb.toFixed(2)} dB`
  if (verdict === 'rounding') {
    return finding(
      'note',
      output,
      what,
      `roundings of many layers add up (${betweenDb.toFixed(1)} dB between the two), and fused is no worse than simulated`,
      'Nothing to do. Judge a board by the simulated numbers.',
    )
  }
  if (trial !== null && !isHealed(trial)) {
    return finding(
      'warning',
      output,
      what,
      `exact u8×s8 products do not mend it on ${cpu} (still ${codes(trial.exact.maxCodes)}), so this is not saturation but another kernel of the runtime`,
      'Judge by the simulated numbers, and do not deploy the fused model on this runtime without looking at its pictures.',
    )
  }
  const proof = trial === null ? 'not yet run again with exact products' : `with exact products it is ${codes(trial.exact.maxCodes)}`
  return finding(
    'warning',
    output,
    what,
    `the integer kernels of ${cpu} add u8×s8 products in saturating 16 bits, as x64 CPUs without VNNI do (${proof}); ` +
      'boards with 32-bit accumulators do not',
    'To run on this CPU: set session.x64quantprecision to 1 (exact, slower), or quantize with `quantize.preset: x86` (reduced range). ' +
      'For a board: nothing, judge by the simulated numbers.',
  )
}

const finding = (severity: Finding['severity'], tensor: string, what: string, why: string, fix: string): Finding => ({
  rule: 'SW-C01', severity, node: '', tensor, what, why, fix,
})

const codes = (count: number): string => (Math.round(count) === 1 ? '1 code' : `${Math.round(count)} codes`)

const percent = (share: number): string => `${(100 * share).toPrecision(2)} %`
