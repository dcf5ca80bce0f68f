import { z } from 'zod'
import type { ReplyOf, RewriteWish } from '../../../preload/contract/index.ts'

export type FoundRewrite = ReplyOf<'rewrites.find'>['rewrites'][number]

/** What is wished for: rewrites by name, each with its options, and `nodes` where not every match is wanted. The same as a recipe's `rewrite:` with names. */
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
