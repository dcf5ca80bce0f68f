import { z } from 'zod'
import { Fault } from '../../core/fault.ts'
import { didYouMean } from '../../core/nearest.ts'
import { allowedBy, keysAt, shown, tellingIssue, valueAt } from '../../core/schema-facts.ts'
import { parseYamlText, type YamlText } from '../../core/yaml-text.ts'

/** How the keys of a file find the weights of a graph. Patterns are regular expressions. */
export interface WeightRules {
  /** Name of the dictionary inside a checkpoint that holds the weights. */
  readonly key?: string
  /** Prefixes that are taken off. */
  readonly strip: readonly string[]
  /** Keys of the file that are not wanted. */
  readonly ignore: readonly RegExp[]
  /** Weights of the graph that stay as they are. */
  readonly keep: readonly RegExp[]
  /** The first that matches makes the name. */
  readonly rename: readonly { readonly from: RegExp; readonly to: string }[]
  /** Layers of the file (keys without `.weight`, `.bias` …) in the order of the network; within a line by the numbers it catches. What has found no name is matched to the graph's layers one after the other. */
  readonly order: readonly RegExp[]
  readonly transpose: readonly { readonly match: RegExp; readonly perm: readonly number[] }[]
}

interface Written {
  readonly strip?: readonly string[]
  readonly ignore?: readonly string[]
  readonly order?: readonly string[]
}

/** What well-known code calls its layers. */
const PRESETS = {
  /** EDSR of its authors; mean shifts are not part of most graphs, or constants of theirs. */
  edsr: { strip: ['module.', 'model.'], ignore: ['^(sub|add)_mean\\.'], order: ['head\\.0', 'body\\.(\\d+)\\.body\\.(\\d+)', 'body\\.(\\d+)', 'tail\\.0\\.(\\d+)', 'tail\\.1'] },
  /** EDSR and its likes as BasicSR writes them. */
  'edsr-basicsr': { strip: ['module.'], ignore: [], order: ['conv_first', 'body\\.(\\d+)\\.conv(\\d+)', 'conv_after_body', 'upsample\\.(\\d+)', 'conv_last'] },
  /** Names as PyTorch exports them: only what wrappers put before them goes. */
  pytorch: { strip: ['module.'], ignore: ['\\.num_batches_tracked$'], order: [] },
} satisfies Record<string, Written>

export const PRESET_NAMES = Object.keys(PRESETS) as readonly (keyof typeof PRESETS)[]

const pattern = z.string().min(1).refine((text) => isPattern(text), 'a regular expression')
const SCHEMA = z.strictObject({
  preset: z.enum(PRESET_NAMES as [keyof typeof PRESETS]).optional(),
  key: z.string().min(1).optional(),
  strip: z.array(z.string().min(1)).optional(),
  ignore: z.array(pattern).optional(),
  keep: z.array(pattern).default([]),
  rename: z.array(z.strictObject({ from: pattern, to: z.string().min(1) })).default([]),
  order: z.array(pattern).optional(),
  transpose: z.array(z.strictObject({ match: pattern, perm: z.array(z.int().min(0)).refine((perm) => perm.toSorted((a, b) => a - b).every((axis, index) => axis === index), 'every axis once, such as [1, 0]') })).default([]),
})

/** Without a file: names are taken as they are. */
export const PLAIN_RULES: WeightRules = { strip: ['module.'], ignore: [/\.num_batches_tracked$/], keep: [], rename: [], order: [], transpose: [] }

/** Rules from YAML text; lists of the file replace those of its preset. Throws `input.weights-rules` with line and column. */
export function weightRules(source: string, name: string): WeightRules {
  const text = parseYamlText(source, name, { what: 'file of rules', syntax: 'input.weights-rules', empty: 'input.weights-rules', least: 'Say at least `preset: edsr`, or leave it away.' })
  const checked = SCHEMA.safeParse(text.value)
  if (!checked.success) throw ruleFault(checked.error, text)
  const { preset, key, strip, ignore, keep, rename, order, transpose } = checked.data
  const base: Written = preset === undefined ? {} : PRESETS[preset]
  return {
    ...(key === undefined ? {} : { key }),
    strip: strip ?? base.strip ?? [], ignore: compiled(ignore ?? base.ignore ?? []), keep: compiled(keep),
    rename: rename.map(({ from, to }) => ({ from: new RegExp(from, 'u'), to })),
    order: (order ?? base.order ?? []).map((line) => new RegExp(`^(?:${line})$`, 'u')),
    transpose: transpose.map(({ match, perm }) => ({ match: new RegExp(match, 'u'), perm })),
  }
}

const compiled = (patterns: readonly string[]): RegExp[] => patterns.map((text) => new RegExp(text, 'u'))

function isPattern(text: string): boolean {
  try {
    return new RegExp(text, 'u') instanceof RegExp
  } catch {
    return false
  }
}

function ruleFault(error: z.ZodError, text: YamlText): Fault {
  const { issue, path } = tellingIssue(error.issues)
  const key = path.join('.')
  if (issue.code === 'unrecognized_keys') {
    const [unknown] = issue.keys as [string]
    return new Fault({ code: 'input.weights-rules', what: `${key === '' ? 'the rules have' : `\`${key}\` has`} no key «${unknown}»`, where: text.locate([...path, unknown], 'key'), next: didYouMean(unknown, keysAt(SCHEMA, path)) ?? 'Take it out.' })
  }
  return new Fault({ code: 'input.weights-rules', what: key === '' ? 'the rules are made of keys' : `\`${key}\` cannot be ${shown(valueAt(text.value, path))}`, where: text.locate(path, 'value'), next: `It takes ${allowedBy(issue)}.` })
}
