import { fixOf, layerKey, setFix } from '../audit/fix.ts'
import type { Finding, Run } from '../core/run.ts'

/** What of a recorded recipe decides whether a line would change it. */
interface Said {
  readonly board?: string
  readonly rewrite?: 'auto' | readonly string[] | Readonly<Record<string, unknown>>
  readonly samples?: { readonly calibration?: { readonly count?: number; readonly preprocess?: { readonly crop?: Sized; readonly resize?: Sized } } }
  readonly quantize?: {
    readonly activations?: Grid & { readonly symmetric?: boolean }
    readonly weights?: Grid
    readonly sums?: string
    readonly layers?: Readonly<Record<string, { readonly bits?: number }>>
  }
}

interface Grid {
  readonly bits?: number
  readonly type?: string
}

interface Sized {
  readonly size?: readonly [height: number, width: number]
}

const said = ({ recipe }: Run): Said => (recipe ?? {}) as Said
const lines = (assignments: readonly string[], why: string): string[] => assignments.map((assignment) => setFix(assignment, why))

/** Lines of a grid of 8 bits; a number of bits that contradicts the type is set along with it. */
function gridLines(part: 'activations' | 'weights', type: string, { bits = 8, type: now }: Grid = {}): string[] {
  return [...(bits === 8 ? [] : [`quantize.${part}.bits=8`]), ...(now === type ? [] : [`quantize.${part}.type=${type}`])]
}

/** Signed codes with zero point 0 everywhere. */
export function signedFixes(run: Run): string[] {
  const { activations, weights } = said(run).quantize ?? {}
  return lines([...gridLines('activations', 'int8', activations), ...(activations?.symmetric === true ? [] : ['quantize.activations.symmetric=true']), ...gridLines('weights', 'int8', weights)], 'codes become signed with zero point 0.')
}

export const addsOnAccumulators = (run: Run): boolean => said(run).quantize?.sums === 'accumulator'

export const roundedSumsFixes = (): string[] => lines(['quantize.sums=codes'], 'every operand of a sum is rounded.')

export const signedWeightFixes = (run: Run): string[] => lines(gridLines('weights', 'int8', said(run).quantize?.weights), 'weights become symmetric.')

/** Takes back what asks for codes of another width: of the recipe as a whole, then of its lines for layers. */
export function widthFixes(run: Run, bits: readonly number[]): string[] {
  const { activations, layers = {} } = said(run).quantize ?? {}
  const [width] = bits
  if (width === undefined || (width !== 8 && width !== 16)) return []
  const whole = activations?.bits === undefined || bits.includes(activations.bits) ? [] : [`quantize.activations.bits=${width}`, ...(activations.type === undefined ? [] : [`quantize.activations.type=${activations.type.replace(/\d+$/, String(width))}`])]
  const own = Object.entries(layers).filter(([, line]) => line.bits !== undefined && !bits.includes(line.bits)).map(([name]) => `${layerKey(name, 'bits')}=${width}`)
  return lines([...whole, ...own], `codes become ${width} bits wide.`)
}

/** Fewer samples than the recipe asks for; more of them only a person can give. */
export const fewerSamplesFixes = (count: number): string[] => lines([`samples.calibration.count=${count}`], 'as many as the toolkit recommends.')

/** The next smaller even size, where the recipe itself says the size. */
export function evenFixes(run: Run): string[] {
  const { crop, resize } = said(run).samples?.calibration?.preprocess ?? {}
  const [key, step] = crop === undefined ? (['resize', resize] as const) : (['crop', crop] as const)
  const size = step?.size?.map((side) => side - (side % 2)) ?? []
  return size.length === 2 && size.every((side) => side > 0) ? lines([`samples.calibration.preprocess.${key}.size=${JSON.stringify(size)}`], 'both sides become even.') : []
}

/** The recipe's rewrites without some of them; nothing where it leaves the choice to us. */
export function withoutRewritesFixes(run: Run, names: readonly string[]): string[] {
  const { rewrite } = said(run)
  if (rewrite === undefined || rewrite === 'auto') return []
  const rest = Array.isArray(rewrite) ? rewrite.filter((name: string) => !names.includes(name)) : Object.fromEntries(Object.entries(rewrite).filter(([name]) => !names.includes(name)))
  return JSON.stringify(rest) === JSON.stringify(rewrite) ? [] : lines([`rewrite=${JSON.stringify(rest)}`], 'the rewrite is left out.')
}

/** What findings propose that needs no person, each once. */
export const findingFixes = (findings: readonly Finding[]): string[] => [...new Set(findings.filter((finding) => fixOf(finding) !== undefined).map(({ fix }) => fix))]

/** Board of the recipe; undefined where it says none. */
export const recipeBoard = (run: Run): string | undefined => said(run).board

export const boardFixes = (board: string): string[] => lines([`board=${board}`], 'findings and operators are judged for it.')
