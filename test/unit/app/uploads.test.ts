import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { describe, expect, it } from 'vitest'
import { checkNames } from '../../../main/app/upload-names.ts'
import { openUploads, UPLOAD_LIMITS, type Uploads } from '../../../main/app/uploads.ts'
import { temporaryFolder } from '../../fixtures/temporary-folder.ts'
import { faultOf } from '../../fixtures/thrown-fault.ts'

const bytes = (length: number, first = 0): Uint8Array => Uint8Array.from({ length }, (_, index) => (first + index) % 251)
async function* inChunks(...chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks
}
async function* broken(chunk: Uint8Array): AsyncGenerator<Uint8Array> {
  yield chunk
  throw new Error('the line broke')
}

function opened(): { uploads: Uploads; home: string; workspace: string } {
  const workspace = join(temporaryFolder(), 'space')
  return { uploads: openUploads(workspace), home: join(workspace, 'uploads'), workspace }
}

describe('an upload', () => {
  it('comes in pieces and appears whole, its files side by side as they lay', async () => {
    const { uploads, home } = opened()
    const [model, weights] = [bytes(1000), bytes(300, 7)]
    const id = await uploads.begin([{ name: 'net.onnx', bytes: 1000 }, { name: 'weights/w.data', bytes: 300 }, { name: 'empty', bytes: 0 }])
    expect(await uploads.append(id, 0, 0, inChunks(model.subarray(0, 100), model.subarray(100, 600)))).toBe(600)
    expect(await uploads.append(id, 1, 0, inChunks(weights))).toBe(300)
    expect((await uploads.state(id)).files.map(({ received }) => received)).toEqual([600, 300, 0])
    expect(await faultOf(() => uploads.finish(id))).toMatchObject({ code: 'input.incomplete', where: 'net.onnx', what: '600 of 1000 bytes are here' })
    expect(await uploads.append(id, 0, 600, inChunks(model.subarray(600)))).toBe(1000)
    expect((await readdir(home)).every((name) => name.startsWith('.partial-'))).toBe(true)
    const paths = await uploads.finish(id)
    expect(paths).toEqual([join(home, id, 'net.onnx'), join(home, id, 'weights', 'w.data'), join(home, id, 'empty')])
    expect(Uint8Array.from(await readFile(paths[0]!))).toEqual(model)
    expect(Uint8Array.from(await readFile(paths[1]!))).toEqual(weights)
    expect(await readdir(home)).toEqual([id])
    expect(await uploads.filesOf(id)).toEqual(paths.toSorted())
    // Another process, later.
    expect(await openUploads(join(home, '..')).filesOf(id)).toEqual(paths.toSorted())
    expect(await uploads.state(id)).toMatchObject({ finished: true, files: expect.arrayContaining([{ name: 'weights/w.data', bytes: 300, received: 300 }]) })
  })

  it('goes on where a broken piece began', async () => {
    const { uploads } = opened()
    const id = await uploads.begin([{ name: 'a', bytes: 20 }])
    await uploads.append(id, 0, 0, inChunks(bytes(5)))
    await expect(uploads.append(id, 0, 5, broken(bytes(9)))).rejects.toThrow('the line broke')
    expect((await uploads.state(id)).files[0]!.received).toBe(5)
    await uploads.append(id, 0, 5, inChunks(bytes(15, 5)))
    const [path] = await uploads.finish(id)
    expect(Uint8Array.from(await readFile(path!))).toEqual(bytes(20))
  })

  it('refuses pieces that do not follow, are too many, or belong to nothing', async () => {
    const { uploads } = opened()
    const id = await uploads.begin([{ name: 'a', bytes: 10 }])
    expect(await faultOf(() => uploads.append(id, 0, 4, inChunks(bytes(1))))).toMatchObject({ code: 'input.wrong-offset', where: 'a', what: expect.stringContaining('byte 0') })
    expect(await faultOf(() => uploads.append(id, 0, 0, inChunks(bytes(11))))).toMatchObject({ code: 'input.too-much', where: 'a' })
    expect((await uploads.state(id)).files[0]!.received).toBe(0)
    expect(await faultOf(() => uploads.append(id, 1, 0, inChunks(bytes(1))))).toMatchObject({ code: 'input.unknown-upload' })
    for (const other of ['0'.repeat(24), '..', '../..', `${id}/..`, '', `.partial-${process.pid}-${id}`]) {
      expect(await faultOf(() => uploads.filesOf(other)), other).toMatchObject({ code: 'input.unknown-upload' })
      expect(await faultOf(() => uploads.append(other, 0, 0, inChunks(bytes(1)))), other).toMatchObject({ code: 'input.unknown-upload' })
    }
    let release = (): void => undefined
    const slow = (async function* () {
      yield bytes(2)
      await new Promise<void>((resolve) => (release = resolve))
    })()
    const first = uploads.append(id, 0, 0, slow)
    await expect.poll(() => release.name).toBe('')
    expect(await faultOf(() => uploads.append(id, 0, 0, inChunks(bytes(3))))).toMatchObject({ code: 'input.wrong-offset', what: expect.stringContaining('on its way') })
    release()
    expect(await first).toBe(2)
  })

  it('is refused where it is too much, and forgotten where it is given up', async () => {
    const { uploads, home } = opened()
    expect(await faultOf(() => uploads.begin([{ name: 'a', bytes: UPLOAD_LIMITS.totalBytes + 1 }]))).toMatchObject({ code: 'input.too-much' })
    const ids = [await uploads.begin([{ name: 'a', bytes: 1 }])]
    while (ids.length < UPLOAD_LIMITS.open) ids.push(await uploads.begin([{ name: 'a', bytes: 1 }]))
    expect(await faultOf(() => uploads.begin([{ name: 'a', bytes: 1 }]))).toMatchObject({ code: 'input.too-many-uploads' })
    for (const id of ids) await uploads.abort(id)
    expect(await readdir(home)).toEqual([])
    await uploads.abort(await uploads.begin([{ name: 'a', bytes: 1 }]))
  })

  it('of a process that is gone is swept away, and nothing else', async () => {
    const { uploads, home } = opened()
    const id = await uploads.begin([{ name: 'a', bytes: 1 }])
    // Beyond the largest pid of any system: nobody has it.
    await mkdir(join(home, `.partial-4194999-${'a'.repeat(24)}`), { recursive: true })
    await writeFile(join(home, `.partial-4194999-${'a'.repeat(24)}`, '0'), 'half')
    await mkdir(join(home, 'b'.repeat(24)))
    await uploads.sweep()
    expect((await readdir(home)).toSorted()).toEqual([`.partial-${process.pid}-${id}`, 'b'.repeat(24)])
    await openUploads(join(home, 'nowhere')).sweep()
    expect(existsSync(join(home, 'nowhere'))).toBe(false)
  })

  it('that nobody goes on with makes room for a new one, the one that rested longest first', async () => {
    const workspace = join(temporaryFolder(), 'space')
    let now = 0
    const uploads = openUploads(workspace, () => now)
    const ids: string[] = []
    for (let count = 0; count < UPLOAD_LIMITS.open; count++) ids.push(await uploads.begin([{ name: 'a', bytes: 2 }]))
    now = 9 * 60_000
    await uploads.append(ids[0]!, 0, 0, inChunks(bytes(1)))
    expect((await faultOf(() => uploads.begin([{ name: 'b', bytes: 1 }]))).code).toBe('input.too-many-uploads')
    now = 11 * 60_000
    const next = await uploads.begin([{ name: 'b', bytes: 1 }])
    expect((await faultOf(() => uploads.state(ids[1]!))).code).toBe('input.unknown-upload')
    expect((await uploads.state(ids[0]!)).files[0]!.received).toBe(1)
    expect(await readdir(join(workspace, 'uploads'))).toHaveLength(UPLOAD_LIMITS.open)
    expect((await uploads.state(next)).finished).toBe(false)
  })
})

