import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import type { GateReport, HistoryExport, HistoryImport, LineageNode, RunMarks, RunSummary } from '../../main/app/api.ts'
import { openApp } from '../../main/app/app.ts'
import type { Run } from '../../main/core/run.ts'
import { quietTask } from '../../main/core/task.ts'
import { SAMPLE, scalewright } from '../fixtures/command.ts'
import { smallRecipe } from '../fixtures/small-recipe.ts'
import { temporaryFolder } from '../fixtures/temporary-folder.ts'

describe.skipIf(SAMPLE === null)('the history from the terminal', () => {
  const folder = temporaryFolder()
  const workspace = join(folder, 'ws')
  let run: Run
  let child: Run
  beforeAll(async () => {
    const app = await openApp({ workspace, cwd: folder, threads: 1 })
    run = await app.run({ recipe: await smallRecipe('gates.psnr_y_drop_db=-5', 'gates.size_ratio=0.001') }, quietTask)
    child = await app.quantize({ recipe: await smallRecipe('quantize.activations.method=max'), parent: run.run }, quietTask)
    await app.close()
  })

  async function json<Document>(words: readonly string[], place = workspace): Promise<{ code: number | null; document: Document }> {
    const { code, stdout, stderr } = await scalewright([...words, '--json', '--workspace', place], { cwd: folder })
    expect(stdout, stderr).not.toBe('')
    return { code, document: JSON.parse(stdout) as Document }
  }

  test('a gate that failed fails the command until every one is waived with a reason, which stays', async () => {
    expect((await json<GateReport>(['runs', 'gate', run.run, '--baseline', run.run])).document).toMatchObject({ passed: false, accepted: false })
    expect((await json<{ error: { code: string } }>(['runs', 'gate', run.run])).document.error.code).toBe('input.no-baseline')
    expect(await json(['runs', 'pin', run.run])).toMatchObject({ code: 0, document: { baseline: run.run } })
    const waive = (gate: string) => json<{ waivers: unknown[] }>(['runs', 'waive', run.run, '--gate', gate, '--reason', 'asked for too much'])
    expect((await waive('psnr_y_drop_db')).code).toBe(0)
    expect(await json(['runs', 'gate', run.run])).toMatchObject({ code: 1, document: { accepted: false } })
    expect((await waive('size_ratio <= 0.001')).document.waivers).toHaveLength(2)
    expect(await json(['runs', 'gate', run.run])).toMatchObject({ code: 0, document: { passed: false, accepted: true, baseline: run.run } })
    const person = await scalewright(['runs', 'show', run.run, '--workspace', workspace], { cwd: folder })
    expect(person.stdout).toContain('FAILED (waived: asked for too much)')
    expect(person.stdout).toMatch(/\nwaivers\n {2}rule .*\n {2}psnr_y_drop_db <= -5 {2}asked for too much/)
    expect((await json<Run & RunMarks>(['runs', 'show', run.run])).document).toMatchObject({ run: run.run, baseline: run.run, waivers: [{ rule: 'psnr_y_drop_db <= -5' }, { rule: 'size_ratio <= 0.001' }] })
    expect(await waive('nothing')).toMatchObject({ code: 2, document: { error: { code: 'input.no-gate' } } })
  })

  test('notes and lineage', async () => {
    expect(await json(['runs', 'note', child.run, 'max 太宽\n\nkeep'])).toMatchObject({ code: 0, document: { note: 'max 太宽\n\nkeep' } })
    const { document } = await json<{ nodes: LineageNode[] }>(['runs', 'lineage', child.run])
    expect(document.nodes.map(({ run: one, depth }) => [one.run, depth])).toEqual([[run.run, -1], [child.run, 0]])
    expect(document.nodes[1]).toMatchObject({ run: { note: 'max 太宽', method: 'max' }, changes: expect.arrayContaining([{ key: 'quantize.activations.method', a: 'auto', b: 'max' }]) as unknown })
    const person = await scalewright(['runs', 'lineage', child.run, '--workspace', workspace], { cwd: folder })
    expect(person.stdout).toContain(`\n  ${run.run}  `)
    expect(person.stdout).toContain(`\n    ${child.run}  `)
  })

  test('history goes to another workspace as a file, once', async () => {
    const [file, other] = [join(folder, 'history.zip'), join(folder, 'other')]
    const exported = await json<HistoryExport>(['runs', 'export', child.run, '--out', 'history.zip'])
    expect(exported).toMatchObject({ code: 0, document: { path: file, runs: 2, leftOut: 0 } })
    expect(exported.document.artifacts).toBeGreaterThan(2)
    expect(await json<HistoryImport>(['runs', 'import', 'history.zip'], other)).toMatchObject({ code: 0, document: { added: [run.run, child.run], known: 0 } })
    expect((await json<{ runs: RunSummary[] }>(['runs', 'list'], other)).document.runs).toEqual((await json<{ runs: RunSummary[] }>(['runs', 'list'])).document.runs)
    expect((await json<{ ok: boolean }>(['doctor'], other)).document.ok).toBe(true)
    const again = await scalewright(['runs', 'import', 'history.zip', '--workspace', other], { cwd: folder })
    expect(again).toMatchObject({ code: 0, stdout: '0 runs added with 0 files, 2 were here already\n' })
    writeFileSync(file, 'no history')
    expect(await json(['runs', 'import', 'history.zip'], other)).toMatchObject({ code: 2, document: { error: { code: 'input.not-a-history', where: file } } })
    expect(await json(['runs', 'import', 'nothing.zip'], other)).toMatchObject({ code: 2, document: { error: { code: 'input.missing-file' } } })
  })
})
