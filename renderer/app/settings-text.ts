export const THEMES = ['system', 'light', 'dark', 'contrast'] as const
export type Theme = (typeof THEMES)[number]
export const LANGUAGES = ['en', 'zh'] as const
export type Language = (typeof LANGUAGES)[number]

export interface Settings {
  readonly theme: Theme
  readonly language: Language
  /** Whether single letters are shortcuts. */
  readonly letters: boolean
}

const isOneOf = <T extends string>(choices: readonly T[], value: unknown): value is T => choices.some((choice) => choice === value)

/** What was remembered. Anything that is not a setting of ours counts as not remembered. */
export function settingsFrom(text: string | null, navigatorLanguage: string): Settings {
  let kept: unknown
  try {
    kept = JSON.parse(text ?? '{}')
  } catch {
    kept = {}
  }
  const { theme, language, letters } = (kept ?? {}) as Partial<Record<keyof Settings, unknown>>
  return {
    theme: isOneOf(THEMES, theme) ? theme : 'system',
    language: isOneOf(LANGUAGES, language) ? language : /^zh/i.test(navigatorLanguage) ? 'zh' : 'en',
    letters: letters !== false,
  }
}
