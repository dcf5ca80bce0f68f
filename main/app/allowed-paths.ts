import { existsSync, realpathSync } from 'node:fs'
import { dirname, isAbsolute, join, relative, sep } from 'node:path'
import { Fault } from '../core/fault.ts'

/** Refuses paths that a window may not name. Throws `input.outside-roots`. */
export type PathGuard = (paths: readonly string[], known?: readonly string[]) => void

/** Every path: for a door that only the person at this machine can use. */
export const anyPath: PathGuard = () => undefined

/**
 * Paths at or below the roots, links followed; and paths that a recorded run already names (`known`).
 * What does not exist yet is judged by the nearest folder that does.
 */
export function pathsBelow(roots: readonly string[]): PathGuard {
  const real = roots.map(realPath)
  return (paths, known = []) => {
    const outside = paths.find((path) => !known.includes(path) && !real.some((root) => isBelow(realPath(path), root)))
    if (outside === undefined) return
    throw new Fault({
      code: 'input.outside-roots', where: outside, what: 'this page may not read there',
      next: `It may read below ${roots.join(', ')}. Start it in another folder, or with --root FOLDER.`,
    })
  }
}

function realPath(path: string): string {
  const rest: string[] = []
  let at = path
  while (!existsSync(at) && dirname(at) !== at) {
    rest.unshift(relative(dirname(at), at))
    at = dirname(at)
  }
  return join(realpathSync(at), ...rest)
}

function isBelow(path: string, root: string): boolean {
  const inside = relative(root, path)
  return inside !== '..' && !inside.startsWith(`..${sep}`) && !isAbsolute(inside)
}
