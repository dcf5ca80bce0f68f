import { spawn, spawnSync } from 'node:child_process'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { LAUNCHER, PROJECT, scalewright } from '../fixtures/command.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'scalewright-launcher-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

test('the version is that of package.json, wherever the command runs', async () => {
  const { version } = (await import('../../package.json', { with: { type: 'json' } })).default
  expect(await scalewright(['--version'], { cwd: folder })).toMatchObject({ code: 0, stdout: `${version}\n`, stderr: '' })
})

test('help and a misspelt verb need no native library and answer at once', async () => {
  const help = await scalewright(['--help'])
  expect(help).toMatchObject({ code: 0, stderr: '' })
  expect(help.stdout).toContain('calibrate [options] <RECIPE|MODEL>')
  const wrong = await scalewright(['calibrat', 'x.onnx'])
  expect(wrong).toMatchObject({ code: 2, stdout: '', stderr: 'error: there is no verb «calibrat»\n  next  Did you mean calibrate, compare or import?\n' })
})

test('a locale or --lang in Chinese gives Chinese', async () => {
  const { stderr } = await scalewright(['calibrat'], { environment: { LC_ALL: 'zh_CN.UTF-8' } })
  expect(stderr).toMatch(/^错误: /)
})

test('a reader that goes away (| head -1) is no error', async () => {
  const child = spawn(process.execPath, [LAUNCHER, 'run', 'x.onnx', '--print-recipe'], { stdio: ['ignore', 'pipe', 'pipe'] })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  child.stdout.destroy()
  const code = await new Promise((resolve) => child.on('close', resolve))
  expect([code, stderr]).toEqual([0, ''])
})

test('a checkout that is not built says how to build it', async () => {
  await cp(join(PROJECT, 'bin'), join(folder, 'bin'), { recursive: true })
  const { status, stderr } = spawnSync(process.execPath, [join(folder, 'bin/scalewright.mjs'), 'demo'], { encoding: 'utf8' })
  expect([status, stderr]).toEqual([3, 'error: the program is not built yet\n  next  Run npm run build in the checkout, then try again.\n'])
})

/** A Node of the machine that is too old for the program, as many machines have; the project's own is left out of PATH. */
function oldNode(): string | null {
  const path = (process.env['PATH'] ?? '').split(':').filter((place) => !place.includes('node_modules')).join(':')
  const found = spawnSync('node', ['-p', 'process.execPath + " " + process.version'], { encoding: 'utf8', env: { ...process.env, PATH: path } })
  const [node, version] = (found.stdout ?? '').trim().split(' ')
  const [major, minor] = (version ?? 'v99.0').slice(1).split('.').map(Number)
  return node && (major! < 22 || (major === 22 && minor! < 12)) ? node : null
}

const old = oldNode()
if (old === null) console.warn('No Node below 22.12 on PATH: the tests that the launcher finds a newer one are SKIPPED.')

describe.skipIf(old === null)('with an old Node the launcher takes the one of the project', () => {
  test('same output, same exit code', async () => {
    expect(await scalewright(['--version'], { node: old! })).toMatchObject({ code: 0, stderr: '' })
    expect(await scalewright(['calibrat'], { node: old! })).toMatchObject({ code: 2, stdout: '' })
  })

  test('without one it says what is needed', async () => {
    await cp(join(PROJECT, 'bin'), join(folder, 'lonely/bin'), { recursive: true })
    await cp(join(PROJECT, 'package.json'), join(folder, 'lonely/out/main/cli.js')) // anything: it must not be reached
    const { status, stderr } = spawnSync(old!, [join(folder, 'lonely/bin/scalewright.mjs'), 'demo'], { encoding: 'utf8' })
    expect(status).toBe(3)
    expect(stderr).toMatch(/^error: Node 22\.12 or newer is needed, this is v\d+.*\n {2}next {2}Run npm ci/)
  })
})
