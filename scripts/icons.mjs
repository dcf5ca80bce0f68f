// Draws our mark (renderer/public/icon.svg) in every size that the three systems ask for: resources/icons/*.png, icon.ico, icon.icns.
// Run it after the mark was changed: node scripts/icons.mjs [FOLDER]
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import sharp from 'sharp'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const folder = resolve(process.argv[2] ?? join(root, 'resources', 'icons'))
const MARK = readFileSync(join(root, 'renderer', 'public', 'icon.svg'))
/** Units of the drawing's own side; at 72 units an inch, its natural size in pixels. */
const MARK_SIDE = 32

const LINUX = [16, 24, 32, 48, 64, 128, 256, 512, 1024]
const WINDOWS = [16, 24, 32, 48, 64, 128, 256]
/** Kinds of Apple's icon file that hold PNG, and the pixels of each; the second of a size is for screens of double density. */
const MAC = [['ic11', 32], ['ic12', 64], ['ic07', 128], ['ic13', 256], ['ic08', 256], ['ic14', 512], ['ic09', 512], ['ic10', 1024]]

/** macOS sets its icons in a margin of a tenth on each side. */
const MAC_MARGIN = 0.1

const drawn = (size) => sharp(MARK, { density: (72 * size) / MARK_SIDE }).resize(size, size)
const png = (size) => drawn(size).png({ compressionLevel: 9, palette: true }).toBuffer()

async function macPng(size) {
  const margin = Math.round(size * MAC_MARGIN)
  const clear = { r: 0, g: 0, b: 0, alpha: 0 }
  return drawn(size - 2 * margin).extend({ top: margin, bottom: margin, left: margin, right: margin, background: clear }).png({ compressionLevel: 9, palette: true }).toBuffer()
}

/** ICONDIR, an ICONDIRENTRY of 16 bytes for each picture, then the pictures; 256 pixels are written as 0. */
function ico(pictures) {
  const head = Buffer.alloc(6 + 16 * pictures.length)
  head.writeUInt16LE(1, 2)
  head.writeUInt16LE(pictures.length, 4)
  let at = head.length
  for (const [index, { size, bytes }] of pictures.entries()) {
    const entry = 6 + 16 * index
    head.writeUInt8(size % 256, entry)
    head.writeUInt8(size % 256, entry + 1)
    head.writeUInt16LE(1, entry + 4)
    head.writeUInt16LE(32, entry + 6)
    head.writeUInt32LE(bytes.length, entry + 8)
    head.writeUInt32LE(at, entry + 12)
    at += bytes.length
  }
  return Buffer.concat([head, ...pictures.map(({ bytes }) => bytes)])
}

/** `icns`, length, then a kind, length and PNG for each picture; lengths count their own eight bytes. */
function icns(pictures) {
  const block = (kind, bytes) => {
    const head = Buffer.alloc(8)
    head.write(kind, 'latin1')
    head.writeUInt32BE(8 + bytes.length, 4)
    return Buffer.concat([head, bytes])
  }
  return block('icns', Buffer.concat(pictures.map(({ kind, bytes }) => block(kind, bytes))))
}

mkdirSync(folder, { recursive: true })
for (const size of LINUX) writeFileSync(join(folder, `${size}x${size}.png`), await png(size))
writeFileSync(join(folder, 'icon.ico'), ico(await Promise.all(WINDOWS.map(async (size) => ({ size, bytes: await png(size) })))))
writeFileSync(join(folder, 'icon.icns'), icns(await Promise.all(MAC.map(async ([kind, size]) => ({ kind, bytes: await macPng(size) })))))
