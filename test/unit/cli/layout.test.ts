import { stripVTControlCharacters } from 'node:util'
import { expect, test } from 'vitest'
import { COLOURS, cut, displayWidth, NO_COLOURS, plain, tableLines } from '../../../main/cli/layout.ts'
import { bytes, byteUnit, clock, decibels, fixed, grouped, significant } from '../../../main/cli/numbers.ts'
import { shellWord, shownPath } from '../../../main/cli/reports/context.ts'

test('Chinese and full-width characters take two columns, colours and accents none', () => {
  expect(displayWidth('校准 a')).toBe(6)
  expect(displayWidth('（）')).toBe(4)
  expect(displayWidth('\u001b[1mab\u001b[22m')).toBe(2)
  expect(displayWidth('e\u0301')).toBe(1)
})

test.each<[string, number, 'end' | 'middle', string]>([
  ['abcdef', 6, 'end', 'abcdef'],
  ['abcdef', 4, 'end', 'abc…'],
  ['abcdefgh', 5, 'middle', 'ab…gh'],
  ['校准校准', 5, 'end', '校准…'],
  ['校准校准', 4, 'end', '校…'],
  ['abc', 1, 'end', '…'],
])('cut(%j, %d, %s)', (text, columns, where, shown) => {
  expect(cut(text, columns, where)).toBe(shown)
  expect(displayWidth(shown)).toBeLessThanOrEqual(columns)
})

test('names from a model cannot steer the terminal', () => {
  expect(plain('a\u001b[2Jb\nc\u202ed')).toBe('a\\u{1b}[2Jb\\u{a}c\\u{202e}d')
})

test('columns are two blanks apart, numbers at the right, nothing trails', () => {
  const lines = tableLines(
    [{ title: 'node' }, { title: 'SQNR dB', align: 'right' }, { title: '' }],
    [['conv_0', '40.10', 'x'], ['层', '9.00', '']], NO_COLOURS)
  expect(lines).toEqual([
    '  node    SQNR dB',
    '  conv_0    40.10  x',
    '  层         9.00',
  ])
})

test('a table without titles has no header; long names keep both ends; colours do not shift columns', () => {
  expect(tableLines([{ title: '' }, { title: '' }], [['a', 'b']], NO_COLOURS)).toEqual(['  a  b'])
  expect(tableLines([{ title: 'n', most: 7 }], [['/body/conv_12']], NO_COLOURS)[1]).toBe('  /bo…_12')
  const coloured = tableLines([{ title: 'a', paint: COLOURS.bad }, { title: 'b' }], [['xx', 'y']], COLOURS)
  expect(coloured.map((line) => stripVTControlCharacters(line))).toEqual(['  a   b', '  xx  y'])
  expect(coloured[1]).toContain('\u001b[31mxx\u001b[39m')
})

test('numbers', () => {
  expect([fixed(1.23456, 3), fixed(null, 2), fixed(NaN, 1)]).toEqual(['1.235', '–', '–'])
  expect([decibels(Infinity), decibels(-Infinity, 1), decibels(33.5364), decibels(null)]).toEqual(['120.000', '-120.0', '33.536', '–'])
  expect([0.69143, 1.25e-7, 176.3, 0, 123456].map((value) => significant(value))).toEqual(['0.6914', '1.25e-7', '176.3', '0', '123500'])
  expect(grouped(42540)).toBe('42,540')
  expect([bytes(0), bytes(999), bytes(1000), bytes(176_000), bytes(1.2e9)]).toEqual(['0 B', '999 B', '1.0 kB', '176.0 kB', '1.2 GB'])
  expect(byteUnit(48_000, 1_760_000)).toEqual({ unit: 'MB', divisor: 1e6 })
  expect([clock(0), clock(5.4), clock(59.6), clock(760), clock(3723)]).toEqual(['0:00', '0:05', '1:00', '12:40', '1:02:03'])
})

test('paths and words are shown as one would type them', () => {
  expect(shownPath('/a/b/c.png', '/a')).toBe('b/c.png')
  expect(shownPath('/x/c.png', '/a')).toBe('/x/c.png')
  expect(shownPath('/a', '/a')).toBe('/a')
  expect([shellWord('a/b.yaml'), shellWord('my file'), shellWord("it's")]).toEqual(['a/b.yaml', "'my file'", "'it'\\''s'"])
})
