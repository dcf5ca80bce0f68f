import type { ElementType } from '../../onnx/element-type.ts'
import type { Tensor } from '../../onnx/graph.ts'
import { storageOf } from '../../onnx/storage.ts'
import { elementCount, tensor } from '../../onnx/tensor.ts'
import type { Refuse } from './pickle.ts'

const TYPES: Readonly<Record<string, ElementType>> = {
  F64: 'float64', F32: 'float32', F16: 'float16', BF16: 'bfloat16', I64: 'int64', I32: 'int32', I16: 'int16', I8: 'int8', U64: 'uint64', U32: 'uint32', U16: 'uint16', U8: 'uint8', BOOL: 'bool',
}
const MOST_HEADER_BYTES = 100_000_000

interface Entry {
  readonly dtype: string
  readonly shape: readonly number[]
  readonly data_offsets: readonly [number, number]
}

const isWhole = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0

function isEntry(value: unknown): value is Entry {
  if (value === null || typeof value !== 'object') return false
  const { dtype, shape, data_offsets: offsets } = value as Partial<Record<keyof Entry, unknown>>
  return typeof dtype === 'string' && Array.isArray(shape) && shape.length <= 32 && shape.every(isWhole) && Array.isArray(offsets) && offsets.length === 2 && offsets.every(isWhole)
}

/**
 * The tensors of a .safetensors file: eight bytes of length, a JSON header, then values without gaps.
 * Format: huggingface/safetensors, README "Format".
 */
export function decodeSafetensors(bytes: Uint8Array, refuse: Refuse): Map<string, Tensor> {
  const again = 'Copy or save the file again.'
  if (bytes.length < 8) refuse('it is cut short', again)
  const headerBytes = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true))
  if (headerBytes > MOST_HEADER_BYTES || 8 + headerBytes > bytes.length) refuse('its header does not fit into the file', again)
  const start = 8 + headerBytes
  const entries = Object.entries(headerOf(bytes.subarray(8, start), refuse)).filter(([name]) => name !== '__metadata__')
  let end = 0
  const found = entries.map(([name, entry]) => {
    if (!isEntry(entry)) return refuse(`its header says nothing sensible of «${name}»`, again)
    return { name, entry }
  }).toSorted((a, b) => a.entry.data_offsets[0] - b.entry.data_offsets[0] || a.entry.data_offsets[1] - b.entry.data_offsets[1])
  const tensors = found.map(({ name, entry: { dtype, shape, data_offsets: [from, to] } }) => {
    const type = Object.hasOwn(TYPES, dtype) ? TYPES[dtype] : undefined
    if (type === undefined) return refuse(`«${name}» is of type ${dtype}, which is not read here`, 'Save it as F32, F16 or BF16.')
    const storage = storageOf(type)!
    if (from !== end || to - from !== elementCount(shape) * storage.array.BYTES_PER_ELEMENT || start + to > bytes.length) refuse(`«${name}» does not lie where its header says`, again)
    end = to
    // A copy: the file's bytes are not aligned.
    const values = new storage.array(bytes.slice(start + from, start + to).buffer)
    return [name, tensor(type, shape, values)] as const
  })
  if (start + end !== bytes.length) refuse('there are bytes in it that no tensor owns', again)
  return new Map(tensors)
}

function headerOf(bytes: Uint8Array, refuse: Refuse): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
    if (value !== null && typeof value === 'object' && !Array.isArray(value)) return value as Record<string, unknown>
  } catch {
    return refuse('its header is not JSON', 'Copy or save the file again.')
  }
  return refuse('its header is not a JSON object', 'Copy or save the file again.')
}
