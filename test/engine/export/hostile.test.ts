import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { strToU8, zipSync, type Zippable } from 'fflate'
import { expect, it } from 'vitest'
import { quietTask } from '../../../main/core/task.ts'
import { verifyJob } from '../../../main/engine/jobs/verify.ts'
import { unpack } from '../../../main/export/unpack.ts'
import { temporaryFolder } from '../../fixtures/temporary-folder.ts'

const folder = temporaryFolder()
const file = strToU8('x')

const HOSTILE: readonly (readonly [what: string, files: Zippable, told: RegExp])[] = [
  ['a way up', { '../out.txt': file }, /leads out/], ['a way up inside', { 'a/../../out.txt': file }, /leads out/], ['an absolute name', { '/tmp/out.txt': file }, /leads out/],
  ['a drive', { 'C:/out.txt': file }, /leads out/], ['a backslash', { 'a\\..\\out.txt': file }, /leads out/], ['a NUL', { 'a\0.txt': file }, /leads out/], ['a name of Windows', { 'a/con.txt': file }, /leads out/],
  ['a link', { 'a.txt': [strToU8('/etc/passwd'), { os: 3, attrs: (0o120777 << 16) >>> 0 }] }, /is a link/], ['two names that differ in case', { 'a.txt': file, 'A.TXT': file }, /twice/],
  ['a bomb', { 'a.bin': [new Uint8Array(8 << 20), { level: 9 }] }, /200 times/], ['no manifest', { 'a.txt': file }, /no MANIFEST/], ['a manifest of something else', { 'MANIFEST.json': strToU8('{"schema":"other"}') }, /not as it should be/],
  ['a manifest that is not JSON', { 'MANIFEST.json': strToU8('{') }, /not JSON/],
]

it.each(HOSTILE)('a zip with %s is refused, and nothing is written anywhere', async (what, files, told) => {
  const path = join(folder, `${what.replaceAll(' ', '-')}.zip`)
  writeFileSync(path, zipSync(files))
  await expect(verifyJob({ bundle: path, golden: 0, threads: 1 }, quietTask)).rejects.toMatchObject({ code: 'input.bundle', what: expect.stringMatching(told) as string })
  const target = join(folder, `${what}-unpacked`, 'in')
  mkdirSync(target, { recursive: true })
  await unpack(path, target, quietTask).catch(() => undefined)
  expect(readdirSync(join(folder, `${what}-unpacked`))).toEqual(['in'])
})

it('what is no zip, cut short, or not there is told', async () => {
  writeFileSync(join(folder, 'text.zip'), 'no zip at all')
  writeFileSync(join(folder, 'cut.zip'), zipSync({ 'a.txt': file }).subarray(0, 40))
  for (const name of ['text.zip', 'cut.zip']) await expect(verifyJob({ bundle: join(folder, name), golden: 0, threads: 1 }, quietTask)).rejects.toMatchObject({ code: 'input.bundle' })
  await expect(verifyJob({ bundle: join(folder, 'nobody'), golden: 0, threads: 1 }, quietTask)).rejects.toMatchObject({ code: 'input.missing-file' })
})
