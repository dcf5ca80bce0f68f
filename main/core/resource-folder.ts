import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Fault } from './fault.ts'

/** `resources/<name>` beside the sources, the compiled files and in an installed package alike; `file` is one that it certainly holds. */
export function resourceFolder(name: string, file: string): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    const found = join(folder, 'resources', name)
    if (existsSync(join(found, file))) return found
    if (dirname(folder) === folder) throw new Fault({ code: 'bug.no-resource', what: `the bundled resources/${name} is missing`, next: 'Install Scalewright again.' })
  }
}
