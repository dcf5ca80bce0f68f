import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import type { FaultData } from '../../../main/core/fault.ts'
import { ensureFolder, writeFileAtomic } from '../../../main/core/files.ts'
import { temporaryFolder } from '../../fixtures/temporary-folder.ts'
import { faultOf } from '../../fixtures/thrown-fault.ts'

const folder = temporaryFolder()
const at = (...parts: string[]): string => join(folder, ...parts)

describe('ensureFolder', () => {
  it('makes every missing folder on the way, and is content with those that are there', () => {
    ensureFolder(at('a', 'b', 'c'))
    expect(statSync(at('a', 'b', 'c')).isDirectory()).toBe(true)
    ensureFolder(at('a', 'b', 'c'))
    ensureFolder(at('a', 'b', 'd', '..', 'e'))
    expect(readdirSync(at('a', 'b'))).toEqual(['c', 'e'])
    ensureFolder(relative(process.cwd(), at('f')))
    expect(existsSync(at('f'))).toBe(true)
  })

  it('goes through a link to a folder', () => {
    ensureFolder(at('real'))
    symlinkSync(at('real'), at('link'))
    ensureFolder(at('link', 'inner'))
    expect(existsSync(at('real', 'inner'))).toBe(true)
  })

  it('refuses where a file, or a link to nothing, stands in the way, and names it', async () => {
    writeFileSync(at('file'), '')
    for (const path of [at('file'), at('file', 'inner', 'most')]) {
      expect(await faultOf(() => ensureFolder(path))).toMatchObject({ code: 'workspace.enotdir', what: 'a file stands where a folder is needed', where: at('file') })
    }
    symlinkSync(at('nothing'), at('dangling'))
    expect(await faultOf(() => ensureFolder(at('dangling', 'inner')))).toMatchObject({ code: 'workspace.enotdir', where: at('dangling') })
    expect(existsSync(at('nothing'))).toBe(false)
  })

  it('refuses a name that no file system takes, and links that lead in a circle', async () => {
    expect(await faultOf(() => ensureFolder(at('x'.repeat(5000))))).toMatchObject({ code: 'workspace.enametoolong' })
    symlinkSync(at('circle'), at('circle'))
    expect(await faultOf(() => ensureFolder(at('circle', 'inner')))).toMatchObject({ code: 'workspace.eloop' })
  })

  const isRoot = process.getuid?.() === 0
  if (isRoot) console.warn('SKIPPED: a folder without permission to write: root may write everywhere')
  it.skipIf(isRoot || process.platform === 'win32')('refuses a folder that may not be written', async () => {
    ensureFolder(at('locked'))
    chmodSync(at('locked'), 0o500)
    expect(await faultOf(() => ensureFolder(at('locked', 'inner')))).toMatchObject({ code: 'workspace.eacces', where: at('locked', 'inner') })
    chmodSync(at('locked'), 0o700)
  })
})

describe.skipIf(process.platform !== 'linux')('a file system that takes no folders', () => {
  /** In a process of its own: what is tested for is a call that never returns. */
  function told(script: string, ...words: string[]): FaultData {
    const path = fileURLToPath(new URL(`../../fixtures/${script}`, import.meta.url))
    const { error, stdout } = spawnSync(process.execPath, [path, ...words], { encoding: 'utf8', timeout: 10_000, killSignal: 'SIGKILL' })
    if (error) throw error
    return JSON.parse(stdout) as FaultData
  }

  it.each(['/proc/scalewright', '/proc/scalewright/inner'])('is a fault for %s, not an endless wait', (path) => {
    const expected = { code: expect.stringMatching(/^workspace\.(enoent|eacces|eperm)$/), where: '/proc/scalewright', next: expect.stringContaining('Choose') }
    expect(told('folder-maker.ts', path)).toMatchObject(expected)
    expect(told('store-opener.ts', path)).toMatchObject(expected)
  })
})

describe('writeFileAtomic', () => {
  it('writes whole files into folders that it makes, and leaves nothing else there', async () => {
    await writeFileAtomic(at('new', 'inner', 'file.txt'), 'one')
    await writeFileAtomic(at('new', 'inner', 'file.txt'), new TextEncoder().encode('two'))
    expect(readFileSync(at('new', 'inner', 'file.txt'), 'utf8')).toBe('two')
    expect(readdirSync(at('new', 'inner'))).toEqual(['file.txt'])
  })

  it('leaves the old file and no other when writing fails', async () => {
    writeFileSync(at('kept.txt'), 'kept')
    const broken = function* (): Iterable<Uint8Array> {
      yield new Uint8Array(10)
      throw Object.assign(new Error('no space'), { code: 'ENOSPC' })
    }
    const before = readdirSync(folder)
    expect(await faultOf(() => writeFileAtomic(at('kept.txt'), broken()))).toMatchObject({ code: 'workspace.enospc', where: at('kept.txt') })
    expect(readFileSync(at('kept.txt'), 'utf8')).toBe('kept')
    expect(readdirSync(folder)).toEqual(before)
  })

  it('refuses a folder under the name of the file, and a file where a folder is needed', async () => {
    ensureFolder(at('taken'))
    expect(await faultOf(() => writeFileAtomic(at('taken'), 'x'))).toMatchObject({ code: 'workspace.eisdir' })
    expect(await faultOf(() => writeFileAtomic(at('kept.txt', 'x'), 'x'))).toMatchObject({ code: 'workspace.enotdir', where: at('kept.txt') })
  })
})
