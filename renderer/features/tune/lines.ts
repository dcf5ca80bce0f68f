import type { BoardReport, PlannedTensor, RecipeJson, ScaleRow, UnitSensitivity } from '../../../preload/contract/index.ts'
import { recipeAt, useProject } from '../../project/project.ts'

/** One line of `quantize.layers` as it stands in the recipe. */
export type Line = Readonly<Record<string, unknown>>
export type Lines = Readonly<Record<string, Line>>

/** `int8w/int16a`: weights of 8 bits, a result of 16; `int16`: weights too. */
export const PRECISIONS = ['int8', 'int8w/int16a', 'int16', 'float'] as const
export type Precision = (typeof PRECISIONS)[number]

export const linesOf = (recipe: RecipeJson): Lines => (recipeAt(recipe, ['quantize', 'layers']) ?? {}) as Lines

export const floatOpsOf = (recipe: RecipeJson): readonly string[] => (recipeAt(recipe, ['quantize', 'float', 'ops']) ?? NONE) as readonly string[]

const NONE: readonly string[] = []
/** How a layer names what put it into float where that is no line. */
export const FLOAT_OPS = 'float.ops'

/** What a line says of the precision; null where it leaves it to others. */
export function precisionOf(line: Line): Precision | null {
  if (line['forward_with_float'] === true) return 'float'
  if (line['bits'] === 16) return line['weight_bits'] === 16 ? 'int16' : 'int8w/int16a'
  return line['bits'] === 8 ? 'int8' : null
}

/** What other lines say of the layers that one means. */
export interface Others {
  /** They put a layer into float, which codes have to take back; or give its weights 16 bits. */
  readonly isFloat?: boolean
  readonly isWide?: boolean
}

/** A line with another precision; null leaves it to others. */
export function withPrecision(line: Line, precision: Precision | null, { isFloat = false, isWide = false }: Others = {}): Line {
  const { bits: _bits, weight_bits: _weights, forward_with_float: _float, ...rest } = line
  if (precision === null) return rest
  if (precision === 'float') return { ...rest, forward_with_float: true }
  const weights = precision === 'int16' ? { weight_bits: 16 } : isWide ? { weight_bits: 8 } : {}
  return { ...rest, bits: precision === 'int8' ? 8 : 16, ...weights, ...(isFloat ? { forward_with_float: false } : {}) }
}

/** A line with one key put or taken away. */
export function withValue(line: Line, key: string, value: unknown): Line {
  const { [key]: _old, ...rest } = line
  return value === undefined ? rest : { ...rest, [key]: value }
}

export interface Layer {
  readonly key: string
  /** As a line of the recipe names it. */
  readonly name: string
  readonly tensor: string
  readonly ops: readonly string[]
  readonly now: Precision
  readonly method: string
  /** What the lines of the recipe say together, and the line that decides the precision or, without one, the method. */
  readonly wish: Line
  readonly by: string | null
  readonly unit: UnitSensitivity | undefined
}

const ESCAPED = /[.+^$()|\\]/g

