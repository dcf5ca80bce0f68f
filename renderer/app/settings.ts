import { useSyncExternalStore } from 'react'
import { settingsFrom, type Settings } from './settings-text.ts'

export { LANGUAGES, THEMES, type Language, type Settings, type Theme } from './settings-text.ts'

/** public/first-paint.js reads the same entry before the window is drawn. */
const KEY = 'scalewright.settings'

let current: Settings | undefined
const listeners = new Set<() => void>()

export const settings = (): Settings => (current ??= settingsFrom(localStorage.getItem(KEY), navigator.language))

export function changeSettings(change: Partial<Settings>): void {
  current = { ...settings(), ...change }
  localStorage.setItem(KEY, JSON.stringify(current))
  showTheme()
  for (const listener of listeners) listener()
}

export function onSettings(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export const useSettings = (): Settings => useSyncExternalStore(onSettings, settings)

const lightSystem = (): MediaQueryList => matchMedia('(prefers-color-scheme: light)')

function onSystemScheme(listener: () => void): () => void {
  const query = lightSystem()
  const tell = (): void => {
    showTheme()
    listener()
  }
  query.addEventListener('change', tell)
  return () => query.removeEventListener('change', tell)
}

/** Light or dark, as the setting and the system say; high contrast stands on dark. */
function schemeOf({ theme }: Settings): 'light' | 'dark' {
  if (theme === 'system') return lightSystem().matches ? 'light' : 'dark'
  return theme === 'light' ? 'light' : 'dark'
}

/** Puts the theme on the page. */
function showTheme(): void {
  const { dataset } = document.documentElement
  dataset['mantineColorScheme'] = schemeOf(settings())
  if (settings().theme === 'contrast') dataset['contrast'] = 'more'
  else delete dataset['contrast']
}

export function useColorScheme(): 'light' | 'dark' {
  const settings = useSettings()
  useSyncExternalStore(onSystemScheme, () => lightSystem().matches)
  return schemeOf(settings)
}
