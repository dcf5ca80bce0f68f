import { Fault } from './fault.ts'

/** One record of a CSV file and the line that it begins in, from 1. */
export interface CsvRecord {
  readonly line: number
  readonly cells: readonly string[]
}

/** A cell in quotes, and one without. */
const QUOTED = /"((?:[^"]|"")*)"/y
const BARE = /[^",\r\n]*/y

/**
 * The records of a text as RFC 4180 writes them: cells in quotes may hold commas, line breaks and doubled quotes; lines end with LF or
 * CRLF; empty lines are left out. Throws `input.csv-syntax` with the line.
 */
export function parseCsv(text: string, where: string): CsvRecord[] {
  const records: CsvRecord[] = []
  const fail = (line: number, what: string, next: string): never => {
    throw new Fault({ code: 'input.csv-syntax', where: `${where}:${line}`, what, next })
  }
  let [at, line, begin] = [text.startsWith('\ufeff') ? 1 : 0, 1, 1]
  let cells: string[] = []
  while (at < text.length) {
    const isQuoted = text[at] === '"'
    const pattern = isQuoted ? QUOTED : BARE
    pattern.lastIndex = at
    const found = pattern.exec(text)
    if (found === null) return fail(line, 'a cell begins with a quote that never ends', 'Close it with " (a quote inside is written "").')
    cells.push(isQuoted ? found[1]!.replaceAll('""', '"') : found[0])
    line += found[0].split('\n').length - 1
    at += found[0].length
    const end = /^(?:,|\r?\n|$)/.exec(text.slice(at, at + 2))
    if (end === null) return fail(line, `${JSON.stringify(text[at])} stands ${isQuoted ? 'behind a quoted cell' : 'inside a cell without quotes'}`, 'Put the whole cell in quotes, quotes inside doubled.')
    at += end[0].length
    if (end[0] === ',' && at < text.length) continue
    if (end[0] === ',') cells.push('')
    if (cells.length > 1 || cells[0] !== '') records.push({ line: begin, cells })
    if (end[0].endsWith('\n')) line++
    cells = []
    begin = line
  }
  return records
}

/** A record as a line without its end; cells are quoted where they must be. */
export const csvLine = (cells: readonly string[]): string => cells.map((cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)).join(',')
