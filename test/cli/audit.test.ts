import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Run } from '../../main/core/run.ts'
import { SAMPLE, scalewright } from '../fixtures/command.ts'

describe.skipIf(SAMPLE === null)('scalewright audit', () => {
  let folder: string
  const troubled = join(SAMPLE ?? '', 'models/troubled_x2.onnx')
  beforeAll(async () => { folder = await mkdtemp(join(tmpdir(), 'scalewright-audit-')) })
  afterAll(() => rm(folder, { recursive: true, force: true }))
  const audit = (...words: string[]) => scalewright(['audit', ...words, '--workspace', join(folder, 'ws'), '--quiet'], { cwd: folder })

  test('prints findings by severity with what to do, in both languages, and the run last', async () => {
    const { code, stdout, stderr } = await audit(troubled, '--board', 'horizon-j6')
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(/^warnings {2}\d+$/m)
    expect(stdout).toMatch(/^ {2}SW-T01 {2}Transpose output stands between Conv tail and the dequantize of output$/m)
    expect(stdout).toMatch(/^ {4}do {3}Rewrite `resize-to-conv`: /m)
    expect(stdout.indexOf('warnings')).toBeLessThan(stdout.indexOf('remarks'))
    expect(stdout.trim().split('\n').at(-1)).toMatch(/^[0-9A-HJKMNP-TV-Z]{26}$/)
    expect((await audit(troubled, '--board', 'horizon-j6', '--lang', 'zh')).stdout).toMatch(/^警告 {2}\d+$/m)
  })

  test('--fix prints lines that a recipe takes as they are; --json holds the run with them', async () => {
    const { stdout } = await audit(troubled, '--board', 'horizon-j6', '--fix', '--json')
    const { findings, verb, fix, repairs } = JSON.parse(stdout) as Run & { fix: { rewrite: object }; repairs: readonly string[] }
    expect(verb).toBe('audit')
    expect(findings!.some(({ rule }) => rule === 'SW-R01')).toBe(true)
    expect(Object.keys(fix.rewrite)).toContain('resize-to-conv')
    expect(repairs).toEqual(['insert-clip'])
    const printed = (await audit(troubled, '--board', 'horizon-j6', '--fix')).stdout
    const lines = printed.slice(printed.indexOf('recipe lines')).split('\n').slice(1).filter((line) => line.startsWith('  ')).map((line) => line.slice(2))
    expect(printed).toContain('    # repair: changes what the model computes; measure it before you keep it\n    insert-clip: {}\n')
    const recipe = join(folder, 'fixed.yaml')
    await writeFile(recipe, `model: ${JSON.stringify(troubled)}\n${lines.join('\n')}\n`)
    expect((await scalewright(['audit', recipe, '--print-recipe'], { cwd: folder })).stdout).toContain('resize-to-conv')
    expect(await readFile(recipe, 'utf8')).toContain('rewrite:')
  })

  test('--gate decides the exit code; an unknown board is exit 2', async () => {
    expect((await audit(troubled, '--board', 'horizon-j6', '--gate', 'error')).code).toBe(0)
    expect((await audit(troubled, '--board', 'horizon-j6', '--gate', 'warning')).code).toBe(1)
    expect((await audit(troubled, '--board', 'horizon-j66')).code).toBe(2)
  })
})
