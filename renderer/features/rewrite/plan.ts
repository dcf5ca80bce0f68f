import { z } from 'zod'
import type { ReplyOf, RewriteWish } from '../../../preload/contract/index.ts'

export type FoundRewrite = ReplyOf<'rewrites.find'>['rewrites'][number]

/** What is wished for: rewrites by name, each with its options, `nodes` where not every match is wanted, and `places` where single matches have options of their own. The same as a recipe's `rewrite:` with names. */
export type Plan = Readonly<Record<string, Readonly<Record<string, unknown>>>>

const OPTIONS = z.record(z.string(), z.unknown())
const RECIPE_PLAN = z.union([z.literal('auto'), z.array(z.string()), z.record(z.string(), OPTIONS.nullable())])

/** The plan of a recipe's `rewrite:`; null where it has none, or none that can be read. */
export function planOfRecipe(value: unknown, rewrites: readonly FoundRewrite[]): Plan | null {
  const parsed = RECIPE_PLAN.safeParse(value)
  if (!parsed.success) return null
  if (parsed.data === 'auto') return autoPlan(rewrites)
  if (Array.isArray(parsed.data)) return Object.fromEntries(parsed.data.map((name) => [name, {}]))
  return Object.fromEntries(Object.entries(parsed.data).map(([name, options]) => [name, options ?? {}]))
}

/** What `rewrite: auto` does. Rewrites that find nothing yet belong to it: one before them may open a place. */
export const autoPlan = (rewrites: readonly FoundRewrite[]): Plan => Object.fromEntries(rewrites.filter(({ auto }) => auto).map(({ name }) => [name, {}]))

/** A plan as it stands in the address; null where it is none. */
export function planFrom(text: string | null): Plan | null {
  if (text === null) return null
  try {
    const parsed = z.record(z.string(), OPTIONS).safeParse(JSON.parse(text))
    return parsed.success ? parsed.data : null
  } catch {
    return null
  }
}

/** Options of one rewrite as they stand in the address. */
export const optionsFrom = (text: string | null): Plan[string] => planFrom(`{"own":${text ?? '{}'}}`)?.['own'] ?? {}

export const planText = (plan: Plan): string => JSON.stringify(plan)

/** In the order in which rewrites are done: a later one may need what an earlier one leaves. Names that nobody knows stand last. */
export function ordered(plan: Plan, rewrites: readonly FoundRewrite[]): readonly (readonly [name: string, options: Plan[string]])[] {
  const order = new Map(rewrites.map(({ name }, index) => [name, index]))
  const place = (name: string): number => order.get(name) ?? rewrites.length
  return Object.entries(plan).toSorted(([a], [b]) => place(a) - place(b))
}

/** A plan as the calls take it. */
export const wishesOf = (plan: Plan, rewrites: readonly FoundRewrite[]): RewriteWish[] =>
  ordered(plan, rewrites).map(([rewrite, { nodes, ...options }]) => ({ rewrite, options, ...(Array.isArray(nodes) ? { nodes: nodes as string[] } : {}) }))

/** A plan as a recipe says it, as short as it can be; undefined where nothing is wished for. */
export function recipeOf(plan: Plan, rewrites: readonly FoundRewrite[]): unknown {
  const list = ordered(plan, rewrites)
  if (list.length === 0) return undefined
  if (planText(Object.fromEntries(list)) === planText(autoPlan(rewrites))) return 'auto'
  return list.every(([, options]) => Object.keys(options).length === 0) ? list.map(([name]) => name) : Object.fromEntries(list)
}

/** Which matches of a rewrite are wished for, by their first nodes: all, none, or some. */
export function tickedOf(plan: Plan, name: string): 'all' | 'none' | ReadonlySet<string> {
  const wished = plan[name]
  if (wished === undefined) return 'none'
  return Array.isArray(wished['nodes']) ? new Set(wished['nodes'] as string[]) : 'all'
}

export const isTicked = (plan: Plan, name: string, node: string): boolean => {
  const ticked = tickedOf(plan, name)
  return ticked === 'all' || (ticked !== 'none' && ticked.has(node))
}

/** The plan with all matches of a rewrite, or with none. */
export function withRewrite(plan: Plan, name: string, on: boolean): Plan {
  const { [name]: wished = {}, ...others } = plan
  if (!on) return others
  const { nodes: _nodes, ...options } = wished
  return { ...others, [name]: options }
}

/** The plan with one match more or less. `all`: first nodes of every match of the rewrite. */
export function withMatch(plan: Plan, name: string, node: string, on: boolean, all: readonly string[]): Plan {
  const next = all.filter((each) => (each === node ? on : isTicked(plan, name, each)))
  if (next.length === 0) return withRewrite(plan, name, false)
  const whole = withRewrite(plan, name, true)
  return next.length === all.length ? whole : { ...whole, [name]: { ...whole[name], nodes: next } }
}

/** The plan with an option of a rewrite; undefined: as it is by itself. A rewrite that was not wished for is from now on. */
export function withOption(plan: Plan, name: string, option: string, value: unknown): Plan {
  const { [option]: _old, ...rest } = plan[name] ?? {}
  return { ...plan, [name]: value === undefined ? rest : { ...rest, [option]: value } }
}

/** What a match has of its own for an option; undefined: what its rewrite has. */
export const placeOption = (plan: Plan, name: string, node: string, option: string): unknown => placesOf(plan, name)[node]?.[option]

/** The plan with an option of one match; undefined: as its rewrite has it. */
export function withPlaceOption(plan: Plan, { name, node, option }: { readonly name: string; readonly node: string; readonly option: string }, value: unknown): Plan {
  const { [node]: own = {}, ...others } = placesOf(plan, name)
  const { [option]: _old, ...rest } = own
  const next = value === undefined ? rest : { ...rest, [option]: value }
  const places = Object.keys(next).length === 0 ? others : { ...others, [node]: next }
  return withOption(plan, name, 'places', Object.keys(places).length === 0 ? undefined : places)
}

const PLACES = z.record(z.string(), OPTIONS)

const placesOf = (plan: Plan, name: string): z.infer<typeof PLACES> => PLACES.safeParse(plan[name]?.['places']).data ?? {}

/** The lines of a recipe that say the same. */
export function recipeLines(value: unknown): string {
  if (value === undefined) return ''
  if (typeof value === 'string') return `rewrite: ${value}`
  if (Array.isArray(value)) return `rewrite: [${value.join(', ')}]`
  return ['rewrite:', ...Object.entries(value as Plan).map(([name, options]) => `  ${name}: ${flow(options)}`)].join('\n')
}

/** Words that YAML reads as text, unlike `true`. */
const PLAIN = /^(?!(?:true|false|null|yes|no|on|off)$)[a-z][a-z0-9-]*$/

/** YAML in one line; names of nodes stand in quotes. */
export const flow = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(flow).join(', ')}]`
  if (value === null || typeof value !== 'object') return typeof value === 'string' && !PLAIN.test(value) ? JSON.stringify(value) : String(value)
  const entries = Object.entries(value).map(([key, each]) => `${/^[A-Za-z_][\w-]*$/.test(key) ? key : JSON.stringify(key)}: ${flow(each)}`)
  return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`
}
