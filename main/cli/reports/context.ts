import { isAbsolute, relative, sep } from 'node:path'
import type { Style } from '../layout.ts'
import type { Say } from '../texts/texts.ts'

/** What a report needs to know of the one who reads it. */
export interface ReportContext {
  readonly say: Say
  readonly style: Style
  /** Names longer than this are cut in the middle; Infinity where a program reads. */
  readonly longestName: number
  readonly cwd: string
}

/** A path as one would type it from `cwd`: relative where it lies below, else absolute. */
export function shownPath(path: string, cwd: string): string {
  const inside = relative(cwd, path)
  return inside === '' || inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside) ? path : inside
}

export { shellWord } from '../../core/shell-word.ts'

/** Parts of a report with an empty line between; empty parts are left out. */
export const reportText = (parts: readonly (readonly string[])[]): string =>
  parts.filter((part) => part.length > 0).map((part) => `${part.join('\n')}\n`).join('\n')
