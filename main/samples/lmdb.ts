import { open, type FileHandle } from 'node:fs/promises'
import { Fault } from '../core/fault.ts'

/**
 * Reads LMDB environments (data.mdb, format 1, 64-bit little-endian): a B+ tree of pages with sorted keys, never written here.
 * The one well-kept library for Node ends the process on files that the reference implementation wrote.
 * Layout: OpenLDAP, libraries/liblmdb/mdb.c (MDB_page, MDB_meta, MDB_db, MDB_node).
 */

const MAGIC = 0xbeefc0de
const VERSION = 1
const HEADER = 16
const NODE_HEADER = 8
const META = { magic: 0, version: 4, dbs: 24, dbBytes: 48, transaction: 24 + 2 * 48 + 8 } as const
const MAIN = { flags: 4, entries: 32, root: 40 } as const
const PAGE = { branch: 1, leaf: 2, overflow: 4, meta: 8 } as const
const NODE = { big: 1, sub: 2, dup: 4 } as const
const NO_ROOT = 0xffff_ffff_ffff_ffffn
const MOST_DEPTH = 40
const MOST_VALUE_BYTES = 2 ** 30

export interface Lmdb {
  /** Number of entries. */
  readonly count: number
  /** Keys in the order of the tree, which is that of their bytes. */
  keys(): AsyncGenerator<Buffer>
  /** The value of a key; undefined where there is none. */
  get(key: Uint8Array): Promise<Uint8Array | undefined>
  close(): Promise<void>
}

/** Opens the file data.mdb. Throws `samples.lmdb` where it is none, or damaged. */
export async function openLmdb(path: string): Promise<Lmdb> {
  const file = await open(path, 'r')
  try {
    const reader = new Reader(file, path)
    const { root, count } = await reader.main()
    return {
      count, close: () => file.close(),
      keys: () => (root === null ? none() : reader.keysBelow(root, 0)),
      get: async (key) => (root === null ? undefined : reader.find(root, Buffer.from(key))),
    }
  } catch (error) {
    await file.close()
    throw error
  }
}

async function* none(): AsyncGenerator<Buffer> { /* an empty tree */ }

interface Page {
  readonly flags: number
  readonly bytes: Buffer
  /** Where each node begins. */
  readonly nodes: readonly number[]
}

class Reader {
  readonly #file: FileHandle
  readonly #path: string
  #pageBytes = 4096

  constructor(file: FileHandle, path: string) {
    this.#file = file
    this.#path = path
  }

  #refuse(what: string): never {
    throw new Fault({ code: 'samples.lmdb', where: this.#path, what: `this is not an LMDB database that can be read: ${what}`, next: 'Copy it again, or make it anew with Caffe\'s convert_imageset.' })
  }

  async #read(at: number, length: number): Promise<Buffer> {
    const buffer = Buffer.alloc(length)
    const { bytesRead } = await this.#file.read(buffer, 0, length, at)
    return bytesRead === length ? buffer : this.#refuse('it is cut short')
  }

  /** Of the two descriptions at the beginning the newer one counts. */
  async main(): Promise<{ root: number | null; count: number }> {
    const first = await this.#meta(0)
    if (first === undefined) this.#refuse('it does not begin as one')
    this.#pageBytes = first!.pageBytes
    const second = await this.#meta(this.#pageBytes)
    const { flags, entries, root } = second !== undefined && second.transaction > first!.transaction ? second : first!
    if ((flags & ~0x08) !== 0) this.#refuse('its keys are sorted in a way that Caffe does not use')
    return { root: root === NO_ROOT ? null : Number(root), count: Number(entries) }
  }

