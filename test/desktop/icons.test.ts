import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import sharp from 'sharp'
import { beforeAll, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../fixtures/temporary-folder.ts'

const PROJECT = fileURLToPath(new URL('../..', import.meta.url))
const KEPT = join(PROJECT, 'resources', 'icons')

interface Picture {
  readonly kind: string
  readonly side: number
  readonly bytes: Buffer
}

/** Entries of a Windows icon file. */
function readIco(bytes: Buffer): Picture[] {
  expect([bytes.readUInt16LE(0), bytes.readUInt16LE(2)]).toEqual([0, 1])
  return Array.from({ length: bytes.readUInt16LE(4) }, (_, index) => {
    const at = 6 + 16 * index
    const [length, from] = [bytes.readUInt32LE(at + 8), bytes.readUInt32LE(at + 12)]
    expect([bytes[at], bytes.readUInt16LE(at + 4), bytes.readUInt16LE(at + 6)]).toEqual([bytes[at + 1], 1, 32])
    return { kind: 'ico', side: bytes[at] || 256, bytes: bytes.subarray(from, from + length) }
  })
}

const APPLE: Readonly<Record<string, number>> = { ic11: 32, ic12: 64, ic07: 128, ic13: 256, ic08: 256, ic14: 512, ic09: 512, ic10: 1024 }

/** Entries of an Apple icon file. */
function readIcns(bytes: Buffer): Picture[] {
  expect([bytes.toString('latin1', 0, 4), bytes.readUInt32BE(4)]).toEqual(['icns', bytes.length])
  const found: Picture[] = []
  for (let at = 8; at < bytes.length; at += bytes.readUInt32BE(at + 4)) {
    const kind = bytes.toString('latin1', at, at + 4)
    found.push({ kind, side: APPLE[kind]!, bytes: bytes.subarray(at + 8, at + bytes.readUInt32BE(at + 4)) })
  }
  return found
}

const pictureOf = async (bytes: Buffer) => {
  const { format, width, height, hasAlpha } = await sharp(bytes).metadata()
  const { channels } = await sharp(bytes).stats()
  return { format, width, height, hasAlpha, isDrawn: Math.max(...channels.map(({ stdev }) => stdev)) > 10 }
}

describe('our icon', () => {
  const pngs = [16, 24, 32, 48, 64, 128, 256, 512, 1024]
  it.each(pngs)('is there as a PNG of %i pixels', async (side) => {
    expect(await pictureOf(readFileSync(join(KEPT, `${side}x${side}.png`)))).toEqual({ format: 'png', width: side, height: side, hasAlpha: true, isDrawn: true })
  })

  it.each([
    ['Windows', () => readIco(readFileSync(join(KEPT, 'icon.ico'))), [16, 24, 32, 48, 64, 128, 256]],
    ['macOS', () => readIcns(readFileSync(join(KEPT, 'icon.icns'))), [32, 64, 128, 256, 256, 512, 512, 1024]],
  ])('is there for %s in all its sizes', async (_system, read, sides) => {
    const pictures = read()
    expect(pictures.map(({ side }) => side)).toEqual(sides)
    for (const { side, bytes } of pictures) expect(await pictureOf(bytes)).toEqual({ format: 'png', width: side, height: side, hasAlpha: true, isDrawn: true })
  })

  it('is small, and there is nothing else', () => {
    const names = readdirSync(KEPT)
    expect(names.toSorted()).toEqual([...pngs.map((side) => `${side}x${side}.png`), 'icon.icns', 'icon.ico'].toSorted())
    expect(names.reduce((sum, name) => sum + statSync(join(KEPT, name)).size, 0)).toBeLessThan(120_000)
  })

  describe('drawn anew', () => {
    const folder = temporaryFolder()
    beforeAll(() => void execFileSync(process.execPath, [join(PROJECT, 'scripts/icons.mjs'), folder]))
    // Encoders of other versions may compress otherwise: the pixels count.
    it.each([16, 256])('is the one that is kept (%i pixels)', async (side) => {
      const [kept, drawn] = await Promise.all([KEPT, folder].map((where) => sharp(join(where, `${side}x${side}.png`)).ensureAlpha().raw().toBuffer()))
      expect(kept!.reduce((most, value, index) => Math.max(most, Math.abs(value - drawn![index]!)), 0)).toBeLessThanOrEqual(2)
    })
  })
})
