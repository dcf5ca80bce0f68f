/** Integer types that a tensor can be stored in. */
export type CodeType = 'uint4' | 'int4' | 'uint8' | 'int8' | 'uint16' | 'int16' | 'int32'

/** Storage limits of a code type. Rounded values are clamped to these. */
export const CODE_LIMITS: Readonly<Record<CodeType, readonly [min: number, max: number]>> = {
  uint4: [0, 15],
  int4: [-8, 7],
  uint8: [0, 255],
  int8: [-128, 127],
  uint16: [0, 65535],
  int16: [-32768, 32767],
  int32: [-2147483648, 2147483647],
}

export const bitsOf = (type: CodeType): number => Number(type.replace(/\D+/, ''))

/**
 * The grid a tensor will be deployed on, which a threshold method must know to judge an error.
 * `symmetric`: zero point in the middle, |x| has `levels` steps; otherwise the range is shared by both signs.
 */
export interface Grid {
  readonly type: CodeType
  readonly symmetric: boolean
  /** 7 bits of an 8-bit type: keeps u8×s8 products inside int16 on CPUs without VNNI. */
  readonly reduced?: boolean
}

/** A clip range in real units; always contains 0. */
export interface Range {
  readonly lo: number
  readonly hi: number
}

/** What a threshold method picked from Statistics, and why. */
export interface Threshold extends Range {
  /** The method that decided (a fallback names itself, not the one asked for). */
  readonly method: string
  readonly why: string
}
