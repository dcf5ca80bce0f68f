import { z } from 'zod'
import { FAULT, type FaultData } from './fault.ts'

/**
 * Replies on the wire. Typed arrays anywhere in the value travel as raw little-endian bytes behind a JSON header:
 *
 *     'SWR1' | header length, uint32 | header, UTF-8 JSON | zeros up to a multiple of 8 | array 0 | zeros … | array 1 …
 *
 * The header is `{ok: true, value, arrays: [{path, type, length}]}`, with null in the value where an array stands, or
 * `{ok: false, fault}`. Arrays start at multiples of 8 from the first byte, so a reader can look at them without a copy.
 */
export type Reply = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly fault: FaultData }

const MAGIC = [0x53, 0x57, 0x52, 0x31]
const HEADER_AT = 8
export const ENVELOPE_TYPE = 'application/x-scalewright-reply'

const ARRAY_TYPES = {
  Int8Array, Uint8Array, Int16Array, Uint16Array, Int32Array, Uint32Array, Float32Array, Float64Array,
} as const
type ArrayType = keyof typeof ARRAY_TYPES
export type TypedArray = InstanceType<(typeof ARRAY_TYPES)[ArrayType]>
type Path = readonly (string | number)[]

const ARRAYS = z.array(z.strictObject({
  path: z.array(z.union([z.string(), z.int().min(0)])),
  type: z.enum(Object.keys(ARRAY_TYPES) as [ArrayType, ...ArrayType[]]),
  length: z.int().min(0),
}))
const HEADER = z.discriminatedUnion('ok', [
  z.strictObject({ ok: z.literal(true), value: z.unknown(), arrays: ARRAYS }),
  z.strictObject({ ok: z.literal(false), fault: FAULT }),
])

const align = (bytes: number): number => Math.ceil(bytes / 8) * 8
const arrayTypeOf = (value: unknown): ArrayType | undefined =>
  (Object.keys(ARRAY_TYPES) as ArrayType[]).find((type) => value instanceof ARRAY_TYPES[type])

/** A reply as bytes. Throws TypeError for numbers that JSON cannot hold (NaN, Infinity) outside typed arrays. */
export function encodeReply(reply: Reply): Uint8Array<ArrayBuffer> {
  const arrays: { path: Path; type: ArrayType; array: TypedArray }[] = []
  const plain = reply.ok
    ? { ok: true, value: withoutArrays(reply.value, [], arrays) ?? null, arrays: arrays.map(({ path, type, array }) => ({ path, type, length: array.length })) }
    : { ok: false, fault: reply.fault }
  const header = new TextEncoder().encode(JSON.stringify(plain))
  const start = align(HEADER_AT + header.length)
  const bytes = new Uint8Array(arrays.reduce((at, { array }) => at + align(array.byteLength), start))
  bytes.set(MAGIC)
  new DataView(bytes.buffer).setUint32(MAGIC.length, header.length, true)
  bytes.set(header, HEADER_AT)
  let at = start
  for (const { array } of arrays) {
    // Every platform that this runs on is little-endian, so bytes are copied as they lie in memory.
    bytes.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), at)
    at += align(array.byteLength)
  }
  return bytes
}

function withoutArrays(value: unknown, path: Path, found: { path: Path; type: ArrayType; array: TypedArray }[]): unknown {
  if (typeof value === 'number' && !Number.isFinite(value)) throw new TypeError(`${path.join('.')} is ${value}, which JSON cannot hold`)
  if (value === null || typeof value !== 'object') return value
  const type = arrayTypeOf(value)
  if (type !== undefined) {
    found.push({ path, type, array: value as TypedArray })
    return null
  }
  if (Array.isArray(value)) return value.map((item, index) => withoutArrays(item, [...path, index], found) ?? null)
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withoutArrays(item, [...path, key], found)]))
}

/** Bytes as a reply, its arrays views of these bytes. Throws TypeError for anything that `encodeReply` does not write. */
export function decodeReply(given: Uint8Array): Reply {
  // Views need offsets that are multiples of their element size.
  const bytes = given.byteOffset % 8 === 0 ? given : given.slice()
  if (bytes.length < HEADER_AT || MAGIC.some((byte, index) => bytes[index] !== byte)) throw new TypeError('this is no reply')
  const headerBytes = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(MAGIC.length, true)
  if (HEADER_AT + headerBytes > bytes.length) throw new TypeError('the reply is cut short')
  const parsed = HEADER.safeParse(parseJson(bytes.subarray(HEADER_AT, HEADER_AT + headerBytes)))
  if (!parsed.success) throw new TypeError('the header of the reply is not what it should be', { cause: parsed.error })
  const header = parsed.data
  if (!header.ok) return header
  const root = { value: header.value }
  let at = align(HEADER_AT + headerBytes)
  for (const { path, type, length } of header.arrays) {
    const size = length * ARRAY_TYPES[type].BYTES_PER_ELEMENT
    if (at + size > bytes.length) throw new TypeError('the arrays of the reply are cut short')
    place(root, ['value', ...path], new ARRAY_TYPES[type](bytes.buffer as ArrayBuffer, bytes.byteOffset + at, length))
    at += align(size)
  }
  if (at < bytes.length) throw new TypeError('the reply has bytes that belong to nothing')
  return { ok: true, value: root.value }
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (error) {
    throw new TypeError('the header of the reply is not JSON', { cause: error })
  }
}

/** Puts an array where its null stands. Only own keys that hold null: nothing else can be reached or replaced. */
function place(root: object, path: Path, array: TypedArray): void {
  let at: unknown = root
  for (const key of path.slice(0, -1)) at = own(at, key)
  const last = path.at(-1)!
  if (own(at, last) !== null) throw new TypeError(`the reply has no place for its array ${path.join('.')}`)
  Object.defineProperty(at, last, { value: array, enumerable: true, configurable: true, writable: true })
}

function own(at: unknown, key: string | number): unknown {
  if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) throw new TypeError(`the reply has no place ${key} for an array`)
  return (at as Record<string | number, unknown>)[key]
}
