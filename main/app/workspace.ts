import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, isAbsolute, join, resolve } from 'node:path'

const DATABASE = 'scalewright.db'

/** The folder named, else the nearest one upward that is a workspace, else the one in the user's data folder. */
export function findWorkspace(cwd: string, named?: string): string {
  if (named !== undefined) return resolve(cwd, named)
  for (let folder = resolve(cwd); ; folder = dirname(folder)) {
    if (existsSync(join(folder, DATABASE))) return folder
    if (dirname(folder) === folder) return join(userDataFolder(), 'scalewright')
  }
}

/** Where this system keeps a user's data. */
export function userDataFolder(environment: NodeJS.ProcessEnv = process.env, platform: NodeJS.Platform = process.platform): string {
  if (platform === 'win32') return environment['APPDATA'] ?? join(homedir(), 'AppData', 'Roaming')
  if (platform === 'darwin') return join(homedir(), 'Library', 'Application Support')
  const named = environment['XDG_DATA_HOME'] ?? ''
  // Anything else is to be ignored (XDG Base Directory Specification).
  return isAbsolute(named) ? named : join(homedir(), '.local', 'share')
}
