import { FILE_MARKS, type FileMark, type SamplesCoverage, type SamplesLook } from '../../../preload/contract/index.ts'

/** What is said of a file: that of its header, and that of its pixels where they were looked at. */
export type Remark = FileMark | 'black' | 'white' | 'even' | 'again'

/** The worse, the more to the front of a list of warnings. */
const WEIGHTS: Readonly<Record<Remark, number>> = { out: 1000, broken: 100, misfit: 60, alone: 50, small: 40, grey: 20, again: 12, black: 11, white: 10, even: 9, deep: 3, turned: 2, alpha: 1 }

/** A picture of one level tells a calibration nothing but where that level lies; Horizon warns of black, white and over-exposed ones. */
const DARK = 0.9
const BRIGHT = 0.5
const EVEN = 3

export function worthOf(coverage: SamplesCoverage, at: number): readonly Remark[] {
  const remarks: Remark[] = []
  if (coverage.black[at]! >= DARK) remarks.push('black')
  if (coverage.white[at]! >= BRIGHT) remarks.push('white')
  if (coverage.contrast[at]! < EVEN && remarks.length === 0) remarks.push('even')
  if (coverage.twin[at]! >= 0) remarks.push('again')
  return remarks
}

/** All remarks by file. */
export function remarksOf(look: SamplesLook, coverage: SamplesCoverage | undefined): readonly (readonly Remark[])[] {
  const remarks = look.names.map((_, file): Remark[] => FILE_MARKS.filter((_mark, bit) => (look.marks[file]! & (1 << bit)) !== 0))
  if (coverage === undefined) return remarks
  for (const [at, file] of coverage.file.entries()) remarks[file]?.push(...worthOf(coverage, at))
  for (const { file } of coverage.broken) remarks[file]?.unshift('broken')
  return remarks
}

export const weightOf = (remarks: readonly Remark[]): number => remarks.reduce((sum, remark) => sum + WEIGHTS[remark], 0)

/** What keeps a file from being a sample, or hurts one: more than a fact. */
export const isWarning = (remark: Remark): boolean => WEIGHTS[remark] >= 9

/** Places of files as they are shown. */
export function orderOf(look: SamplesLook, remarks: readonly (readonly Remark[])[], order: string, text: string): readonly number[] {
  const words = text.toLowerCase().trim()
  const files = look.names.flatMap((name, file) => (words === '' || name.toLowerCase().includes(words) ? [file] : []))
  return order === 'worst' ? files.toSorted((a, b) => weightOf(remarks[b]!) - weightOf(remarks[a]!) || a - b) : files
}

/** How many pictures the makers of boards ask for. */
export const ADVICE = [
  { maker: 'Sophon', from: 100, to: 1000 },
  { maker: 'RKNN', from: 20, to: 100 },
] as const
