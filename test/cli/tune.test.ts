import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Advice } from '../../main/app/api.ts'
import type { Run } from '../../main/core/run.ts'
import { SAMPLE, scalewright, start, type Ended } from '../fixtures/command.ts'
import { temporaryFolder } from '../fixtures/temporary-folder.ts'

describe.skipIf(SAMPLE === null)('tune', () => {
  const workspace = join(temporaryFolder(), 'ws')
  const sample = SAMPLE ?? ''
  const crop = 'preprocess={crop: {mode: center, size: [32, 32]}}'
  const settings = [
    `samples.calibration.${crop}`, 'samples.calibration.count=2', `samples.evaluation.${crop}`, 'samples.evaluation.include=["pic_0[12]_*"]', 'compare.latency=false', 'compare.operators=false', 'compare.layers=none',
    `tune.samples={path: ${join(sample, 'evaluation')}, include: ["pic_0[56]_*"], reference: {pattern: "*_HR"}, ${crop.replace('=', ': ')}}`, 'tune.axes=[method]',
  ]
  const words = (...more: string[]): string[] => ['tune', join(sample, 'recipe.yaml'), ...settings.flatMap((one) => ['--set', one]), '--workspace', workspace, '--quiet', ...more]
  const tune = (...more: string[]): Promise<Ended> => scalewright(words(...more))

  test.each([
    [[], /one of --sensitivity/],
    [['--search', '--sensitivity'], /one of --sensitivity/],
    [['--search', '--full'], /--full does not go with --search/],
    [['--pareto', '--trials', '3'], /--trials does not go with --pareto/],
    [['--search', '--minutes', 'soon'], /--minutes takes a number above 0, not «soon»/],
    [['--explain', 'X'], /recipe\.yaml does not go with --explain/],
    [['--try', 'layers.tail2.bit=16'], /no key «bit»[\s\S]*--try layers\.tail2\.bit=16[\s\S]*bits/],
    [['--try', 'layers.tail2'], /there is no `=`[\s\S]*--try layers\.tail2[\s\S]*Write --try path/],
    [['--search', '--set', 'tune.axes=[methods]'], /«methods»[\s\S]*method, granularity/],
    [['--budget', 'speed<=0.6x'], /«speed»[\s\S]*latency/],
  ])('%j is one clear error', async (more, said) => {
    const { code, stdout, stderr } = await tune(...more)
    expect(code, stderr).toBe(2)
    expect(stdout).toBe('')
    expect(stderr).toMatch(said)
    expect(stderr.match(/^error: /gm)?.length).toBe(1)
  })

  test('--try with a layer that is not there is refused before anything is recorded', async () => {
    const { code, stderr } = await tune('--try', 'layers.tail3.bits=16')
    expect([code, stderr]).toEqual([2, expect.stringMatching(/^error: no layer or tensor matches "tail3"[\s\S]*tail1, tail2/)])
    const { stdout } = await scalewright(['runs', 'list', '--json', '--workspace', workspace])
    expect((JSON.parse(stdout) as { runs: readonly unknown[] }).runs).toEqual([])
  })

  test('--sensitivity is a table a person can read, and --explain rests on it, in JSON with what each advice does', async () => {
    const { code, stdout, stderr } = await tune('--sensitivity', '--scan', '1', '--lang', 'zh')
    expect(code, stderr).toBe(0)
    expect(stdout).toMatch(/敏感度 {2}psnr-y[\s\S]*单独噪信比/)
    const id = stdout.trim().split('\n').at(-1)!
    const explained = await scalewright(['tune', '--explain', id, '--json', '--workspace', workspace])
    const { advice } = JSON.parse(explained.stdout) as { advice: readonly Advice[] }
    expect(advice.filter(({ act, settings }) => (act === 'set') !== settings.length > 0)).toEqual([])
    expect(advice.map(({ act }) => act)).toContain('set')
    expect(advice.at(-1)).toMatchObject({ act: 'search', settings: [], gain: null })
    const refused = await scalewright(['tune', '--resume', id, '--workspace', workspace])
    expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('this run of tune --sensitivity is no search')])
  })

  test('Ctrl-C ends --search with the best so far as its run, and --resume goes on from its trials to a winner', async () => {
    const running = start(words('--search', '--trials', '500', '--json', '--set', 'tune.axes=[method, granularity, layers]').filter((word) => word !== '--quiet'))
    await running.said(/Best so far/)
    running.interrupt()
    const cut = await running.ended
    expect(cut.code, cut.stderr).toBe(130)
    const before = JSON.parse(cut.stdout) as Run
    expect(before).toMatchObject({ verb: 'tune', status: 'done', tune: { mode: 'search', stopped: true, samples: { count: 2, from: 'tune.samples' } } })
    const count = before.trials!.length + 1
    const resumed = await scalewright(['tune', '--resume', before.run, '--trials', String(count), '--workspace', workspace, '--quiet'])
    expect(resumed.code, resumed.stderr).toBeLessThan(2)
    expect(resumed.stdout).toContain(`${count} trials in`)
    expect(resumed.stdout).toMatch(/^Against the start [0-9A-Z]{26}: [+-]?\d+\.\d{4} dB psnr-y/m)
    expect(resumed.stdout).toMatch(/^ {2}(?:Winner: --set |None beat the recipe)/m)
  })
})