/** A glob of the recipe (`*`, `?`, `[ab]`, `{a,b}`) as a regular expression; null where it is none. */
export function globOf(line: string): RegExp | null {
  try {
    return new RegExp(`^${line.replace(ESCAPED, String.raw`\$&`).replaceAll('*', '.*').replaceAll('?', '.').replace(/\{([^{}]*)\}/g, (_all, inner: string) => `(?:${inner.replaceAll(',', '|')})`)}$`)
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}

export const isPattern = (line: string): boolean => line.startsWith('op:') || /[*?{[]/.test(line)

type Named = Pick<Layer, 'name' | 'tensor' | 'ops'>

/** Whether a line of the recipe means a layer. */
export function means(line: string, { name, tensor, ops }: Named): boolean {
  if (line === name || line === tensor) return true
  if (line.startsWith('op:')) return ops.includes(line.slice(3))
  return isPattern(line) && (globOf(line)?.test(name) === true || globOf(line)?.test(tensor) === true)
}

/** `op:Type` before patterns before exact names: a later one wins, key by key. */
const rankOf = (line: string, { name, tensor }: Named): number => (line === name || line === tensor ? 2 : line.startsWith('op:') ? 0 : 1)

interface LayersOf {
  readonly plan: readonly PlannedTensor[]
  readonly scales: readonly ScaleRow[]
  readonly units: readonly UnitSensitivity[]
  readonly lines: Lines
  /** `quantize.float.ops`. */
  readonly floatOps: readonly string[]
}

/** Every layer of a run's plan with what the recipe now says of it. */
export function layersOf({ plan, scales, units, lines, floatOps }: LayersOf): readonly Layer[] {
  const rows = new Map(scales.filter(({ kind }) => kind === 'activation').map((row) => [row.tensor, row]))
  const unitOf = new Map(units.flatMap((unit) => [...unit.tensors, ...unit.nodes, unit.unit].map((name) => [name, unit])))
  return plan.map(({ tensor, layer, ops, grid, weights, float }) => {
    const named = { name: layer === '' ? tensor : layer, tensor, ops }
    const meant = Object.keys(lines).filter((line) => means(line, named)).toSorted((a, b) => rankOf(a, named) - rankOf(b, named))
    const wish = Object.assign({}, ...meant.map((line) => lines[line])) as Line
    // No line takes back what `quantize.float` says.
    const floatOp = ops.find((op) => floatOps.includes(op))
    return {
      ...named, key: tensor, now: float !== null || grid === null ? 'float' : !grid.type.endsWith('16') ? 'int8' : weights?.endsWith('16') === true ? 'int16' : 'int8w/int16a', method: rows.get(tensor)?.method ?? '',
      wish: floatOp === undefined ? wish : { ...wish, forward_with_float: true }, by: floatOp === undefined ? (meant.at(-1) ?? null) : `${FLOAT_OPS}: ${floatOp}`, unit: unitOf.get(tensor) ?? unitOf.get(layer),
    }
  })
}

const WITH_WEIGHTS: ReadonlySet<string> = new Set(['Conv', 'ConvTranspose', 'Gemm', 'MatMul'])

/** Whether a layer multiplies with weights, so that their width is a choice. */
export const hasWeights = ({ ops }: Pick<Layer, 'ops'>): boolean => ops.some((op) => WITH_WEIGHTS.has(op))

export interface Limit {
  readonly precision: Precision
  readonly state: 'missing' | 'fallback' | 'unknown' | 'native'
  readonly why: string
}

const STATES = ['missing', 'unknown', 'fallback', 'native'] as const

/** What the board says of some layers in each precision: the worst of them. Nodes that the report does not name count by their operator. */
export function limitsOf(report: BoardReport | undefined, layers: readonly Named[]): readonly Limit[] {
  if (report === undefined) return []
  const computing = layers.flatMap(({ name, ops }) => {
    const exact = report.operators.filter(({ nodes }) => nodes.includes(name))
    return exact.length > 0 ? exact : report.operators.filter(({ op }) => op === ops[0])
  })
  const rows = [...new Set(computing)]
  return PRECISIONS.flatMap((precision) => {
    const said = rows.flatMap(({ mixed }) => mixed.filter((verdict) => verdict.precision === precision))
    const worst = said.toSorted((a, b) => STATES.indexOf(a.state) - STATES.indexOf(b.state))[0]
    return worst === undefined ? [] : [{ precision, state: worst.state, why: worst.why }]
  })
}

export const isRefused = (limits: readonly Limit[], precision: Precision): Limit | undefined => limits.find((limit) => limit.precision === precision && limit.state === 'missing')

/** The board that the project is for; this machine where it names none. */
export function useBoard(): string {
  const board = useProject().recipe['board']
  return typeof board === 'string' ? board : 'ort-cpu'
}
