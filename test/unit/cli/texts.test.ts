import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { TextKey } from '../../../main/cli/texts/texts.ts'
import { languageOf, sayIn, TEXTS } from '../../../main/cli/texts/texts.ts'

const keys = Object.keys(TEXTS.en) as TextKey[]
const holes = (text: string): string[] => [...text.matchAll(/\{\w+\}/g)].map(([hole]) => hole).toSorted()

test('both languages have the same keys, filled with the same values', () => {
  expect(Object.keys(TEXTS.zh).toSorted()).toEqual(keys.toSorted())
  for (const key of keys) {
    expect(TEXTS.zh[key].trim(), key).not.toBe('')
    expect(holes(TEXTS.zh[key]), key).toEqual(holes(TEXTS.en[key]))
  }
})

test('Chinese is Chinese, but for words that are never translated', () => {
  const same = keys.filter((key) => TEXTS.zh[key] === TEXTS.en[key])
  expect(same).toEqual(['report.scale'])
})

test('every text is used', () => {
  const folder = join(import.meta.dirname, '../../../main')
  const code = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /cli.*\.ts$/.test(name) && !name.includes('texts'))
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('\n')
  const families = [...code.matchAll(/`([\w.]+\.)\$\{/g)].map(([, family]) => family!)
  const unused = keys.filter((key) => !code.includes(`'${key}'`) && !families.some((family) => key.startsWith(family)) && !/^(stage|unit)\./.test(key))
  expect(unused).toEqual([])
})

test('values are filled in; what has none stays visible', () => {
  expect(sayIn('en')('fault.unknown-verb', { name: 'x{name}' })).toBe('there is no verb «x{name}»')
  expect(sayIn('zh')('progress.left')).toBe('剩余 {time}')
})

test('the language is that of --lang, then of the locale, then English', () => {
  expect(languageOf(['run', '--lang', 'zh'], { LANG: 'en_US.UTF-8' })).toBe('zh')
  expect(languageOf(['run', '--lang=en'], { LANG: 'zh_CN.UTF-8' })).toBe('en')
  expect(languageOf([], { LANG: 'zh_CN.UTF-8' })).toBe('zh')
  expect(languageOf([], { LC_ALL: 'C', LANG: 'zh_CN.UTF-8' })).toBe('en')
  expect(languageOf(['--lang'], {})).toBe('en')
})
