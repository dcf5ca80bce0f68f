import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { openApp } from '../../../main/app/app.ts'
import { seededRandom } from '../../../main/core/random.ts'
import { quietTask } from '../../../main/core/task.ts'
import { exportJob } from '../../../main/engine/jobs/export.ts'
import { checkFolder } from '../../../main/export/bundle-folder.ts'
import { checkDestination } from '../../../main/export/destination.ts'
import { unpack } from '../../../main/export/unpack.ts'
import { runToExport } from '../../fixtures/bundle-run.ts'
import { temporaryFolder } from '../../fixtures/temporary-folder.ts'

const KILLS = Number(process.env['SCALEWRIGHT_KILLS'] ?? 20)
const writer = fileURLToPath(new URL('../../fixtures/export-writer.ts', import.meta.url))
const folder = temporaryFolder()

it(`an export that is killed ${KILLS} times at random moments leaves its destination absent, old or whole`, async () => {
  const app = await openApp({ workspace: join(folder, 'ws'), cwd: folder, threads: 1 })
  const run = await runToExport(app)
  const wish = { force: false, language: 'en' as const, scalewright: '0' }
  const inputs = await Promise.all(['ort-cpu', 'tensorrt'].map(async (board) => ({ ...(await app.exportSubject(run, { board })), ...wish })))
  await app.close()
  writeFileSync(join(folder, 'inputs.json'), JSON.stringify(inputs))
  const random = seededRandom(11)
  const seen = { absent: 0, whole: 0, leftBehind: 0 }
  for (let kill = 0; kill < KILLS; kill++) {
    // A folder and a zip in turn; every other time nothing stands there before.
    const place = join(folder, `place${kill % 4}`)
    const out = join(place, kill % 2 === 0 ? 'bundle' : 'bundle.zip')
    if (kill % 4 < 2) rmSync(place, { recursive: true, force: true })
    mkdirSync(place, { recursive: true })
    const child = spawn(process.execPath, [writer, join(folder, 'inputs.json'), out], { stdio: ['ignore', 'pipe', 'inherit'] })
    const closed = once(child, 'close')
    const begun: string[] = []
    child.stdout.setEncoding('utf8').on('data', (text: string) => begun.push(...text.trim().split('\n')))
    // Most kills fall into the second or a later export: then something stands there that may not be hurt.
    const wanted = kill % 3 === 0 ? 1 : 2
    while (begun.length < wanted && child.exitCode === null) await sleep(5)
    await sleep(random() * 400)
    expect(child.exitCode).toBeNull()
    child.kill('SIGKILL')
    await closed
    await checkDestination(out)
    seen.leftBehind += readdirSync(place).filter((name) => name.startsWith('.')).length
    if (!existsSync(out)) {
      seen.absent += 1
      continue
    }
    const look = out.endsWith('.zip') ? join(folder, 'unpacked') : out
    if (look !== out) {
      rmSync(look, { recursive: true, force: true })
      mkdirSync(look)
      await unpack(out, look, quietTask)
    }
    const { manifest, problems } = await checkFolder(look, out, quietTask)
    expect([problems, manifest.run]).toEqual([[], run.run])
    seen.whole += 1
  }
  expect(seen.absent + seen.whole).toBe(KILLS)
  expect([seen.whole > 0, seen.leftBehind > 0]).toEqual([true, true])
  // The next export sweeps away what the killed ones left.
  for (const place of readdirSync(folder).filter((name) => name.startsWith('place'))) {
    for (const name of ['bundle', 'bundle.zip']) await exportJob({ ...inputs[0]!, out: join(folder, place, name) }, quietTask)
    expect(readdirSync(join(folder, place)).toSorted()).toEqual(['bundle', 'bundle.zip'])
  }
}, 60_000 + KILLS * 15_000)
