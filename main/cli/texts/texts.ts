import { en } from './en.ts'
import { zh } from './zh.ts'

export type TextKey = keyof typeof en
export type Language = 'en' | 'zh'
export const LANGUAGES: readonly Language[] = ['en', 'zh']

/** A text of the terminal in the language in force, its `{names}` filled in. */
export type Say = (key: TextKey, values?: Readonly<Record<string, string | number>>) => string

export const TEXTS: Readonly<Record<Language, Readonly<Record<TextKey, string>>>> = { en, zh }

export function sayIn(language: Language): Say {
  const texts = TEXTS[language]
  return (key, values = {}) => texts[key].replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole))
}

/** A word of the pipeline (`stage.observe`, `unit.pictures`) in the language in force; as it is where it has no text. */
export const wordIn = (say: Say, family: 'stage' | 'unit', word: string): string => {
  const key = `${family}.${word}`
  return Object.hasOwn(en, key) ? say(key as TextKey) : word
}

/** `--lang` where it is given, else what the system's locale says, else English. */
export function languageOf(argv: readonly string[], environment: Readonly<Record<string, string | undefined>>): Language {
  const at = argv.findLastIndex((word) => word === '--lang' || word.startsWith('--lang='))
  const asked = at < 0 ? undefined : argv[at]!.includes('=') ? argv[at]!.slice('--lang='.length) : argv[at + 1]
  if (asked === 'en' || asked === 'zh') return asked
  const locale = environment['LC_ALL'] || environment['LC_MESSAGES'] || environment['LANG'] || ''
  return /^zh/i.test(locale) ? 'zh' : 'en'
}
