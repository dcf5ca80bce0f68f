import { mkdirSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { openApp } from '../../../main/app/app.ts'
import { findWorkspace, userDataFolder } from '../../../main/app/workspace.ts'
import { temporaryFolder } from '../../fixtures/temporary-folder.ts'

const folder = temporaryFolder()
const make = (...parts: string[]): string => {
  const made = join(folder, ...parts)
  mkdirSync(made, { recursive: true })
  return made
}

describe('the workspace', () => {
  afterEach(() => void vi.unstubAllEnvs())

  it('is the folder that is named, counted from where the command was typed, also where it does not exist yet', () => {
    const cwd = make('named', 'inner')
    writeFileSync(join(cwd, 'scalewright.db'), '')
    expect(findWorkspace(cwd, '../other')).toBe(join(folder, 'named', 'other'))
    expect(findWorkspace(cwd, join(folder, 'far'))).toBe(join(folder, 'far'))
  })

  it('is else the nearest folder upward that holds one, this one first', () => {
    const outer = make('project')
    const inner = make('project', 'a', 'b')
    writeFileSync(join(outer, 'scalewright.db'), '')
    expect(findWorkspace(inner)).toBe(outer)
    writeFileSync(join(folder, 'project', 'a', 'scalewright.db'), '')
    expect(findWorkspace(inner)).toBe(join(outer, 'a'))
    writeFileSync(join(inner, 'scalewright.db'), '')
    expect(findWorkspace(inner)).toBe(inner)
  })

  it("is else in the user's data folder, and opening the app writes nothing yet", async () => {
    const cwd = make('nowhere')
    const data = join(folder, 'data')
    if (process.platform === 'linux') {
      vi.stubEnv('XDG_DATA_HOME', data)
      expect(findWorkspace(cwd)).toBe(join(data, 'scalewright'))
      const app = await openApp({ cwd })
      expect(app.workspace).toBe(join(data, 'scalewright'))
      expect(await app.runs.list({})).toEqual([])
      await app.close()
      expect(findWorkspace(join(data, 'scalewright'))).toBe(join(data, 'scalewright'))
    } else expect(findWorkspace(cwd)).toBe(join(userDataFolder(), 'scalewright'))
  })

  it.each([
    ['linux', { XDG_DATA_HOME: '/data' }, '/data'],
    ['linux', {}, join(homedir(), '.local', 'share')],
    // A relative or empty value is to be ignored (XDG Base Directory Specification).
    ['linux', { XDG_DATA_HOME: '' }, join(homedir(), '.local', 'share')],
    ['linux', { XDG_DATA_HOME: 'relative' }, join(homedir(), '.local', 'share')],
    ['darwin', { XDG_DATA_HOME: '/data' }, join(homedir(), 'Library', 'Application Support')],
    ['win32', { APPDATA: '/roaming' }, '/roaming'],
    ['win32', {}, join(homedir(), 'AppData', 'Roaming')],
  ] as const)('keeps to the rules of %s with %o', (platform, environment, expected) => {
    expect(userDataFolder(environment, platform)).toBe(expected)
  })
})
