import { extname, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { PAGE } from './own-page.ts'

/** What the words after the program's name mean. */
export interface DesktopWords {
  /** Absolute folder of the workspace, where one was named. */
  readonly workspace?: string
  /** Absolute paths that are to be opened. */
  readonly paths: readonly string[]
  /** Somebody looks for the terminal's program in this one. */
  readonly cli: boolean
}

/**
 * Reads the command line of the desktop app, relative paths counted from `folder`. Switches of Chromium, and whatever else is not
 * ours, are passed over: systems add words of their own (macOS a process number).
 */
export function readWords(words: readonly string[], folder: string): DesktopWords {
  const { values, positionals } = parseArgs({ args: [...words], options: { workspace: { type: 'string' }, cli: { type: 'boolean' } }, strict: false, allowPositionals: true })
  const paths = positionals.filter(isOpenable).map((path) => resolve(folder, path))
  return { ...(typeof values.workspace === 'string' ? { workspace: resolve(folder, values.workspace) } : {}), paths, cli: values.cli === true }
}

/** Files that a double click hands to us: a model, or a project. */
const isOpenable = (path: string): boolean => ['.onnx', '.qproj'].includes(extname(path).toLowerCase())

/** Where the window takes up a path that was handed over; what opens it checks it. */
export const linkTo = (path: string): string => `${PAGE}#/open?path=${encodeURIComponent(path)}`

/** What a second start hands to the first one; anything else is nothing. */
export function pathsIn(handed: unknown): readonly string[] {
  const paths = (handed as { readonly paths?: unknown } | null | undefined)?.paths
  return Array.isArray(paths) ? paths.filter((path): path is string => typeof path === 'string' && isOpenable(path)) : []
}
