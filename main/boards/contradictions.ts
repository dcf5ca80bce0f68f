import { Fault } from '../core/fault.ts'
import { didYouMean } from '../core/nearest.ts'
import type { KeyPath, YamlText } from '../core/yaml-text.ts'
import { BOARD_PRECISIONS, factsOf } from './profile.ts'
import type { BoardProfile, OperatorCondition, OperatorRule, Span } from './profile.ts'

/** Two statements that cannot both be true, or a source that is not there: a Fault with the file and both lines. */
export function refuseContradictions(profile: BoardProfile, text: YamlText): void {
  refuseSourcesThatAreMissing(profile, text)
  refuseRulesAgainstRules(profile.operators, text)
  refuseOutputsAgainstRules(profile, text)
  refuseActivations(profile, text)
  refuseRulesAgainstLimits(profile, text)
}

function refuseSourcesThatAreMissing(profile: BoardProfile, text: YamlText): void {
  const ids = Object.keys(profile.sources)
  const check = (source: string, path: KeyPath): void => {
    if (ids.includes(source)) return
    throw new Fault({ code: 'input.board-source', what: `there is no source «${source}»`, where: text.locate(path, 'value'), next: didYouMean(source, ids) ?? 'Name it under `sources`.' })
  }
  for (const { path, fact } of factsOf(profile)) if (fact.source !== null) check(fact.source, [...path.split('.'), 'source'])
  for (const [index, rule] of profile.operators.entries()) {
    if (rule.source !== null) check(rule.source, ['operators', index, 'source'])
    else if (Object.values(rule.states).some((state) => state !== 'unknown')) {
      const what = `the rule for ${rule.ops.join(', ')} names no source`
      throw new Fault({ code: 'input.board-source', what, where: text.locate(['operators', index], 'value'), next: 'Add `source:` with an id from `sources`; what no document states is `unknown`.' })
    }
  }
}

/** Both places, in the words of the file. */
function contradiction(text: YamlText, first: { path: KeyPath; says: string }, second: { path: KeyPath; says: string }): Fault {
  return new Fault({
    code: 'input.board-contradiction',
    what: `${second.says}, but ${text.locate(first.path, 'key')} says ${first.says}`,
    where: text.locate(second.path, 'key'),
    next: 'Take one of the two out, or tell them apart with `when`.',
  })
}

function refuseRulesAgainstRules(rules: readonly OperatorRule[], text: YamlText): void {
  for (const [later, rule] of rules.entries()) {
    for (const [earlier, other] of rules.slice(0, later).entries()) {
      const op = rule.ops.find((name) => other.ops.includes(name))
      if (op === undefined || !sameNodes(rule.when, other.when)) continue
      for (const precision of BOARD_PRECISIONS) {
        const [mine, theirs] = [rule.states[precision], other.states[precision]]
        if (mine === undefined || theirs === undefined || mine === theirs) continue
        const says = (state: string): string => `${op} in ${precision} is ${state}`
        throw contradiction(text, { path: ['operators', earlier, precision], says: says(theirs) }, { path: ['operators', later, precision], says: says(mine) })
      }
    }
  }
}

/** Conditions on the same things that one node may fulfil both. Conditions on different things do not contradict: the worst counts. */
function sameNodes(a: OperatorCondition = {}, b: OperatorCondition = {}): boolean {
  const keys = Object.keys(a) as (keyof OperatorCondition)[]
  if (keys.length !== Object.keys(b).length) return false
  return keys.every((key) => b[key] !== undefined && overlap(a[key], b[key]))
}

function overlap(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b)) return a.some((item) => b.includes(item))
  if (typeof a === 'string') return a === b
  const [x, y] = [a as Span, b as Span]
  return x.min <= (y.max ?? Infinity) && y.min <= (x.max ?? Infinity)
}

function refuseOutputsAgainstRules({ operators, output }: BoardProfile, text: YamlText): void {
  const path = ['output', 'highPrecision']
  const { is } = output.highPrecision
  const index = operators.findIndex(({ states }) => states['int32-out'] === 'native')
  if (is === false && index >= 0) {
    throw contradiction(text, { path: ['operators', index, 'int32-out'], says: `that ${operators[index]!.ops.join(', ')} does` }, { path, says: 'no accumulator leaves the board' })
  }
  if (is === true && index < 0) {
    throw new Fault({ code: 'input.board-contradiction', what: 'an accumulator may leave the board, but no operator is native in int32-out', where: text.locate(path, 'key'), next: 'Add a rule with `int32-out: native`.' })
  }
}

function refuseActivations({ activations, operators }: BoardProfile, text: YamlText): void {
  const { symmetry, zeroPoint, bits } = activations
  const pair = (says: string, other: string): Fault =>
    contradiction(text, { path: ['activations', 'symmetry'], says }, { path: ['activations', 'zeroPoint'], says: other })
  if (symmetry.is === 'symmetric' && zeroPoint.is === 'any') throw pair('activations are symmetric', 'every zero point is allowed')
  if ((symmetry.is === 'asymmetric' || symmetry.is === 'both') && zeroPoint.is === 'zero') throw pair(`activations are ${symmetry.is}`, 'only zero point 0 is allowed')
  if (bits.is === 'unknown') return
  for (const width of [8, 16] as const) {
    const index = operators.findIndex(({ states }) => states[`int${width}`] === 'native')
    if (index < 0 || bits.is.includes(width)) continue
    const says = `that ${operators[index]!.ops.join(', ')} is native in int${width}`
    throw contradiction(text, { path: ['operators', index, `int${width}`], says }, { path: ['activations', 'bits'], says: `activations have ${bits.is.join(' or ')} bits` })
  }
}

function refuseRulesAgainstLimits({ operators, limits }: BoardProfile, text: YamlText): void {
  for (const [index, rule] of operators.entries()) {
    if (!rule.ops.includes('Conv') || !Object.values(rule.states).includes('native')) continue
    for (const key of ['kernel', 'stride', 'dilation', 'pad'] as const) {
      const [span, limit] = [rule.when?.[key], limits[key].is]
      if (span === undefined || limit === 'unknown' || span.min <= limit) continue
      throw contradiction(text, { path: ['operators', index, 'when', key], says: `Conv is native from ${span.min} on` }, { path: ['limits', key], says: `the greatest ${key} is ${limit}` })
    }
  }
}
