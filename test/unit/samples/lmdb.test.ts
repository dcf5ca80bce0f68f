import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { datumKeys, datumPath } from '../../../main/samples/datum.ts'
import { findSamples } from '../../../main/samples/find-pictures.ts'
import { openLmdb } from '../../../main/samples/lmdb.ts'
import { readPicture, readPictureHeader } from '../../../main/samples/read-picture.ts'
import { temporaryFolder } from '../../fixtures/temporary-folder.ts'
import { faultOf } from '../../fixtures/thrown-fault.ts'

/** Written by the reference implementation (liblmdb 0.9): 60 small pictures less the eighth, a large one, a grey one, an encoded one. */
const DATABASE = join(import.meta.dirname, '../../fixtures/caffe.lmdb')
const folder = temporaryFolder()
const key = (index: number): string => `${String(index).padStart(8, '0')}_class/pic${String(index).padStart(2, '0')}.jpg`

describe('a Caffe database', () => {
  test('its keys stand in order, what was deleted is not there', async () => {
    const keys = await datumKeys(DATABASE)
    expect(keys).toEqual([...Array.from({ length: 60 }, (_, index) => key(index)).filter((_, index) => index !== 7), '00000060_large', '00000061_grey', '00000062_encoded.png'])
    const lmdb = await openLmdb(join(DATABASE, 'data.mdb'))
    expect(lmdb.count).toBe(62)
    for (const each of keys!) expect((await lmdb.get(Buffer.from(each)))!.length, each).toBeGreaterThan(20)
    for (const none of ['', '0', key(7), '00000063', 'zzz']) expect(await lmdb.get(Buffer.from(none))).toBeUndefined()
    await lmdb.close()
    expect(await datumKeys(folder)).toBeUndefined()
  })

  test('pictures: planes of blue, green and red; grey; one beyond its page; one encoded', async () => {
    const small = await readPicture(datumPath(DATABASE, key(2)))
    expect(small).toMatchObject({ width: 5, height: 6, color: 'rgb' })
    // Value j of picture i is 3i + j; planes are B, G, R.
    expect([small.data[0], small.data[29], small.data[30], small.data[60]]).toEqual([66, 95, 36, 6])
    const large = await readPicture(datumPath(DATABASE, '00000060_large'))
    expect([large.width, large.height, large.data[0], large.data[48 * 40 - 1]]).toEqual([40, 48, (2 * 1920 * 7) % 256, ((3 * 1920 - 1) * 7) % 256])
    expect(await readPictureHeader(datumPath(DATABASE, '00000061_grey'))).toMatchObject({ width: 3, height: 4, grey: true, bits: 8 })
    expect([...(await readPicture(datumPath(DATABASE, '00000061_grey'))).data]).toEqual(Array.from({ length: 12 }, (_, index) => 100 + index))
    expect(Array.from((await readPicture(datumPath(DATABASE, '00000062_encoded.png'))).data.slice(0, 4))).toEqual([10, 40, 70, 100])
  })

  test('is a source of samples, with include and exclude', async () => {
    const all = await findSamples(DATABASE, {})
    expect(all.kind === 'pictures' && all.files.length).toBe(62)
    const some = await findSamples(DATABASE, { include: '000000[12]*_class/*' })
    expect(some.kind === 'pictures' && some.files.map(({ name }) => name)).toEqual(Array.from({ length: 20 }, (_, index) => key(10 + index)))
    expect((await faultOf(() => findSamples(DATABASE, { include: 'none' }))).what).toBe('none of the 62 entries passes include and exclude')
  })

  test('every cut of it, and what is none, is refused', async () => {
    const whole = readFileSync(join(DATABASE, 'data.mdb'))
    const path = join(folder, 'cut', 'data.mdb')
    mkdirSync(join(folder, 'cut'))
    for (const length of [0, 10, 200, 4096, 5000, 8192, 12_288, whole.length - 4096 * 3]) {
      writeFileSync(path, whole.subarray(0, length))
      const fault = await faultOf(async () => {
        for (const each of (await datumKeys(join(folder, 'cut')))!) await readPicture(datumPath(join(folder, 'cut'), each))
      })
      expect(fault.code, `${length} bytes`).toMatch(/^samples\.(lmdb|picture)$/)
    }
    copyFileSync(import.meta.filename, path)
    expect(await faultOf(() => datumKeys(join(folder, 'cut')))).toMatchObject({ code: 'samples.lmdb', what: expect.stringContaining('it does not begin as one') })
  })

  test('pages that lead in a circle end', async () => {
    const bytes = Buffer.from(readFileSync(join(DATABASE, 'data.mdb')))
    const page = 4096
    const metas = [0, 1].map((index) => ({ at: index * page + 16, transaction: bytes.readBigUInt64LE(index * page + 16 + 128) }))
    const meta = metas.toSorted((a, b) => Number(b.transaction - a.transaction))[0]!.at
    const root = Number(bytes.readBigUInt64LE(meta + 24 + 48 + 40))
    // Every child of the root is the root itself.
    const count = (bytes.readUInt16LE(root * page + 12) - 16) >> 1
    expect(count).toBeGreaterThan(1)
    for (let index = 0; index < count; index++) bytes.writeUInt16LE(root, root * page + bytes.readUInt16LE(root * page + 16 + 2 * index))
    mkdirSync(join(folder, 'circle'))
    writeFileSync(join(folder, 'circle', 'data.mdb'), bytes)
    expect((await faultOf(() => datumKeys(join(folder, 'circle')))).what).toContain('lead in a circle')
  })
})
