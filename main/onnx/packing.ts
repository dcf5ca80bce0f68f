/** 4- and 2-bit elements in bytes: the first element stands in the lowest bits (ONNX IR, "Packed types"). */
export type PackedBits = 4 | 2

/** Bytes that `count` elements take. */
export const packedLength = (count: number, bits: PackedBits): number => Math.ceil((count * bits) / 8)

/** `count` elements out of packed bytes; `signed` reads two's complement. */
export function unpack(bytes: Uint8Array, count: number, bits: PackedBits, signed: boolean): Int8Array | Uint8Array {
  const values = signed ? new Int8Array(count) : new Uint8Array(count)
  const perByte = 8 / bits
  const mask = (1 << bits) - 1
  const unused = 32 - bits
  for (let index = 0; index < count; index++) {
    const code = (bytes[Math.floor(index / perByte)]! >> ((index % perByte) * bits)) & mask
    values[index] = signed ? (code << unused) >> unused : code
  }
  return values
}

/** The bytes of elements; unused bits of the last byte are zero. */
export function pack(values: Int8Array | Uint8Array, bits: PackedBits): Uint8Array {
  const bytes = new Uint8Array(packedLength(values.length, bits))
  const perByte = 8 / bits
  const mask = (1 << bits) - 1
  for (let index = 0; index < values.length; index++) {
    bytes[Math.floor(index / perByte)]! |= (values[index]! & mask) << ((index % perByte) * bits)
  }
  return bytes
}
