import { readFile } from 'node:fs/promises'
import { csvLine, parseCsv, type CsvRecord } from '../core/csv.ts'
import { Fault } from '../core/fault.ts'
import { didYouMean } from '../core/nearest.ts'

/** Types that an operator computes in. */
export const PRECISIONS = ['float32', 'float16', 'int8', 'int16'] as const
export type Precision = (typeof PRECISIONS)[number]

/** What an operator's time depends on. A key is absent where it does not apply or is not known. */
export interface OperatorShape {
  readonly op: string
  /** Side of the window. */
  readonly kernel?: number
  readonly group?: 'none' | 'depthwise' | 'grouped'
  /** As the attribute `mode`, or what is done where there is none: `gate`, `attention`. */
  readonly mode?: string
  /** Enlargement along a side, or block size. */
  readonly factor?: number
  readonly inputChannels?: number
  readonly outputChannels?: number
  /** Of the first input. */
  readonly height: number
  readonly width: number
}

/** Measured milliseconds of one operator in one precision. */
export interface OperatorEntry extends OperatorShape {
  readonly precision: Precision
  /** Execution provider of the runtime, or whatever a board's maker calls his. */
  readonly provider?: string
  readonly medianMs: number
  readonly minMs?: number
  /** Half the distance between the quartiles. */
  readonly spreadMs?: number
  readonly runs?: number
}

export interface OperatorTable {
  /** What it was measured with, by name (`cpu`, `protocol` …), as the head of the file says. */
  readonly head: Readonly<Record<string, string>>
  readonly entries: readonly OperatorEntry[]
}

const GROUPS = ['none', 'depthwise', 'grouped'] as const

type Kind = 'text' | 'whole' | 'positive' | 'time' | readonly string[]

/** Columns of the file by the field that they hold, in the order they are written. */
const COLUMNS: Readonly<Record<keyof OperatorEntry, { readonly title: string; readonly kind: Kind; readonly needed?: true }>> = {
  op: { title: 'op', kind: 'text', needed: true },
  kernel: { title: 'kernel', kind: 'whole' },
  group: { title: 'group', kind: GROUPS },
  mode: { title: 'mode', kind: 'text' },
  factor: { title: 'factor', kind: 'positive' },
  inputChannels: { title: 'input_channels', kind: 'whole' },
  outputChannels: { title: 'output_channels', kind: 'whole' },
  height: { title: 'height', kind: 'whole', needed: true },
  width: { title: 'width', kind: 'whole', needed: true },
  precision: { title: 'precision', kind: PRECISIONS, needed: true },
  provider: { title: 'provider', kind: 'text' },
  medianMs: { title: 'median_ms', kind: 'time', needed: true },
  minMs: { title: 'min_ms', kind: 'time' },
  spreadMs: { title: 'spread_ms', kind: 'time' },
  runs: { title: 'runs', kind: 'whole' },
}
const FIELDS = Object.keys(COLUMNS) as (keyof OperatorEntry)[]
const TITLES = FIELDS.map((field) => COLUMNS[field].title)

const LARGEST_TABLE_BYTES = 16 << 20
const SHOWN = 'docs/operators.md shows the columns.'

/** Reads a table of any maker. Throws `input.no-table` and what `operatorTableFromText` throws, each with file and line. */
export async function readOperatorTable(path: string): Promise<OperatorTable> {
  let bytes: Buffer
  try {
    bytes = await readFile(path)
  } catch (error) {
    throw new Fault({ code: 'input.no-table', where: path, what: 'the table cannot be read', next: 'Give a file that `scalewright bench-operators` wrote, or a board\'s own.' }, { cause: error })
  }
  if (bytes.byteLength > LARGEST_TABLE_BYTES) throw new Fault({ code: 'input.table-too-large', where: path, what: `${bytes.byteLength} bytes are no table of operators`, next: SHOWN })
  return operatorTableFromText(bytes.toString('utf8'), path)
}

/**
 * Lines `# name: value` at the head, then CSV (RFC 4180) with a header; columns in any order, those that are not known left out.
 * Throws `input.csv-syntax`, `input.table-column`, `input.table-value` and `input.table-empty`.
 */
