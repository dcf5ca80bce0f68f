import { createInstance } from 'i18next'
import { initReactI18next, useTranslation } from 'react-i18next'
import type { Language } from '../app/settings.ts'
import { loadEngineWords } from './engine-words.ts'
import { en } from './en.ts'
import { zh } from './zh.ts'

type Keys = keyof typeof en
/** A key of the catalogues; of the forms of a plural (`_one`, `_other`) the part before them, to be used with `count`. */
export type TextKey = Keys extends infer K ? (K extends `${infer Base}_one` ? Base : K extends `${string}_other` ? never : K) : never

/** A text in the language in force, its `{{names}}` filled in. */
export type Say = (key: TextKey, values?: Readonly<Record<string, string | number>>) => string

export const CATALOGUES: Readonly<Record<Language, Readonly<Record<Keys, string>>>> = { en, zh }

const texts = createInstance()

const FLAT = { keySeparator: false, nsSeparator: false, returnNull: false, interpolation: { escapeValue: false } } as const

export async function startTexts(language: Language): Promise<void> {
  await loadEngineWords(language)
  await texts.use(initReactI18next).init({
    ...FLAT,
    lng: language,
    fallbackLng: false,
    initAsync: false,
    resources: { en: { translation: en }, zh: { translation: zh } },
  })
}

export async function changeLanguage(language: Language): Promise<void> {
  await loadEngineWords(language)
  await texts.changeLanguage(language)
}

export function useSay(): Say {
  const { t } = useTranslation()
  return (key, values) => t(key, { ...values })
}

/** The text of a key that may not be in the catalogues. */
export const textOf = (say: Say, key: string): string | undefined => (Object.hasOwn(en, key) ? say(key as TextKey) : undefined)

/** A word of the program (`stage.observe`, `status.done`) in the language in force; as it is where it has no text. */
export function wordIn(say: Say, family: 'stage' | 'unit' | 'status' | 'verb' | 'kind' | 'role' | 'layers' | 'check' | 'part', word: string): string {
  return textOf(say, `${family}.${word}`) ?? word
}
