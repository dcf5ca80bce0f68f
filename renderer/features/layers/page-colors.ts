import { useColorScheme, useSettings, type Theme } from '../../app/settings.ts'

/** A token of the page as a colour: `color('simulated')`. */
export type Color = (name: (typeof NAMES)[number]) => string

const known = new Map<string, Color>()

/** The tokens of a theme, read once from the page that shows it. */
function colorsOf(theme: Theme, scheme: 'light' | 'dark'): Color {
  const key = `${theme === 'contrast' ? theme : ''} ${scheme}`
  const colors = known.get(key) ?? readColors()
  known.set(key, colors)
  return colors
}

const NAMES = ['text', 'muted', 'edge', 'line-soft', 'panel', 'simulated', 'warning', 'bad'] as const

/** The computed style changes with the page, so every token is taken now. */
function readColors(): Color {
  const style = getComputedStyle(document.documentElement)
  const values = Object.fromEntries(NAMES.map((name) => [name, style.getPropertyValue(`--${name}`).trim()])) as Record<(typeof NAMES)[number], string>
  return (name) => values[name]
}

/** Colours in force, for what is drawn on a canvas. */
export function usePageColors(): Color {
  const { theme } = useSettings()
  return colorsOf(theme, useColorScheme())
}
