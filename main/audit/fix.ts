import type { Finding } from '../core/run.ts'
import type { Rewrite } from '../rewrite/rewrite.ts'
import { REWRITES } from '../rewrite/rewrites.ts'

/** What a finding proposes, as a recipe can say it. */
export interface Fix {
  /** Name of a rewrite, whether it keeps what the model computes, and its settings. */
  readonly rewrite?: { readonly name: string; readonly kind: Rewrite['kind']; readonly options: Readonly<Record<string, string>> }
  /** Assignments `path.to.key=value` of a recipe. */
  readonly set?: readonly string[]
}

/** The beginning of a fix that a rewrite does, where there is such a rewrite; one that changes the function is called a repair. Read back by `fixOf`. */
export function rewriteFix(name: string, sentence: string, options: Readonly<Record<string, string>> = {}): string {
  const kind = kindOf(name)
  if (kind === undefined) return sentence
  const settings = Object.entries(options).map(([key, value]) => `${key}: ${value}`)
  return `${kind === 'repair' ? 'Repair' : 'Rewrite'} \`${[name, ...settings].join(', ')}\`: ${sentence}`
}

/** The beginning of a fix that a line of the recipe does. Read back by `fixOf`. */
export const setFix = (assignment: string, sentence: string): string => `Set \`${assignment}\`: ${sentence}`

/** A key of `quantize.layers` as `--set` takes it. */
export const layerKey = (name: string, key: string): string => `quantize.layers."${name.replace(/["\\]/g, '\\$&')}".${key}`

// Findings of earlier versions call a repair a rewrite.
const REWRITE = /^(?:Rewrite|Repair) `([a-z0-9-]+)((?:, [a-z]+: [a-z0-9-]+)*)`: /
const SET = /^Set `([\s\S]+)`: /

/** The part of a fix that needs no person; undefined where there is none, or where no such rewrite is built in. */
export function fixOf({ fix }: Pick<Finding, 'fix'>): Fix | undefined {
  const [, name, settings = ''] = REWRITE.exec(fix) ?? []
  if (name !== undefined) {
    const kind = kindOf(name)
    if (kind === undefined) return undefined
    const options = Object.fromEntries(settings.split(', ').filter((one) => one !== '').map((one) => one.split(': ') as [string, string]))
    return { rewrite: { name, kind, options } }
  }
  const [, assignment] = SET.exec(fix) ?? []
  return assignment === undefined ? undefined : { set: [assignment] }
}

const kindOf = (name: string): Rewrite['kind'] | undefined => REWRITES.find((rewrite) => rewrite.name === name)?.kind

/** What several findings propose together: every rewrite and every assignment once, in the order of the rewrites. */
export function joinedFixes(findings: readonly Finding[]): { readonly rewrites: readonly NonNullable<Fix['rewrite']>[]; readonly set: readonly string[] } {
  const fixes = findings.flatMap((each) => fixOf(each) ?? [])
  const rewrites = new Map<string, NonNullable<Fix['rewrite']>>()
  for (const { rewrite } of fixes) {
    if (rewrite) rewrites.set(rewrite.name, { ...rewrite, options: { ...rewrites.get(rewrite.name)?.options, ...rewrite.options } })
  }
  const order = REWRITES.map(({ name }) => name)
  return {
    rewrites: [...rewrites.values()].toSorted((a, b) => order.indexOf(a.name) - order.indexOf(b.name)),
    set: [...new Set(fixes.flatMap(({ set }) => set ?? []))],
  }
}
