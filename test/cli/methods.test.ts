import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { MethodRow, Recommendation } from '../../main/app/api.ts'
import type { Run } from '../../main/core/run.ts'
import { SAMPLE, scalewright } from '../fixtures/command.ts'

interface Document {
  readonly methods: readonly MethodRow[]
  readonly recommendation: Recommendation
  readonly run: Run
}

describe.skipIf(SAMPLE === null)('run --methods', () => {
  let folder: string
  const few = ['--set', 'samples.calibration.count=3', '--set', 'samples.evaluation.count=3', '--set', 'compare={layers: accumulated, samples: 1, latency: false, operators: false}']
  const words = (...more: string[]): string[] => ['run', join(SAMPLE!, 'recipe.yaml'), ...few, '--workspace', join(folder, 'ws'), ...more]
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'scalewright-methods-'))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  test('gives one document with a row a method, the recommendation and its run, and writes its model', async () => {
    const out = join(folder, 'best.onnx')
    const { code, stdout, stderr } = await scalewright(words('--methods', 'max, mse', '--json', '--out', out))
    expect(code, stderr).toBe(0)
    const { methods, recommendation, run } = JSON.parse(stdout) as Document
    expect(methods.map(({ method }) => method)).toEqual(['max', 'mse'])
    for (const row of methods) expect(row.drop).toBeCloseTo(row.float! - row.simulated!, 9)
    expect(methods.find(({ method }) => method === recommendation.method)!.run).toBe(recommendation.run)
    expect(recommendation.reason).toMatch(/\d/)
    expect(run).toMatchObject({ run: recommendation.run, status: 'done', verb: 'run' })
    expect(existsSync(out)).toBe(true)
    expect(new Set(methods.map((row) => row.run)).size).toBe(2)
  })

  test('tells a person a table over methods, why one is recommended, and its run last', async () => {
    const { code, stdout, stderr } = await scalewright(words('--methods', 'max,mse'))
    expect(code, stderr).toBe(0)
    expect(stdout).toMatch(/\nmethods {2}psnr-y\/shave2\/studio\n {2}method +simulated dB +drop dB +worst layer SQNR dB/)
    expect(stdout).toMatch(/\n {2}(?:max|mse) \* .*\n/)
    const [, method] = /\nrecommended\n {2}(\w+) {2}\S.*\d/.exec(stdout) ?? []
    const [, id] = new RegExp(String.raw`\n {2}${method} \*.* (\w{26})\n`).exec(stdout) ?? []
    expect(stdout.trimEnd().split('\n').at(-1)).toBe(id)
    expect(stderr).toMatch(/compare mse {2}100 %/)
  })

  test('in Chinese, and judged by the gates of the recommended run', async () => {
    const { code, stdout } = await scalewright(words('--methods', 'max,mse', '--lang', 'zh', '--set', 'gates.psnr_y_drop_db=-5'))
    expect(code).toBe(1)
    expect(stdout).toMatch(/\n各方法 {2}/)
    expect(stdout).toMatch(/\n推荐\n {2}(?:max|mse) {2}.*\d/)
  })

  test('refuses a method that does not exist with the nearest ones, before anything is run', async () => {
    const { code, stderr } = await scalewright(words('--methods', 'max,percentil'))
    expect(code).toBe(2)
    expect(stderr).toMatch(/«percentil»/)
    expect(stderr).toMatch(/percentile/)
  })
})
