import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { openApp } from '../../../main/app/app.ts'
import { quietTask } from '../../../main/core/task.ts'
import { exportJob } from '../../../main/engine/jobs/export.ts'
import { checkFolder } from '../../../main/export/bundle-folder.ts'
import { runToExport } from '../../fixtures/bundle-run.ts'
import { temporaryFolder } from '../../fixtures/temporary-folder.ts'

const child = fileURLToPath(new URL('../../fixtures/full-disk.ts', import.meta.url))
const folder = temporaryFolder()
/** A file system of its own for one process, where the system permits it. */
const canMount = process.platform === 'linux' && spawnSync('unshare', ['-rm', 'sh', '-c', 'mount -t tmpfs -o size=1m tmpfs /mnt']).status === 0
if (!canMount) console.warn('SKIPPED: exports onto a full disk: no small file system can be mounted here (unshare -rm)')

interface Told { readonly faults: readonly ({ code: string; where: string; what: string } | null)[]; readonly names: readonly string[]; readonly stays: readonly unknown[] | null }

const [small, half, readOnly, limited] = ['small', 'half', 'read-only', 'limited'].map((name) => join(folder, name)) as [string, string, string, string]

/** One process for all the places: most of its time is its start. `limits`: what the shell does before it. */
function tell(shell: readonly string[], limits: string, ...places: readonly string[]): Told[] {
  for (const place of places) mkdirSync(place.split('=')[0]!, { recursive: true })
  const [command, ...words] = shell
  const { stdout, stderr, status } = spawnSync(command!, [...words, `${limits} && exec "$0" "$@"`, process.execPath, child, join(folder, 'inputs.json'), ...places], { encoding: 'utf8' })
  expect(status, stderr).toBe(0)
  return JSON.parse(stdout) as Told[]
}

let mounted: readonly Told[] = []

beforeAll(async () => {
  const app = await openApp({ workspace: join(folder, 'ws'), cwd: folder, threads: 1 })
  const input = { ...(await app.exportSubject(await runToExport(app), { board: 'ort-cpu' })), force: false, language: 'en' as const, scalewright: '0' }
  await app.close()
  writeFileSync(join(folder, 'inputs.json'), JSON.stringify(input))
  const earlier = join(folder, 'earlier')
  await exportJob({ ...input, out: earlier }, quietTask)
  const mounts = [`size=900k tmpfs ${small}`, `size=2m tmpfs ${half}`, `ro tmpfs ${readOnly}`].map((rest) => `mount -t tmpfs -o ${rest}`).join(' && ')
  if (canMount) mounted = tell(['unshare', '-rm', 'sh', '-c'], mounts, small, `${half}=${earlier}`, readOnly)
})

describe('a disk without room', () => {
  it.skipIf(!canMount)('refuses the whole bundle with one clear error, and leaves nothing or what stood there', () => {
    const [{ faults, names, stays }, before] = mounted as [Told, Told]
    expect(faults.map((fault) => fault?.code)).toEqual(['workspace.enospc', 'workspace.enospc', 'workspace.enospc'])
    expect([faults[0]!.what, faults[1]!.what]).toEqual([expect.stringMatching(/^the bundle needs about \d+ MiB, 0 MiB are free$/), 'the disk is full'])
    expect([names, stays]).toEqual([[], null])
    expect(before.faults[1]).toMatchObject({ code: 'workspace.enospc', where: join(half, 'bundle') })
    expect([before.names.filter((name) => !name.endsWith('.zip')), before.stays]).toEqual([['bundle'], []])
  })

  it.skipIf(!canMount)('or that is read-only refuses at once', () => {
    const { faults, names } = mounted[2]!
    expect(faults.map((fault) => [fault?.code, fault?.what])).toEqual([1, 2, 3].map(() => ['workspace.erofs', 'the file system is read-only']))
    expect(names).toEqual([])
  })

  it('or whose files may not grow refuses too', async () => {
    const [{ faults, names }] = tell(['sh', '-c'], 'ulimit -f 120', limited) as [Told]
    expect(faults[2]).toMatchObject({ code: 'workspace.efbig', where: join(limited, 'bundle.zip') })
    expect(names.filter((name) => name.startsWith('.') || name.endsWith('.zip'))).toEqual([])
    // What did fit is whole.
    if (readdirSync(limited).includes('bundle')) expect((await checkFolder(join(limited, 'bundle'), limited, quietTask).catch(() => ({ problems: [] }))).problems).toEqual([])
  })
})
