import { expect, test } from 'vitest'
import { csvLine, parseCsv } from '../../../main/core/csv.ts'
import type { Fault } from '../../../main/core/fault.ts'

const cells = (text: string): readonly (readonly string[])[] => parseCsv(text, 't.csv').map((record) => record.cells)

test('cells with and without quotes, both ends of lines, empty cells', () => {
  expect(cells('a,b\r\n1,2\n3,\n')).toEqual([['a', 'b'], ['1', '2'], ['3', '']])
  expect(cells('"a,1","say ""so""",\n"",x')).toEqual([['a,1', 'say "so"', ''], ['', 'x']])
  expect(cells('\ufeffa,b')).toEqual([['a', 'b']])
  expect(cells('a,')).toEqual([['a', '']])
  expect(cells('')).toEqual([])
})

test('a record knows its line, behind cells of several lines and empty lines too', () => {
  expect(parseCsv('a\n\n"two\r\nlines",b\nlast,c\n', 't.csv')).toEqual([
    { line: 1, cells: ['a'] }, { line: 3, cells: ['two\r\nlines', 'b'] }, { line: 5, cells: ['last', 'c'] },
  ])
})

test.each([
  ['a,b\n1,"open\n2,3\n', 't.csv:2', /never ends/],
  ['a\n"x"y\n', 't.csv:2', /behind a quoted cell/],
  ['a\nb"c"\n', 't.csv:2', /inside a cell without quotes/],
])('%j is refused with its line', (text, where, what) => {
  let fault: Fault | undefined
  try {
    parseCsv(text, 't.csv')
  } catch (error) {
    fault = error as Fault
  }
  expect(fault).toMatchObject({ code: 'input.csv-syntax', where })
  expect(fault!.what).toMatch(what)
})

test('what is written is read back', () => {
  const rows = [['plain', '', 'a,b', 'a "quote"', 'two\nlines'], ['', 'x', ' blank ', '"', ',']]
  expect(cells(rows.map(csvLine).join('\r\n'))).toEqual(rows)
})
