import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Run } from '../../main/core/run.ts'
import { SAMPLE, scalewright, start } from '../fixtures/command.ts'

describe.skipIf(SAMPLE === null)('Ctrl-C', () => {
  let folder: string
  let workspace: string
  const model = join(SAMPLE ?? '', 'models/sample_x2.onnx')
  const words = () => [
    'run', model, '--samples', join(SAMPLE!, 'calibration'), '--evaluation', join(SAMPLE!, 'evaluation'),
    // Long enough to be caught in the middle of every stage.
    '--set', 'samples.calibration.count=200', '--set', 'samples.calibration.preprocess={crop: {mode: random, size: [96, 96]}}', '--workspace', workspace,
  ]
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'scalewright-interrupt-'))
    workspace = join(folder, 'ws')
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  async function lastRun(): Promise<{ run: string; status: string }> {
    const { stdout } = await scalewright(['runs', 'list', '--json', '--workspace', workspace])
    return (JSON.parse(stdout) as { runs: { run: string; status: string }[] }).runs[0]!
  }

  test('in the middle of a pass: 130, in time, the run is marked cancelled', async () => {
    const running = start(words())
    await running.said(/\d+ %/)
    const asked = performance.now()
    running.interrupt()
    const { code, stdout, stderr } = await running.ended
    expect(code, stderr).toBe(130)
    expect((performance.now() - asked) / 1000).toBeLessThan(5) // 3 s to stop the engine, and closing
    expect(stdout).toBe('')
    expect(stderr).toContain('interrupted\n')
    expect((await lastRun()).status).toBe('cancelled')
  })

  test.each([20, 250, 700, 1500, 2500])('%d ms after the start: 130, no run is left running', async (milliseconds) => {
    const running = start([...words(), '--json'])
    await new Promise((resolve) => setTimeout(resolve, milliseconds))
    running.interrupt()
    const { code, stdout } = await running.ended
    // Before Node listens a signal ends the process itself; then there is nothing to mark and no code but the signal's.
    expect(code === null || code === 130).toBe(true)
    if (code === 130 && stdout !== '') expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'interrupted' } })
    const { stdout: listed } = await scalewright(['runs', 'list', '--json', '--workspace', workspace])
    expect((JSON.parse(listed) as { runs: { status: string }[] }).runs.filter((run) => run.status === 'running')).toEqual([])
    expect((await readdir(workspace, { recursive: true })).filter((name) => name.endsWith('.tmp'))).toEqual([])
  })

  test('twice leaves at once', async () => {
    const running = start(words())
    await running.said(/\d+ %/)
    running.interrupt()
    await running.said(/Ctrl-C again/)
    await new Promise((resolve) => setTimeout(resolve, 400)) // more than the echo of one keystroke
    running.interrupt()
    expect((await running.ended).code).toBe(130)
  })

  test('afterwards the workspace is whole and the next run goes through', async () => {
    const { code, stdout, stderr } = await scalewright([
      'calibrate', model, '--samples', join(SAMPLE!, 'calibration'), '--set', 'samples.calibration.count=2', '--json', '--workspace', workspace,
    ])
    expect(code, stderr).toBe(0)
    expect((JSON.parse(stdout) as Run).status).toBe('done')
    expect((await lastRun()).status).toBe('done')
  })
})
