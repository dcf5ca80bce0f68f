import { useSettings, type Language } from '../app/settings.ts'
import { readerOf } from './engine-reader.ts'

/** A sentence of the engine as it is shown, and the language it is shown in. */
export interface EngineWord {
  readonly text: string
  readonly lang: Language
}

/** The sentence in the language in force; as it was written where no pattern knows it. */
export type EngineWords = (text: string) => EngineWord

let chinese: ((text: string) => string | undefined) | undefined

/** Fetches what the language needs for the sentences of the engine; English needs nothing. */
export async function loadEngineWords(language: Language): Promise<void> {
  if (language === 'zh') chinese ??= readerOf((await import('./zh/engine.ts')).engine)
}

const inEnglish: EngineWords = (text) => ({ text, lang: 'en' })

function inChinese(text: string): EngineWord {
  const said = chinese?.(text)
  return said === undefined ? { text, lang: 'en' } : { text: said, lang: 'zh' }
}

/** Sentences that the engine recorded, as the window shows them. The recorded ones stay as they are. */
export function useEngineWords(): EngineWords {
  return useSettings().language === 'zh' ? inChinese : inEnglish
}