export function operatorTableFromText(text: string, where: string): OperatorTable {
  const lines = text.replace(/^\ufeff/, '').split('\n')
  const begin = lines.findIndex((line) => !line.startsWith('#') && line.trim() !== '')
  const head = Object.fromEntries(lines.slice(0, Math.max(begin, 0)).flatMap((line) => {
    const [, name, value] = /^#\s*([^:]+):\s*(.*?)\s*$/.exec(line) ?? []
    return name === undefined ? [] : [[name.trim(), value!]]
  }))
  // Empty lines in the place of the head keep the numbers of the lines right.
  const [header, ...records] = parseCsv(lines.map((line, index) => (index < begin ? '' : line)).join('\n'), where)
  if (begin < 0 || header === undefined) throw new Fault({ code: 'input.table-empty', where, what: 'the file holds no table', next: SHOWN })
  const fields = fieldsOf(header, where)
  return { head, entries: records.map((record) => entryOf(record, fields, where)) }
}

type FieldAt = ReadonlyMap<keyof OperatorEntry, number>

function fieldsOf({ line, cells }: CsvRecord, where: string): FieldAt {
  const titles = cells.map((cell) => cell.trim())
  const fault = (what: string, next: string) => new Fault({ code: 'input.table-column', where: `${where}:${line}`, what, next })
  for (const [index, title] of titles.entries()) {
    if (!TITLES.includes(title)) throw fault(`there is no column «${title}»`, didYouMean(title, TITLES) ?? SHOWN)
    if (titles.indexOf(title) !== index) throw fault(`the column «${title}» stands twice`, 'Leave one of the two out.')
  }
  const fields = new Map(FIELDS.flatMap((field) => (titles.includes(COLUMNS[field].title) ? [[field, titles.indexOf(COLUMNS[field].title)] as const] : [])))
  const missing = FIELDS.filter((field) => COLUMNS[field].needed && !fields.has(field)).map((field) => COLUMNS[field].title)
  if (missing.length > 0) throw fault(`columns are missing: ${missing.join(', ')}`, SHOWN)
  return fields
}

function entryOf({ line, cells }: CsvRecord, fields: FieldAt, where: string): OperatorEntry {
  const at = `${where}:${line}`
  if (cells.length !== fields.size) throw new Fault({ code: 'input.table-value', where: at, what: `${cells.length} cells, the header has ${fields.size}`, next: 'Write one cell a column, empty where nothing is known.' })
  const entry: Record<string, string | number> = {}
  for (const [field, index] of fields) {
    const { title, kind, needed } = COLUMNS[field]
    const text = cells[index]!.trim()
    if (text !== '') entry[field] = valueOf(text, title, kind, at)
    else if (needed) throw new Fault({ code: 'input.table-value', where: at, what: `${title} is empty`, next: SHOWN })
  }
  return entry as unknown as OperatorEntry
}

function valueOf(text: string, title: string, kind: Kind, where: string): string | number {
  const fault = (wanted: string) => new Fault({ code: 'input.table-value', where, what: `${title} is «${text}»`, next: `It must be ${wanted}.` })
  if (kind === 'text') return text
  if (typeof kind !== 'string') {
    if (!kind.includes(text)) throw fault(`one of ${kind.join(', ')}`)
    return text
  }
  const value = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text) ? Number(text) : NaN
  if (kind === 'whole' && !(Number.isSafeInteger(value) && value >= 1)) throw fault('a whole number from 1')
  if (kind === 'positive' && !(value > 0 && value < Infinity)) throw fault('a number above 0')
  if (kind === 'time' && !(value >= 0 && value < Infinity)) throw fault('milliseconds, 0 or more')
  return value
}

/** Head and rows as a file that `operatorTableFromText` reads back equal; line breaks in the head become blanks. */
export function operatorTableText({ head, entries }: OperatorTable): string {
  const said = Object.entries(head).map(([name, value]) => `# ${name}: ${value.replaceAll(/\s+/g, ' ').trim()}`)
  const rows = entries.map((entry) => csvLine(FIELDS.map((field) => String(entry[field] ?? ''))))
  return [...said, csvLine(TITLES), ...rows, ''].join('\r\n')
}
