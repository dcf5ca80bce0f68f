import { filterWords, fitsNumber, textTest, type FilterWord } from '../../ui/filter-words.ts'
import { isExact, type LayerRow } from './rows.ts'

export interface LayerFilter {
  readonly fits: (row: LayerRow) => boolean
  /** Words that look like a condition and are none. */
  readonly unknown: readonly string[]
}

type NumberOf = (row: LayerRow) => number | null | undefined

const NUMBERS: Readonly<Record<string, NumberOf>> = {
  sqnr: (row) => row.sqnrDb,
  cos: (row) => row.cosine,
  cosine: (row) => row.cosine,
  mse: (row) => row.mse,
  max: (row) => row.maxAbs,
  clip: (row) => row.clippedPercent,
  low: (row) => row.lo,
  high: (row) => row.hi,
  step: (row) => row.scale[0],
  share: (row) => (row.share === null ? null : row.share * 100),
  bits: (row) => row.bits,
  channels: (row) => row.scale.length,
  delta: (row) => row.delta,
  place: (row) => row.place,
}

const TEXTS: Readonly<Record<string, (row: LayerRow) => readonly string[]>> = {
  name: (row) => [row.tensor, row.node],
  tensor: (row) => [row.tensor],
  node: (row) => [row.node],
  op: (row) => [row.op],
  method: (row) => [row.draft?.method ?? row.method],
  type: (row) => [row.type],
  kind: (row) => [row.kind],
  reason: (row) => [row.reason],
}

const FLAGS: Readonly<Record<string, (row: LayerRow) => boolean>> = {
  float: (row) => row.float,
  changed: (row) => row.draft !== undefined,
  manual: (row) => row.method === 'threshold' || row.draft !== undefined,
  tied: (row) => row.ties.length > 0,
  exact: isExact,
}

const own = <T,>(table: Readonly<Record<string, T>>, name: string): T | undefined => (Object.hasOwn(table, name) ? table[name] : undefined)

function testOf(word: FilterWord): ((row: LayerRow) => boolean) | null {
  const { field, sense, value } = word
  const holds = textTest(value)
  if (field === '') return (row) => [row.tensor, row.node, row.op, row.method].some(holds)
  const [number, text, flag] = [own(NUMBERS, field), own(TEXTS, field), own(FLAGS, field)]
  if (number !== undefined && word.number !== null) return (row) => fitsNumber(number(row), word)
  const isPlain = sense === ':' || sense === '='
  if (text !== undefined && isPlain && value !== '') return (row) => text(row).some(holds)
  if (flag !== undefined && isPlain && (value === 'yes' || value === 'no')) return (row) => flag(row) === (value === 'yes')
  return null
}

/** A line such as `sqnr<40 op:Conv name:head bits:8 method:mse clip>0.1 float:yes changed:yes` as a test; every word must fit. */
export function readLayerFilter(line: string): LayerFilter {
  const words = filterWords(line).map((word) => ({ word, test: testOf(word) }))
  const tests = words.flatMap(({ test }) => (test === null ? [] : [test]))
  return { fits: (row) => tests.every((test) => test(row)), unknown: words.filter(({ test }) => test === null).map(({ word }) => word.source) }
}
