import type { TensorPlan } from '../core/plan.ts'
import type { ScaleRow } from '../core/scale-table.ts'
import type { LayerOverride, QuantizeOptions } from './options.ts'
import type { LayerLine } from './overrides.ts'
import type { QuantizePlan } from './plan.ts'
import { methodOf } from './scale-table.ts'

/** The rules that a range is found by, in the order in which they are asked (docs/recipe.md). */
export const EXPLAIN_RULES = ['float', 'given', 'known', 'method', 'th_scale', 'bound', 'group', 'sum'] as const
export type ExplainRule = (typeof EXPLAIN_RULES)[number]

/** One rule, asked about one tensor. */
export interface ExplainStep {
  readonly rule: ExplainRule
  /** True where what stands was made by it. */
  readonly applies: boolean
  /** Place in the recipe that spoke; null where none did. */
  readonly line: string | null
  /** What it says here: a reason, a method, a factor, a range. '' where it says nothing. */
  readonly says: string
}

/** One key of one line of `quantize.layers` that speaks of a tensor or of one that shares its scale. */
export interface ExplainWish {
  readonly line: string
  readonly kind: LayerLine['kind']
  readonly key: string
  readonly value: string
  /** The tensor that it speaks of. */
  readonly tensor: string
  /** False: a more exact line, or an earlier tensor of the group, says otherwise, or a rule knows better. */
  readonly used: boolean
}

export interface Decision {
  readonly steps: readonly ExplainStep[]
  readonly wishes: readonly ExplainWish[]
  /** The rule that decided; of a tensor without codes `float`. */
  readonly by: ExplainRule
  /** Place in the recipe that decided; null: the rule itself did. */
  readonly line: string | null
}

/** Why a tensor in float, or left without codes, is so. */
export function decisionOfFloat(reason: string): Decision {
  const line = /^quantize\.[\w.]+/.exec(reason)?.[0] ?? null
  return { by: 'float', line, wishes: [], steps: EXPLAIN_RULES.map((rule) => (rule === 'float' ? { rule, applies: true, line, says: reason } : { rule, applies: false, line: null, says: '' })) }
}

/** How the range of a coded tensor came about, rule by rule, from the plan and its row alone. `lines`: those of `quantize.layers` by the tensors that carry codes. */
export function decisionOf(plan: QuantizePlan, own: TensorPlan, row: ScaleRow, lines: readonly LayerLine[], options: QuantizeOptions): Decision {
  const members = plan.tensors.filter(({ group }) => group === own.group)
  const said = wishesOf(members, lines)
  const winning = (...keys: string[]): ExplainWish | undefined => said.find(({ key, used }) => used && keys.includes(key))
  const ruler = members.find(({ fixed }) => fixed?.method === row.method)
  const given = row.method === 'threshold'
  const isSum = row.method === 'sum-grid'
  const isKnown = !given && ruler !== undefined
  const isSolved = !given && !isSum && !isKnown
  const override = plan.overrides.get(own.tensor) ?? members.flatMap((member) => plan.overrides.get(member.tensor) ?? [])[0]
  const float = plan.floatNodes.get(own.node)
  const range = winning('threshold', 'range')
  const method = winning('method') ?? winning('th_strategy')
  const scale = winning('th_scale')
  const isLinear = own.linear === true && methodOf(override, options.activations.method) === 'auto' && override?.method === undefined
  const others = members.filter(({ tensor }) => tensor !== own.tensor).map(({ tensor }) => tensor)
  const steps: ExplainStep[] = [
    { rule: 'float', applies: false, line: null, says: float === undefined ? '' : `${own.node}: ${float}` },
    { rule: 'given', applies: given, line: range ? placeOf(range) : null, says: range?.value ?? '' },
    { rule: 'known', applies: isKnown, line: isKnown ? knownBy(ruler.fixed!.method) : null, says: isKnown ? `${ruler.tensor}: ${ruler.fixed!.reason}` : (own.fixed?.reason ?? '') },
    { rule: 'method', applies: isSolved, line: method ? placeOf(method) : 'quantize.activations.method', says: method?.value ?? (isLinear ? `${options.activations.method}, max behind linear operators` : options.activations.method) },
    { rule: 'th_scale', applies: isSolved && scale !== undefined, line: scale ? placeOf(scale) : null, says: scale?.value ?? '' },
    { rule: 'bound', applies: isSolved && own.bound !== undefined, line: null, says: own.bound ? boundWords(own.bound) : '' },
    { rule: 'group', applies: others.length > 0, line: null, says: others.join(', ') },
    { rule: 'sum', applies: isSum, line: null, says: own.alignTo?.reason ?? '' },
  ]
  const by = given ? 'given' : isKnown ? 'known' : isSum ? 'sum' : 'method'
  const useless = new Set(isSolved ? [] : ['method', 'th_strategy', 'th_scale'])
  const wishes = said.map((wish) => (useless.has(wish.key) || (isSum && wish.key === 'threshold') ? { ...wish, used: false } : wish))
  return { by, line: steps.find(({ rule }) => rule === by)!.line, steps, wishes }
}

/** Keys of a line that speak of the layer's weights. */
const OF_WEIGHTS: ReadonlySet<string> = new Set(['granularity', 'rounding', 'weight_bits'])

/** A constant's scale follows from its largest value, or from what its layer multiplies; `carrier` is the tensor that its layer makes. */
export function decisionOfConstant(row: ScaleRow, carrier: string, lines: readonly LayerLine[]): Decision {
  const wishes = row.kind === 'weight' ? wishesOf([{ tensor: carrier }], lines).filter(({ key }) => OF_WEIGHTS.has(key)) : []
  const winner = wishes.find(({ used }) => used)
  const line = winner ? placeOf(winner) : row.kind === 'weight' ? 'quantize.weights' : null
  return { by: 'known', line, wishes, steps: [{ rule: 'known', applies: true, line, says: row.reason === '' ? row.method : `${row.method}; ${row.reason}` }] }
}

const placeOf = ({ line }: ExplainWish): string => `quantize.layers: ${line}`

const knownBy = (method: string): string => (method === 'clip-grid' ? 'quantize.tail' : method === 'image-grid' ? 'quantize.input' : method)

const boundWords = ({ lo, hi }: { lo: number; hi: number }): string => `${endOf(lo)}..${endOf(hi)}`

const endOf = (end: number): string => (Number.isFinite(end) ? String(end) : end > 0 ? '∞' : '-∞')

/** Every key that lines say of the members: of one tensor the last line counts, of a group the first tensor that has the key. A range and a threshold are one wish. */
function wishesOf(members: readonly Pick<TensorPlan, 'tensor'>[], lines: readonly LayerLine[]): ExplainWish[] {
  const taken = new Set<string>()
  const wishes: ExplainWish[] = []
  for (const { tensor } of members) {
    for (const { line, kind, override, tensors } of lines.toReversed()) {
      if (!tensors.has(tensor)) continue
      for (const [key, value] of Object.entries(override) as [keyof LayerOverride, unknown][]) {
        if (value === undefined || value === null) continue
        const slot = key === 'range' ? 'threshold' : key
        wishes.push({ line, kind, key, value: Array.isArray(value) ? value.join('..') : String(value), tensor, used: !taken.has(slot) })
        taken.add(slot)
      }
    }
  }
  return wishes
}
