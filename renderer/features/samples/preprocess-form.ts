import { EXPLAINED_PREPROCESS, type ExplainedPreprocess } from '../../../preload/contract/index.ts'

/** A number as a person writes it: `0.5`, `1e-3`, `1/255`. Null where it is none. */
export function numberFrom(text: string): number | null {
  const [over = '', under, more] = text.trim().replace(',', '.').split('/')
  if (more !== undefined || over.trim() === '' || under?.trim() === '') return null
  const value = under === undefined ? Number(over) : Number(over) / Number(under)
  return Number.isFinite(value) ? value : null
}

/** A whole number of at least `least`; null where it is none. */
export function wholeFrom(text: string, least: number): number | null {
  const value = numberFrom(text)
  return value !== null && Number.isInteger(value) && value >= least ? value : null
}

/** As `numberFrom` reads it back. */
export const numberText = (value: number): string => String(Number(value.toPrecision(10)))

/** One place of a list of numbers changed. */
export const withAt = (values: readonly number[], at: number, value: number): readonly number[] => values.map((old, index) => (index === at ? value : old))

/**
 * The preprocessing with what the recipe says now put over it: a form shows what was typed at once, also what the program then
 * refuses. What is of another shape than the form's own is left to the program.
 */
export function withGiven(preprocess: ExplainedPreprocess, given: unknown): ExplainedPreprocess {
  const said = (given ?? {}) as Readonly<Record<string, unknown>>
  const entries = Object.entries(preprocess).map(([key, old]) => {
    if (said[key] === undefined) return [key, old.given ? { ...old, value: old.guess, given: false } : old] as const
    const parsed = EXPLAINED_PREPROCESS.shape[key as keyof ExplainedPreprocess].safeParse({ ...old, value: said[key], given: true })
    const fits = parsed.success && (!(key === 'mean' || key === 'scale') || (parsed.data.value as readonly number[]).length === (old.value as readonly number[]).length)
    return [key, fits ? parsed.data : { ...old, given: true }] as const
  })
  return Object.fromEntries(entries) as unknown as ExplainedPreprocess
}

type Shapes = { readonly [K in 'resize' | 'crop' | 'pad']: NonNullable<ExplainedPreprocess[K]['value']> }
type Size = readonly [height: number, width: number]

/** What a form knows of a model and its pictures when a step is switched on: a fixed input size, else that of the first picture. */
export interface ShapeFacts {
  readonly fixed: Size | null
  readonly first: Size | null
}

const SIDE = 128

const sizeFor = ({ fixed, first }: ShapeFacts, old: Size | undefined): Size => old ?? fixed ?? (first === null ? [SIDE, SIDE] : [Math.min(first[0], SIDE), Math.min(first[1], SIDE)])

/** The recipe's value after another mode was chosen; undefined takes the step away. */
export function resizeWith(mode: string, old: Shapes['resize'] | null, facts: ShapeFacts): Shapes['resize'] | undefined {
  if (mode !== 'fit' && mode !== 'fill' && mode !== 'stretch') return undefined
  return { mode, size: [...sizeFor(facts, old?.size)] as [number, number], kernel: old?.kernel ?? 'bicubic' }
}

export function cropWith(mode: string, old: Shapes['crop'] | null, facts: ShapeFacts): Shapes['crop'] | undefined {
  return mode === 'center' || mode === 'random' ? { mode, size: [...sizeFor(facts, old?.size)] as [number, number] } : undefined
}

/** One glob or several, as they stand in one field. */
export const globsFrom = (text: string): readonly string[] | undefined => {
  const globs = text.split(/[\s,;]+/).filter(Boolean)
  return globs.length === 0 ? undefined : globs
}

export const globsText = (value: unknown): string => (typeof value === 'string' ? value : Array.isArray(value) ? value.join(' ') : '')
