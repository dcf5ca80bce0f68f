import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** Our version, from the nearest package.json upwards that is ours: the same from sources, built files and an app archive. */
export function ownVersion(): string {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    const version = versionIn(join(folder, 'package.json'))
    if (version !== null) return version
    if (dirname(folder) === folder) throw new Error('package.json of scalewright is missing')
  }
}

function versionIn(path: string): string | null {
  try {
    const found = JSON.parse(readFileSync(path, 'utf8')) as { name?: unknown; version?: unknown }
    return found.name === 'scalewright' && typeof found.version === 'string' ? found.version : null
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}