  async #meta(at: number): Promise<{ pageBytes: number; transaction: bigint; flags: number; entries: bigint; root: bigint } | undefined> {
    const meta = (await this.#read(at, HEADER + META.transaction + 8)).subarray(HEADER)
    if (meta.readUInt32LE(META.magic) !== MAGIC) return undefined
    if (meta.readUInt32LE(META.version) !== VERSION) this.#refuse(`it is of format ${meta.readUInt32LE(META.version)}`)
    const pageBytes = meta.readUInt32LE(META.dbs)
    if (pageBytes < 512 || pageBytes > 65_536 || (pageBytes & (pageBytes - 1)) !== 0) this.#refuse(`its pages have ${pageBytes} bytes`)
    const main = meta.subarray(META.dbs + META.dbBytes)
    return { pageBytes, transaction: meta.readBigUInt64LE(META.transaction), flags: main.readUInt16LE(MAIN.flags), entries: main.readBigUInt64LE(MAIN.entries), root: main.readBigUInt64LE(MAIN.root) }
  }

  async #page(number: number): Promise<Page> {
    const bytes = await this.#read(number * this.#pageBytes, this.#pageBytes)
    const flags = bytes.readUInt16LE(10)
    if ((flags & (PAGE.branch | PAGE.leaf)) === 0 || bytes.readBigUInt64LE(0) !== BigInt(number)) this.#refuse(`page ${number} is damaged`)
    const count = (bytes.readUInt16LE(12) - HEADER) >> 1
    if (count < 0 || HEADER + 2 * count > bytes.length) this.#refuse(`page ${number} is damaged`)
    const nodes = Array.from({ length: count }, (_, index) => bytes.readUInt16LE(HEADER + 2 * index))
    if (nodes.some((at) => at < HEADER || at + NODE_HEADER > bytes.length || at + NODE_HEADER + bytes.readUInt16LE(at + 6) > bytes.length)) this.#refuse(`page ${number} is damaged`)
    return { flags, bytes, nodes }
  }

  #key = ({ bytes }: Page, at: number): Buffer => bytes.subarray(at + NODE_HEADER, at + NODE_HEADER + bytes.readUInt16LE(at + 6))
  #child = ({ bytes }: Page, at: number): number => bytes.readUInt16LE(at) + bytes.readUInt16LE(at + 2) * 2 ** 16 + bytes.readUInt16LE(at + 4) * 2 ** 32

  async* keysBelow(number: number, depth: number): AsyncGenerator<Buffer> {
    if (depth > MOST_DEPTH) this.#refuse('its pages lead in a circle')
    const page = await this.#page(number)
    for (const at of page.nodes) {
      if ((page.flags & PAGE.leaf) !== 0) yield this.#key(page, at)
      else yield* this.keysBelow(this.#child(page, at), depth + 1)
    }
  }

  async find(root: number, key: Buffer): Promise<Uint8Array | undefined> {
    let page = await this.#page(root)
    for (let depth = 0; (page.flags & PAGE.leaf) === 0; depth++) {
      if (depth > MOST_DEPTH || page.nodes.length === 0) this.#refuse('its pages lead in a circle')
      // The first child holds everything below the second key; its own key is empty.
      const next = page.nodes.findLastIndex((at, index) => index === 0 || Buffer.compare(this.#key(page, at), key) <= 0)
      page = await this.#page(this.#child(page, page.nodes[next]!))
    }
    const at = page.nodes.find((node) => this.#key(page, node).equals(key))
    return at === undefined ? undefined : this.#value(page, at)
  }

  async #value({ bytes }: Page, at: number): Promise<Uint8Array> {
    const length = bytes.readUInt32LE(at)
    const flags = bytes.readUInt16LE(at + 4)
    const from = at + NODE_HEADER + bytes.readUInt16LE(at + 6)
    if ((flags & (NODE.sub | NODE.dup)) !== 0) this.#refuse('it holds several values under one key')
    if (length > MOST_VALUE_BYTES) this.#refuse('a value is over 1 GB')
    if ((flags & NODE.big) === 0) return from + length <= bytes.length ? new Uint8Array(bytes.subarray(from, from + length)) : this.#refuse('a value reaches beyond its page')
    return new Uint8Array(await this.#read(Number(bytes.readBigUInt64LE(from)) * this.#pageBytes + HEADER, length))
  }
}
