import { stripVTControlCharacters } from 'node:util'

/** Control, bidirectional and line-breaking characters, which names from a model could use to disturb a terminal. */
const DISTURBING = /[\p{Cc}\p{Bidi_Control}\u2028\u2029\ufeff]/gu

/** Text that may come from a file, safe to print on one line: disturbing characters are shown as escapes. */
export const plain = (text: string): string => text.replace(DISTURBING, (char) => `\\u{${char.codePointAt(0)!.toString(16)}}`)

/** Characters that take two columns: CJK, Hangul, full-width forms, emoji (Unicode East Asian Width W and F, by block). */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u

/** Columns that a text takes on a terminal; colour escapes take none. */
export function displayWidth(text: string): number {
  let width = 0
  for (const char of stripVTControlCharacters(text)) width += WIDE.test(char) ? 2 : /\p{Mn}|\u200d/u.test(char) ? 0 : 1
  return width
}

/** The text cut to so many columns; a cut is shown as `…`, at the end or in the middle. */
export function cut(text: string, columns: number, where: 'end' | 'middle' = 'end'): string {
  if (displayWidth(text) <= columns) return text
  const room = Math.max(columns - 1, 0)
  const tailRoom = where === 'middle' ? Math.floor(room / 2) : 0
  const head = prefix([...text], room - tailRoom)
  const tail = prefix([...text].toReversed(), tailRoom)
  return `${head.join('')}…${tail.toReversed().join('')}`
}

function prefix(chars: readonly string[], columns: number): string[] {
  let width = 0
  const end = chars.findIndex((char) => (width += displayWidth(char)) > columns)
  return chars.slice(0, end < 0 ? chars.length : end)
}

export interface Style {
  readonly strong: (text: string) => string
  readonly faint: (text: string) => string
  readonly bad: (text: string) => string
  readonly good: (text: string) => string
}

const paint = (code: number, end: number) => (text: string): string => `\u001b[${code}m${text}\u001b[${end}m`
const asIs = (text: string): string => text

export const COLOURS: Style = { strong: paint(1, 22), faint: paint(2, 22), bad: paint(31, 39), good: paint(32, 39) }
export const NO_COLOURS: Style = { strong: asIs, faint: asIs, bad: asIs, good: asIs }

export interface Column {
  /** With the unit: `median ms`. */
  readonly title: string
  /** Numbers stand at the right. */
  readonly align?: 'left' | 'right'
  /** Longer cells are cut in the middle; names are told apart by both ends. */
  readonly most?: number
  readonly paint?: (text: string, row: number) => string
}

/** A table without lines: a faint header, columns two blanks apart, two blanks in front, none behind. */
export function tableLines(columns: readonly Column[], rows: readonly (readonly string[])[], style: Style): string[] {
  const cells = rows.map((row) => columns.map((column, index) => cut(plain(row[index] ?? ''), column.most ?? Infinity, 'middle')))
  const widths = columns.map((column, index) => Math.max(displayWidth(column.title), ...cells.map((row) => displayWidth(row[index]!))))
  const padded = (text: string, index: number): string => {
    const blanks = ' '.repeat(widths[index]! - displayWidth(text))
    return columns[index]!.align === 'right' ? blanks + text : text + blanks
  }
  const titled = columns.some((column) => column.title !== '')
  const titles = `  ${columns.map((column, index) => padded(column.title, index)).join('  ')}`.trimEnd()
  const body = cells.map((row, at) => {
    const line = row.map((cell, index) => {
      const text = padded(cell, index)
      return columns[index]!.paint?.(text, at) ?? text
    })
    return `  ${line.join('  ')}`.trimEnd()
  })
  return titled ? [style.faint(titles), ...body] : body
}

/** A titled part of a report. */
export const section = (title: string, lines: readonly string[], style: Style, remark = ''): string[] =>
  lines.length === 0 ? [] : [style.strong(title) + (remark === '' ? '' : `  ${remark}`), ...lines]
