import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { App } from '../../main/app/api.ts'
import { openApp } from '../../main/app/app.ts'
import { commandLine } from '../../main/cli/command-line.ts'
import { parseCsv } from '../../main/core/csv.ts'
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

  it('take the names of the importer’s own file, and say what it does not have', async () => {
    await type('export', run.run, '--board', 'sophon-bm1684', '--out', 'plain')
    const rows = parseCsv(readFileSync(join(folder, 'plain/names.csv'), 'utf8'), 'names.csv').slice(1).map(({ cells }) => cells)
    // As model_transform writes it: one operator became another, and with the last one gone its range has no place.
    const used = rows.filter(([, , , , matched]) => matched === 'yes')
    const [last, turned] = [used.at(-1)!, used.at(-2)!]
    const names = rows.map(([, , , vendor]) => (vendor === turned[3] ? `${turned[0]!}_Turned` : vendor!)).filter((vendor) => vendor !== last[3])
    const mlir = (all: readonly string[]): string => `module @net {\n${all.map((_, index) => `    %${index} = "top.Conv"(%0) {pads = [0]} : (tensor<1xf32>) -> tensor<1xf32> loc(#loc${index + 1})`).join('\n')}\n} loc(#loc)\n${all.map((name, index) => `#loc${index + 1} = loc("${name}")`).join('\n')}\n`
    writeFileSync(join(folder, 'net.mlir'), mlir(names))
    const refused = await type('export', run.run, '--board', 'sophon-bm1684', '--out', 'named', '--names', 'net.mlir')
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining(`no operator for 1 ranges (${used.length - 1}/${used.length} rows matched)`)])
    expect((await type('export', run.run, '--board', 'sophon-bm1684', '--out', 'named', '--names', 'net.mlir', '--force')).code).toBe(0)
    const named = parseCsv(readFileSync(join(folder, 'named/names.csv'), 'utf8'), 'names.csv').slice(1).map(({ cells }) => cells)
    expect(named.find(([name]) => name === last[0])!.slice(3)).toEqual(['', 'absent'])
    expect(named.find(([name]) => name === turned[0])!.slice(3)).toEqual([`${turned[0]!}_Turned`, 'yes'])
    const table = readFileSync(join(folder, 'named/thresholds/sample_x2_cali_table'), 'utf8')
    expect([table.includes(`\n${turned[0]!}_Turned `), table.includes(`\n${last[3]!} `)]).toEqual([true, false])
    const wrong = await type('export', run.run, '--board', 'tensorrt', '--out', 'x', '--names', 'net.mlir')
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringMatching(/no format of this board has names/)])
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
