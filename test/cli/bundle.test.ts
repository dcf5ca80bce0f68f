import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { App } from '../../main/app/api.ts'
import { openApp } from '../../main/app/app.ts'
import { commandLine } from '../../main/cli/command-line.ts'
import type { Run } from '../../main/core/run.ts'
import { writeRecipe } from '../../main/recipe/write-recipe.ts'
import type { Recipe } from '../../main/recipe/recipe.ts'
import { runToExport } from '../fixtures/bundle-run.ts'
import { memoryTerminal } from '../fixtures/memory-terminal.ts'
import { temporaryFolder } from '../fixtures/temporary-folder.ts'

const folder = temporaryFolder()
let app: App
let run: Run

beforeAll(async () => {
  app = await openApp({ workspace: join(folder, 'ws'), cwd: folder, threads: 1 })
  run = await runToExport(app)
})
afterAll(() => app.close())

/** A command as it is typed, in this process. */
async function type(...words: string[]) {
  const terminal = memoryTerminal()
  const code = await commandLine([...words, '--workspace', join(folder, 'ws'), '--threads', '1', '--quiet'], {
    terminal, cwd: folder, environment: { LANG: 'C' }, signal: new AbortController().signal, openApp, openPage: () => Promise.reject(new Error('no page is asked for')),
  })
  return { code, stdout: terminal.stdout(), stderr: terminal.stderr() }
}

describe('export and verify in a terminal', () => {
  it('write a bundle, say what is in it, and check it; the run is the last line', async () => {
    const made = await type('export', run.run, '--board', 'sophon-bm1684', '--out', 'bundle.zip')
    expect([made.code, made.stderr]).toEqual([0, ''])
    expect(made.stdout).toMatch(/^bundle for sophon-bm1684 {2}bundle\.zip$/m)
    expect(made.stdout).toMatch(/^ {2}thresholds\/ +2 /m)
    expect(made.stdout.trim().split('\n').at(-1)).toMatch(/^[0-9A-HJKMNP-TV-Z]{26}$/)
    const checked = await type('verify', 'bundle.zip', '--lang', 'zh')
    expect([checked.code, checked.stdout.split('\n')[0]]).toEqual([0, `bundle.zip  sophon-bm1684  ${run.run}  验证通过`])
  })

  it('take a recipe for its newest run, and print JSON for programs', async () => {
    writeFileSync(join(folder, 'recipe.yaml'), writeRecipe(run.recipe as Recipe))
    const { code, stdout } = await type('export', 'recipe.yaml', '--out', 'from-recipe', '--json', '--lang', 'zh')
    const { parent, bundle } = JSON.parse(stdout) as Run & { bundle: { board: string; files: { path: string }[] } }
    expect([code, parent, bundle.board]).toEqual([0, run.run, 'ort-cpu'])
    expect(readFileSync(join(folder, 'from-recipe/report/report.md'), 'utf8')).toContain('## 概要')
  })

  it('end with 1 where a byte was changed, and with 2 where nothing can be done', async () => {
    const path = join(folder, 'from-recipe/thresholds/ort_ranges.json')
    writeFileSync(path, readFileSync(path, 'utf8').replace('MinMax', 'MinMix'))
    const changed = await type('verify', 'from-recipe')
    expect([changed.code, changed.stdout]).toEqual([1, expect.stringMatching(/changed {2}thresholds\/ort_ranges\.json: its content was changed/)])
    expect((await type('verify', 'nowhere')).code).toBe(2)
    expect((await type('export', run.run, '--out', 'recipe.yaml')).stderr).toMatch(/a file stands where a folder is to be written/)
    const unknown = await type('export', run.run, '--board', 'sophon-bm1685', '--out', 'x')
    expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringMatching(/sophon-bm1684/)])
    expect((await type('export', run.run)).code).toBe(2)
  })
})
