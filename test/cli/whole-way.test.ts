import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CalibrateResult, DemoResult, GateReport, InspectReport, RunDiff, RunSummary } from '../../main/app/api.ts'
import type { Run } from '../../main/core/run.ts'
import { SAMPLE, scalewright } from '../fixtures/command.ts'

describe.skipIf(SAMPLE === null)('the whole way from the terminal', () => {
  let folder: string
  let workspace: string
  const model = join(SAMPLE ?? '', 'models/sample_x2.onnx')
  const few = ['--set', 'samples.calibration.count=4', '--set', 'samples.evaluation.count=2', '--set', 'compare.layers=accumulated', '--set', 'compare.samples=1']
  const pictures = ['--samples', join(SAMPLE ?? '', 'calibration'), '--evaluation', join(SAMPLE ?? '', 'evaluation')]
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'scalewright-way-'))
    workspace = join(folder, 'ws')
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  async function json<Document>(...words: string[]): Promise<{ code: number | null; document: Document }> {
    const { code, stdout, stderr } = await scalewright([...words, '--json', '--workspace', workspace], { cwd: folder })
    expect(stdout, stderr).not.toBe('')
    return { code, document: JSON.parse(stdout) as Document }
  }

  test('inspect', async () => {
    const { code, document } = await json<InspectReport>('inspect', model)
    expect(code).toBe(0)
    expect(document).toMatchObject({ path: model, opsets: { '': 17 }, bytes: readFileSync(model).length })
    expect(document.inputs).toMatchObject([{ name: 'input', type: 'float32', layout: 'nchw' }])
    expect(document.operators.find(({ op }) => op === 'Conv')?.count).toBe(7)
    expect(document.parameters).toBeGreaterThan(30_000)
    const person = await scalewright(['inspect', model, '--workspace', workspace])
    expect(person.stdout).toMatch(/^model\n/)
    expect(person.stdout).toMatch(/\n {2}Conv +7\n/)
  })

  test('calibrate writes Statistics that quantize takes without samples; the same pictures are not looked at twice', async () => {
    const statistics = join(folder, 'statistics.bin')
    const { code, document } = await json<CalibrateResult>('calibrate', model, ...pictures, ...few, '--out', statistics)
    expect([code, document.verb, document.status]).toEqual([0, 'calibrate', 'done'])
    expect(document.samples?.calibration?.count).toBe(4)
    expect(document.tensors.find(({ tensor }) => tensor === 'input')).toMatchObject({ channels: 3, min: expect.any(Number) as number })
    expect(existsSync(statistics)).toBe(true)

    const quantized = join(folder, 'quantized.onnx')
    const second = await json<Run>('quantize', model, '--statistics', statistics, '--out', quantized)
    expect([second.code, second.document.verb]).toEqual([0, 'quantize'])
    expect(second.document.scales?.length).toBeGreaterThan(10)
    expect(readFileSync(quantized).length).toBeLessThan(readFileSync(model).length)

    const again = await json<Run>('calibrate', model, ...pictures, ...few)
    expect(again.document.calibration?.statisticsFrom).toBe(document.run)
  })

  test('compare two models: quality, layers, latency, size', async () => {
    const { code, document } = await json<Run>('compare', model, join(folder, 'quantized.onnx'), '--samples', join(SAMPLE!, 'evaluation'), '--set', 'samples.evaluation.count=2')
    expect([code, document.verb]).toEqual([0, 'compare'])
    expect(document.quality).toMatchObject({ protocol: 'psnr-y/shave2/studio', unit: 'dB' })
    expect(document.quality!.float! - document.quality!.simulated!).toBeLessThan(0.5)
    expect(document.latency!.floatMs.runs).toBeGreaterThan(0)
    expect(document.size!.ratio).toBeLessThan(1)
  })

  test('run, its gates, and the history of it', async () => {
    await writeFile(join(folder, 'r.yaml'), `model: ${model}
samples:
  calibration: { path: ${join(SAMPLE!, 'calibration')}, count: 4 }
  evaluation: { path: ${join(SAMPLE!, 'evaluation')}, count: 2 }
compare: { layers: accumulated, samples: 1 }
gates: { psnr_y_drop_db: 1 }
`)
    const good = await json<Run>('run', 'r.yaml')
    expect([good.code, good.document.gates]).toMatchObject([0, [{ passed: true }]])
    expect(good.document).toMatchObject({ verb: 'run', status: 'done', parent: null })
    for (const part of ['model', 'samples', 'calibration', 'quality', 'latency', 'size', 'scales', 'layers', 'artifacts', 'environment'] as const) {
      expect(good.document[part], part).toBeDefined()
    }
    const bad = await json<Run>('run', 'r.yaml', '--set', 'gates.psnr_y_drop_db=-5')
    expect([bad.code, bad.document.gates]).toMatchObject([1, [{ passed: false }]])

    const person = await scalewright(['run', 'r.yaml', '--method', 'max', '--workspace', workspace], { cwd: folder })
    expect(person.code, person.stderr).toBe(0)
    const id = person.stdout.trimEnd().split('\n').at(-1)!
    expect(person.stderr).toMatch(/100 %/)
    expect(person.stdout).toMatch(/\nquality {2}psnr-y\/shave2\/studio/)

    const { document: list } = await json<{ runs: RunSummary[] }>('runs', 'list')
    expect(list.runs[0]).toMatchObject({ run: id, verb: 'run', status: 'done' })
    expect((await json<Run>('runs', 'show', id)).document).toMatchObject({ run: id, recipe: { quantize: { activations: { method: 'max' } } } })
    const { document: diff } = await json<RunDiff>('runs', 'diff', good.document.run, id)
    expect(diff.recipe).toEqual([{ key: 'quantize.activations.method', a: 'auto', b: 'max' }])
    expect(diff.scales.length).toBeGreaterThan(0)
    const gate = await json<GateReport>('runs', 'gate', id, '--baseline', good.document.run, '--gate', 'psnr_y_drop_db=5')
    expect([gate.code, gate.document.passed]).toEqual([0, true])
    expect((await json<{ tags: string[] }>('runs', 'tag', id, 'ship')).document.tags).toEqual(['ship'])
    await json('runs', 'archive', id)
    expect((await json<{ runs: RunSummary[] }>('runs', 'list')).document.runs.map(({ run }) => run)).not.toContain(id)
  })

  test('the same recipe gives the same scales and the same model', async () => {
    const quantize = async (): Promise<Run> => (await json<Run>('quantize', model, ...pictures, ...few)).document
    const [first, second] = [await quantize(), await quantize()]
    const bytesOf = (run: Run) => run.artifacts?.find(({ role }) => role === 'quantized-model')?.sha256
    expect(second.scales).toEqual(first.scales)
    expect(bytesOf(first)).toMatch(/^[0-9a-f]{64}$/)
    expect(bytesOf(second)).toBe(bytesOf(first))
  })

  test('demo ends with a picture to look at and two commands to try, which are right', async () => {
    const out = join(folder, 'demo')
    const { code, document } = await json<DemoResult>('demo', '--out', out)
    expect(code).toBe(0)
    expect(document.files.picture.endsWith('.png')).toBe(true)
    for (const file of Object.values(document.files)) expect(existsSync(file), file).toBe(true)
    expect((await scalewright(['run', document.files.recipe, '--print-recipe'])).code).toBe(0)
    const person = await scalewright(['demo', '--out', out, '--workspace', workspace], { cwd: folder })
    const tried = person.stdout.split('\n').filter((line) => line.startsWith('  npx scalewright '))
    expect(tried).toHaveLength(2)
    const shown = await scalewright(tried[0]!.trim().split(' ').slice(2), { cwd: folder })
    expect(shown.code, shown.stderr).toBe(0)
  }, 120_000)

  test('doctor', async () => {
    const { code, document } = await json<{ ok: boolean; checks: { name: string }[] }>('doctor')
    expect([code, document.ok]).toEqual([0, true])
    expect(document.checks.map(({ name }) => name)).toEqual(expect.arrayContaining(['node', 'onnxruntime', 'memory', 'disk', 'workspace']))
  })
})
