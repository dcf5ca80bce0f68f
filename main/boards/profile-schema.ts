import { z } from 'zod'
import { BOARD_PRECISIONS, OPERATOR_STATES } from './profile.ts'
import type { BoardProfile, Fact, OperatorCondition, OperatorRule, Span } from './profile.ts'

const text = z.string().min(1)
const number = z.number().min(0)

/** A fact as it is written: `unknown`, left out (which is the same), or `{ is, source, note }`. */
const fact = <T extends z.ZodType>(value: T) =>
  z.union([z.literal('unknown'), z.strictObject({ is: value, source: text, note: text.optional() })]).optional()

const SPAN = 'a whole number, `1..7`, or `8..` without an upper end'
/** `3`, `1..7`, `8..` */
const span = z.union([z.int().min(0), z.string().regex(/^\d+\.\.\d*$/, SPAN)]).transform((written, context): Span => {
  if (typeof written === 'number') return { min: written, max: written }
  const [min, max] = written.split('..') as [string, string]
  const ends = { min: Number(min), max: max === '' ? null : Number(max) }
  if (ends.max !== null && ends.max < ends.min) context.addIssue({ code: 'custom', message: SPAN })
  return ends
})

const list = <T extends z.ZodType>(item: T) => z.union([item.transform((one) => [one]), z.array(item).min(1)])

const when = z.strictObject({
  kernel: span.optional(), stride: span.optional(), dilation: span.optional(), pad: span.optional(),
  group: list(z.enum(['none', 'depthwise', 'grouped'])).optional(),
  mode: list(text).optional(),
  coordinates: list(text).optional(),
  factor: span.optional(),
  factors: list(z.enum(['power-of-two', 'whole', 'fractional'])).optional(),
  inputChannels: span.optional(), outputChannels: span.optional(),
  axis: list(z.int().min(0)).optional(),
  rank: span.optional(), block: span.optional(),
  operand: z.enum(['constant', 'computed']).optional(),
})

const state = z.enum(OPERATOR_STATES)
const rule = z.strictObject({
  ops: list(text), when: when.optional(),
  int8: state.optional(), int16: state.optional(), 'int32-out': state.optional(), float16: state.optional(), float32: state.optional(),
  source: text.optional(), note: text.optional(),
})

const bits = fact(z.array(z.int().min(2).max(64)).min(1))
const symmetry = fact(z.enum(['symmetric', 'asymmetric', 'both']))
const granularity = fact(z.enum(['tensor', 'channel', 'both']))
const flag = fact(z.boolean())

/** A profile's file: every key and what it may hold. A fact that is left out is unknown. */
export const PROFILE_SCHEMA = z.strictObject({
  name: z.string().regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'small letters, digits and single dashes, such as my-board'),
  title: text, vendor: text, toolchain: z.array(text).min(1),
  sources: z.record(text, z.strictObject({ document: text, version: text.optional(), page: text })),
  operators: z.array(rule).min(1),
  output: z.strictObject({
    highPrecision: flag, transparent: z.array(text).default([]), layout: fact(z.enum(['nhwc', 'nchw', 'same'])), transposeAdded: flag,
  }).prefault({}),
  activations: z.strictObject({
    bits, signs: fact(z.array(z.enum(['signed', 'unsigned'])).min(1)), symmetry,
    zeroPoint: fact(z.enum(['zero', 'lowest-or-zero', 'any'])), granularity, powerOfTwoScales: flag,
  }).prefault({}),
  weights: z.strictObject({ bits, symmetry, granularity, powerOfTwoScales: flag }).prefault({}),
  bias: z.strictObject({ bits }).prefault({}),
  limits: z.strictObject({
    channelMultiple: fact(number), kernel: fact(number), stride: fact(number), dilation: fact(number), pad: fact(number),
    dimension: fact(number), rank: fact(number), memoryBytes: fact(number),
    opset: fact(span), irVersion: fact(span), dynamicShapes: flag, batch: fact(number),
  }).prefault({}),
  names: z.strictObject({ refused: fact(z.array(text).min(1)) }).prefault({}),
  exports: z.record(text, z.record(text, text)).default({}),
})

type Written = z.output<typeof PROFILE_SCHEMA>

/** The profile of a checked file; what it does not say is filled with `unknown`. */
export function completeProfile(written: Written, origin: string): BoardProfile {
  const { output, activations, weights, bias, limits, names, operators, exports, ...head } = written
  const rules = operators.map(ruleOf)
  return {
    ...(head as Pick<BoardProfile, 'name' | 'title' | 'vendor' | 'toolchain' | 'sources'>),
    operators: rules,
    output: {
      highPrecision: stated(output.highPrecision), layout: stated(output.layout), transposeAdded: stated(output.transposeAdded),
      computing: [...new Set(rules.filter(({ states }) => states['int32-out'] === 'native').flatMap(({ ops }) => ops))],
      transparent: output.transparent,
    },
    activations: {
      bits: stated(activations.bits), signs: stated(activations.signs), symmetry: stated(activations.symmetry), zeroPoint: stated(activations.zeroPoint),
      granularity: stated(activations.granularity), powerOfTwoScales: stated(activations.powerOfTwoScales),
    },
    weights: { bits: stated(weights.bits), symmetry: stated(weights.symmetry), granularity: stated(weights.granularity), powerOfTwoScales: stated(weights.powerOfTwoScales) },
    bias: { bits: stated(bias.bits) },
    limits: {
      channelMultiple: stated(limits.channelMultiple), kernel: stated(limits.kernel), stride: stated(limits.stride), dilation: stated(limits.dilation),
      pad: stated(limits.pad), dimension: stated(limits.dimension), rank: stated(limits.rank), memoryBytes: stated(limits.memoryBytes),
      opset: stated(limits.opset), irVersion: stated(limits.irVersion), dynamicShapes: stated(limits.dynamicShapes), batch: stated(limits.batch),
    },
    names: { refused: stated(names.refused) },
    exports,
    origin,
  }
}

const UNKNOWN: Fact<never> = { is: 'unknown', source: null }

const stated = <T>(written: 'unknown' | { readonly is: T; readonly source: string; readonly note?: string | undefined } | undefined): Fact<T> =>
  written === undefined || written === 'unknown' ? UNKNOWN : { is: written.is, source: written.source, ...(written.note === undefined ? {} : { note: written.note }) }

function ruleOf({ ops, when: condition, source, note, ...states }: Written['operators'][number]): OperatorRule {
  return {
    ops, ...(condition === undefined ? {} : { when: condition as OperatorCondition }),
    states: Object.fromEntries(BOARD_PRECISIONS.flatMap((precision) => (states[precision] === undefined ? [] : [[precision, states[precision]]]))),
    source: source ?? null, ...(note === undefined ? {} : { note }),
  }
}