describe('names of uploads', () => {
  const refused = async (...names: string[]) => (await faultOf(() => checkNames(names, 'linux'))).code
  it.each(['../x', '..', '.', '', '/etc/passwd', 'a/../b', 'a//b', 'a/', './a', 'a/./b', 'a\0b', 'a\nb', 'a\\b', '..\\x', 'C:/x', 'c:x', '\ud800', 'x'.repeat(256), `${'a/'.repeat(17)}b`, 'é'.repeat(200), `${'a'.repeat(200)}/`.repeat(6)])('refuse %j', async (name) => {
    expect(await refused(name)).toBe('input.bad-name')
  })
  it('refuse two that may be the same file', async () => {
    expect(await refused('a', 'a')).toBe('input.same-name')
    expect(await refused('Net.onnx', 'net.ONNX')).toBe('input.same-name')
    expect(await refused('é', 'e\u0301')).toBe('input.same-name')
    expect(await refused('a', 'a/b')).toBe('input.same-name')
  })
  it('refuse on Windows what it keeps for itself', async () => {
    for (const name of ['con', 'NUL.onnx', 'ab:c', 'a?', 'a.', 'a ', 'x/com1.data']) {
      expect((await faultOf(() => checkNames([name], 'win32'))).code, name).toBe('input.bad-name')
      expect(() => checkNames([name], 'linux'), name).not.toThrow()
    }
  })
  it('take ordinary ones, in any language', () => {
    expect(() => checkNames(['net.onnx', 'net.onnx.data', '模型 1.onnx', 'calib/ü 2.png', '.hidden', 'a..b', '...'], 'linux')).not.toThrow()
    expect(sep).toBe('/')
  })
})
