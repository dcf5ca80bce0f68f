import { en } from '../../renderer/texts/en.ts'
import { zh } from '../../renderer/texts/zh.ts'
import type { Language } from '../../renderer/app/settings-text.ts'

export type Words = (key: keyof typeof en, values?: Readonly<Record<string, string | number>>) => string

/** The texts of the window as it says them in a language; a plural by its whole key. */
export function wordsOf(language: Language): Words {
  const texts: Readonly<Record<keyof typeof en, string>> = { en, zh }[language]
  return (key, values = {}) => texts[key].replace(/\{\{(\w+)\}\}/g, (_, name: string) => {
    if (!Object.hasOwn(values, name)) throw new Error(`${key} asks for ${name}`)
    return String(values[name])
  })
}
