import type { PrecisionName } from '../core/tune.ts'
import type { BoardRow } from './judge.ts'
import { OPERATOR_STATES, type BoardPrecision, type BoardProfile, type Fact, type OperatorState } from './profile.ts'

/** What a board does with nodes in a precision of mixed plans: operator, bits of activations and of weights taken together. */
export interface MixedVerdict {
  readonly precision: PrecisionName
  readonly state: OperatorState
  /** A sentence. */
  readonly why: string
}

export const PRECISION_NAMES = ['int8', 'int8w/int16a', 'int16', 'float'] as const satisfies readonly PrecisionName[]

const BOARD_TYPES: Readonly<Record<PrecisionName, readonly BoardPrecision[]>> = { 'int8': ['int8'], 'int8w/int16a': ['int16'], 'int16': ['int16'], 'float': ['float16', 'float32'] }

/** Of several types that would do the best counts. What no document states is not refused. */
export function mixedVerdicts({ verdicts }: Pick<BoardRow, 'verdicts'>, { activations, weights }: BoardProfile): MixedVerdict[] {
  return PRECISION_NAMES.map((precision) => {
    const fitting = verdicts.filter((verdict) => BOARD_TYPES[precision].includes(verdict.precision))
    const { state, why } = fitting.toSorted((a, b) => OPERATOR_STATES.indexOf(b.state) - OPERATOR_STATES.indexOf(a.state))[0]!
    if (precision !== 'float' && lacks(activations.bits, precision === 'int8' ? 8 : 16)) return { precision, state: 'missing', why: `activations have ${bitsOf(activations.bits)} bits` }
    if (precision === 'int16' && lacks(weights.bits, 16)) return { precision, state: 'missing', why: `weights have ${bitsOf(weights.bits)} bits` }
    return { precision, state, why }
  })
}

const lacks = (bits: Fact<readonly number[]>, wanted: number): boolean => bits.is !== 'unknown' && !bits.is.includes(wanted)
const bitsOf = (bits: Fact<readonly number[]>): string => (bits.is === 'unknown' ? '' : bits.is.join(' / '))

/** Whether a board refuses a node in a precision. `rows` are those of `judgeModel`. */
export function refusing(rows: readonly BoardRow[], profile: BoardProfile): (node: string, precision: PrecisionName) => boolean {
  const verdictsOf = new Map(rows.flatMap((row) => {
    const mixed = mixedVerdicts(row, profile)
    return row.nodes.map((node) => [node, mixed] as const)
  }))
  return (node, precision) => verdictsOf.get(node)?.some((verdict) => verdict.precision === precision && verdict.state === 'missing') === true
}
