import type { RecipeJson } from '../client.ts'
import { recipeAt } from '../project/project-text.ts'

/** A rewrite that a finding proposes, with its options. */
export interface FindingRewrite {
  readonly name: string
  /** It changes what the model computes. */
  readonly isRepair: boolean
  readonly options: Readonly<Record<string, string>>
}

/** As findings write it: ``Rewrite `anchor, to: merged`: …``, ``Repair `insert-clip`: …``. */
const REWRITE = /^(Rewrite|Repair) `([a-z0-9-]+)((?:, [a-z]+: [a-z0-9-]+)*)`: /

/** The rewrite that a finding's fix names; null where it names none. */
export function rewriteOfFix(fix: string): FindingRewrite | null {
  const [, kind, name, settings = ''] = REWRITE.exec(fix) ?? []
  if (name === undefined) return null
  return { name, isRepair: kind === 'Repair', options: Object.fromEntries(settings.split(', ').filter(Boolean).map((one) => one.split(': ') as [string, string])) }
}

/** Where the rewrite is looked at, ticked besides what the project rewrites. */
export const rewriteAddress = ({ name, options }: Pick<FindingRewrite, 'name' | 'options'>): string =>
  `/rewrite?only=${encodeURIComponent(name)}${Object.keys(options).length === 0 ? '' : `&options=${encodeURIComponent(JSON.stringify(options))}`}`

/** A line of the recipe that a finding proposes. */
export interface FindingLine {
  /** As it is written: `quantize.layers."body.out".bits=16`. */
  readonly text: string
  readonly path: readonly string[]
  readonly value: unknown
}

const SET = /^Set `([\s\S]+?)`: /
/** A part of a path, in quotes where it holds dots, as `--set` of the terminal takes it. */
const PART = /^(?:"((?:[^"\\]|\\.)*)"|([^".=]+))([.=])/

/** The line of the recipe that a finding's fix sets; null where it sets none. */
export function lineOfFix(fix: string): FindingLine | null {
  const [, text] = SET.exec(fix) ?? []
  return text === undefined ? null : lineOf(text)
}

/** An assignment as after `--set`; null where it is none. */
export function lineOf(text: string): FindingLine | null {
  const path: string[] = []
  for (let rest = text; ;) {
    const part = PART.exec(rest)
    if (part === null) return null
    path.push(part[1]?.replace(/\\(.)/g, '$1') ?? part[2]!)
    rest = rest.slice(part[0].length)
    if (part[3] === '=') return { text, path, value: valueOf(rest) }
  }
}

/** Whether the recipe says a line already. */
export const isSet = (recipe: RecipeJson, { path, value }: FindingLine): boolean => JSON.stringify(recipeAt(recipe, path)) === JSON.stringify(value)

function valueOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** What a fix names to be done by itself, and the sentence behind it; the name is '' where it is for a person to do. */
export function partsOfFix(fix: string): { readonly name: string; readonly sentence: string } {
  const [whole = '', name = ''] = /^(?:Rewrite|Repair|Set) `([\s\S]+?)`: /.exec(fix) ?? []
  return { name, sentence: fix.slice(whole.length) }
}
