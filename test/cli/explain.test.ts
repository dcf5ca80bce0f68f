import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TensorExplanation } from '../../main/app/api.ts'
import type { Run } from '../../main/core/run.ts'
import { SAMPLE, scalewright } from '../fixtures/command.ts'

describe.skipIf(SAMPLE === null)('quantize --explain and knobs of single layers', () => {
  let folder: string
  const model = join(SAMPLE ?? '', 'models/sample_x2.onnx')
  const samples = ['--samples', join(SAMPLE ?? '', 'calibration'), '--set', 'samples.calibration.count=2']
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'scalewright-explain-'))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  const run = (...words: string[]) => scalewright([...words, '--workspace', join(folder, 'ws')], { cwd: folder })
  const json = async <Document>(...words: string[]) => {
    const { code, stdout, stderr } = await run(...words, '--json')
    expect(stdout, stderr).not.toBe('')
    return { code, document: JSON.parse(stdout) as Document }
  }

  test('wants statistics, takes those of the workspace or of a file, and records nothing', async () => {
    const before = await json<{ error: { code: string } }>('quantize', model, ...samples, '--explain', 'body3.relu')
    expect([before.code, before.document.error.code]).toEqual([2, 'input.not-calibrated'])
    expect((await run('calibrate', model, ...samples, '--out', 'seen.statistics')).code).toBe(0)
    const told = await json<TensorExplanation>('quantize', model, ...samples, '--explain', 'body3.relu', '--set', 'quantize.layers={"op:Conv": {method: mse}}')
    expect(told.code).toBe(0)
    expect(told.document).toMatchObject({ kind: 'activation', by: 'method', line: 'quantize.layers: op:Conv' })
    expect(told.document.methods).toHaveLength(10)
    expect(told.document.row!.hi).toBe(told.document.methods.find(({ name }) => name === 'mse')!.hi)
    const byFile = await json<TensorExplanation>('quantize', model, '--statistics', 'seen.statistics', '--explain', 'body3.relu')
    expect(byFile.document.methods).toEqual(told.document.methods)
    const runs = await json<{ runs: readonly { verb: string }[] }>('runs', 'list')
    expect(runs.document.runs.map(({ verb }) => verb)).toEqual(['calibrate'])
  })

  test('is a page for a person, in both languages, and names the nearest for an unknown name', async () => {
    const { stdout } = await run('quantize', model, '--statistics', 'seen.statistics', '--explain', 'body3.relu')
    expect(stdout).toMatch(/decided by +threshold method: quantize\.activations\.method/)
    expect(stdout).toMatch(/order of resolution/)
    expect(stdout).toMatch(/\n {2}percentile +\d/)
    const chinese = await run('quantize', model, '--statistics', 'seen.statistics', '--explain', 'body3.relu', '--lang', 'zh')
    expect(chinese.stdout).toMatch(/决定顺序/)
    const unknown = await run('quantize', model, '--statistics', 'seen.statistics', '--explain', 'body3.rel')
    expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringContaining('body3.relu') as string])
  })

  test('what tuning changed is shown beside, by the latest run of the same recipe', async () => {
    const tuning = [...samples, '--set', 'quantize.weights.bits=4', '--set', 'quantize.weights.rounding=adaround']
    expect((await run('quantize', model, ...tuning, '--explain', 'body3.relu')).stdout).toMatch(/quantize\.weights\.rounding=adaround\n +No run of this recipe is here: make one/)
    const { document: made } = await json<Run>('quantize', model, ...tuning)
    const { document: after } = await json<TensorExplanation>('quantize', model, ...tuning, '--explain', 'body3.relu')
    expect(after.tuning).toMatchObject({ run: made.run, changes: [{ tensor: after.tensor, kind: 'activation', codes: null, scaleBefore: after.row!.scale, scaleAfter: after.row!.scale }, { kind: 'weight' }, { kind: 'bias' }] })
    const weight = after.tuning!.changes[1]!
    expect(weight.scaleAfter).toEqual(weight.scaleBefore)
    expect(weight.codes!.moved).toBeGreaterThan(0)
    expect(weight.codes!.moved).toBeLessThan(weight.codes!.of)
    expect(weight.reason).toMatch(/rounded by the error of the layer's outputs/)
    const { stdout } = await run('quantize', model, ...tuning, '--explain', 'body3.relu')
    expect(stdout).toMatch(new RegExp(`all above is before tuning; what it changed +${made.run}`))
    expect(stdout).toMatch(/codes moved/)
    // Another recipe is another matter.
    expect((await json<TensorExplanation>('quantize', model, ...tuning, '--set', 'quantize.tail=off', '--explain', 'body3.relu')).document.tuning).toMatchObject({ run: null })
  })

  test('float regions stand in the notes, with the meaning of blocks that was applied', async () => {
    const { code, document } = await json<Run>('quantize', model, '--statistics', 'seen.statistics', '--set', 'quantize.float={fpfwd_blocks: body1, last: true}', '--set', 'quantize.weights.granularity=group')
    expect(code).toBe(0)
    expect(document.notes).toContainEqual(expect.stringMatching(/^quantize\.float\.blocks: body1 means it and what follows up to the next computing layer: body1/))
    expect(document.notes).toContainEqual(expect.stringMatching(/^In float, \d+\.\d % of the products: body1.* \(quantize\.float\.blocks: body1/))
    expect(document.notes).toContainEqual(expect.stringMatching(/^In float, .*quantize\.float\.last/))
    expect(document.scales!.filter(({ kind }) => kind === 'weight').map(({ scale }) => new Set(scale).size)).toSatisfy((sizes: number[]) => sizes.every((size) => size <= 4) && sizes.some((size) => size > 1))
  })

  test('equalize takes statistics of the model as it was, and no others', async () => {
    const wish = `rewrite={equalize: {by: activations, accept: all, statistics: seen.statistics}}`
    const { code, document } = await json<Run>('rewrite', model, '--set', wish, '--out', 'even.onnx')
    expect(code, JSON.stringify(document)).toBe(0)
    expect(document.proofs!.find(({ rewrite }) => rewrite === 'equalize')!.verdict).not.toBe('broken')
    const other = await json<{ error: { code: string } }>('rewrite', join(folder, 'even.onnx'), '--set', `rewrite={equalize: {by: activations, statistics: ${join(folder, 'seen.statistics')}}}`)
    expect([other.code, other.document.error.code]).toEqual([2, 'input.statistics-model'])
    expect((await readFile(join(folder, 'even.onnx'))).length).toBeGreaterThan(1000)
  })
})
