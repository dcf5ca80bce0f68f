import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { en } from '../../../renderer/texts/en.ts'
import { zh } from '../../../renderer/texts/zh.ts'

const ROOM = join(import.meta.dirname, '../../../renderer')
const CODE = readdirSync(ROOM, { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.tsx?$/.test(name) && !name.startsWith('texts'))
  .map((name) => readFileSync(join(ROOM, name), 'utf8'))
  .join('\n')

const placeholders = (text: string): string[] => [...text.matchAll(/\{\{(\w+)\}\}/g)].map(([, name]) => name!).toSorted()

test('both languages have the same keys, in one order, and no empty text', () => {
  expect(Object.keys(zh)).toEqual(Object.keys(en))
  expect(Object.entries({ ...en }).filter(([, text]) => text.trim() === '')).toEqual([])
  expect(Object.entries(zh).filter(([, text]) => text.trim() === '')).toEqual([])
})

test('a text has the same things to fill in, in both languages', () => {
  const differ = Object.entries(en).filter(([key, text]) => placeholders(text).join(' ') !== placeholders(zh[key as keyof typeof en]).join(' '))
  expect(differ).toEqual([])
})

test('what is longer than a term is translated', () => {
  const same = Object.entries(en).filter(([key, text]) => zh[key as keyof typeof en] === text && /[a-z]{3,} [a-z]{3,}/i.test(text) && text !== 'ONNX Runtime')
  expect(same).toEqual([])
})

/** Families whose keys are put together from words of the program. */
const FAMILIES = /^(stage|unit|status|verb|kind|role|layers|check|version|theme|fault|run|keys|part|place|step|line|calibrate\.(?:step|board|preset|gate|method|stage)|samples\.(?:key|remark|short|part|resize|crop|empty|reference))\./

test('every text is used', () => {
  const unused = Object.keys(en).map((key) => key.replace(/_(one|other)$/, '')).filter((key) => !FAMILIES.test(key) && !CODE.includes(`'${key}'`))
  expect(unused).toEqual([])
})

test('no word for a person stands in the code', () => {
  const words = [...CODE.matchAll(/>\s*([A-Z][a-z]+(?: [a-z]+)+)\s*</g)].map(([, text]) => text)
  expect(words).toEqual([])
})
