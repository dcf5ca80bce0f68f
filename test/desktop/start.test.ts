import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../fixtures/temporary-folder.ts'

const PROJECT = fileURLToPath(new URL('../..', import.meta.url))
const start = (environment: Readonly<Record<string, string>>, ...words: string[]) =>
  spawnSync(process.execPath, [join(PROJECT, 'scripts/start.mjs'), ...words], { encoding: 'utf8', env: { ...process.env, ...environment } })

describe('npm start', () => {
  it('without Electron\'s binary says in two lines how to get it', () => {
    const { status, stdout, stderr } = start({ ELECTRON_OVERRIDE_DIST_PATH: join(temporaryFolder(), 'dist') })
    expect([status, stdout]).toEqual([2, ''])
    const lines = stderr.trimEnd().split('\n')
    expect(lines).toHaveLength(2)
    expect(lines[0]).toMatch(/^error: Electron's binary is not here: .*dist.*electron/i)
    expect(lines[1]).toMatch(/^ {2}next {2}npx install-electron .*npx scalewright serve/)
    // What is named there is what the installed Electron brings.
    expect(existsSync(join(PROJECT, 'node_modules/.bin/install-electron'))).toBe(true)
  })

  it.skipIf(process.platform === 'win32')('opens the built program with it, hands on its words and gives its exit code', () => {
    if (!existsSync(join(PROJECT, 'out/main/electron.js'))) throw new Error('out/ is missing: run `npm run build` before this test')
    const dist = temporaryFolder()
    const program = join(dist, process.platform === 'darwin' ? 'Electron.app/Contents/MacOS/Electron' : 'electron')
    mkdirSync(dirname(program), { recursive: true })
    writeFileSync(program, '#!/bin/sh\nprintf "%s\\n" "$ELECTRON_RUN_AS_NODE" "$@"\nexit 7\n')
    chmodSync(program, 0o755)
    const { status, stdout } = start({ ELECTRON_OVERRIDE_DIST_PATH: dist, ELECTRON_RUN_AS_NODE: '1' }, 'a model.onnx', '--workspace', 'x')
    expect([status, stdout.split('\n')]).toEqual([7, ['', join(PROJECT, 'out/main/electron.js'), 'a model.onnx', '--workspace', 'x', '']])
    writeFileSync(program, '#!/bin/sh\nkill -9 $$\n')
    expect(start({ ELECTRON_OVERRIDE_DIST_PATH: dist }).status).toBe(137)
    chmodSync(program, 0o644)
    const broken = start({ ELECTRON_OVERRIDE_DIST_PATH: dist })
    expect([broken.status, broken.stderr.trimEnd().split('\n').length]).toEqual([2, 2])
  })
})
