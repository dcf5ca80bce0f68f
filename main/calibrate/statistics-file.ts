import { createHash } from 'node:crypto'
import { z } from 'zod'
import { Fault } from '../core/fault.ts'
import { canonicalJson } from '../core/hash.ts'
import { samplesSha256Of, sortSamples } from './observed-samples.ts'
import type { Histogram, Statistics, TensorStatistics } from './statistics.ts'

export { mergeStatistics } from './merge-statistics.ts'

/** Format: docs/statistics-file.md. */
const MAGIC = 'SWSTAT01'
const HASH_AT = 8
const HASHED_FROM = 40
const HEADER_AT = 44
/** Bytes of a channel sum: a signed 320-bit integer, five little-endian 64-bit words. */
const SUM_BYTES = 40

const count = z.int().min(0)
const sha = z.string().regex(/^[0-9a-f]{64}$/)
const TensorHeader = z.strictObject({
  tensor: z.string(), channels: z.int().min(1), count, sampled: count, min: z.number(), max: z.number(), sums: count, bins: z.tuple([count, count]),
})
const Header = z.strictObject({
  format: z.literal(1),
  modelSha256: sha,
  samplesSha256: sha,
  observed: z.array(z.strictObject({ id: z.string(), sha256: sha })),
  valuesPerTensor: z.int().min(1).nullable(),
  protocol: z.string(),
  tensors: z.array(TensorHeader),
})
type TensorHeader = z.infer<typeof TensorHeader>

const payloadBytesOf = ({ sums, bins }: TensorHeader): number => align(sums * 8) + sums * SUM_BYTES + bins.reduce((sum, n) => sum + align(4 * n) + 8 * n, 0)
const align = (bytes: number): number => Math.ceil(bytes / 8) * 8

/** Statistics as the bytes of a statistics file. Equal statistics give equal bytes. */
export function encodeStatistics(statistics: Statistics): Uint8Array {
  const tensors = [...statistics.tensors.values()]
  const headers = tensors.map((t): TensorHeader => ({
    tensor: t.tensor, channels: t.channels, count: t.count, sampled: t.sampled, min: t.min, max: t.max, sums: t.channelSum.length, bins: [t.folds[0].codes.length, t.folds[1].codes.length],
  }))
  const { format, modelSha256, samplesSha256, observed, valuesPerTensor, protocol } = statistics
  const header = Buffer.from(canonicalJson({ format, modelSha256, samplesSha256, observed, valuesPerTensor, protocol, tensors: headers }))
  const payloadAt = align(HEADER_AT + header.length)
  const bytes = new Uint8Array(payloadAt + headers.reduce((sum, one) => sum + payloadBytesOf(one), 0))
  const view = new DataView(bytes.buffer)
  bytes.set(Buffer.from(MAGIC))
  view.setUint32(HASHED_FROM, header.length, true)
  bytes.set(header, HEADER_AT)
  let at = payloadAt
  for (const tensor of tensors) at = writeTensor(bytes, at, tensor)
  bytes.set(digestOf(bytes), HASH_AT)
  return bytes
}

const digestOf = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes.subarray(HASHED_FROM)).digest()

/** Arrays are copied as they lie in memory: every platform of the runtime is little-endian. */
function writeTensor(bytes: Uint8Array, start: number, tensor: TensorStatistics): number {
  let at = start
  const write = (array: ArrayBufferView): void => {
    bytes.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), at)
    at += array.byteLength
  }
  write(tensor.channelMin)
  write(tensor.channelMax)
  at = align(at)
  for (const sum of tensor.channelSum) write(BigInt64Array.from({ length: SUM_BYTES / 8 }, (_, word) => BigInt.asIntN(64, sum >> BigInt(64 * word))))
  for (const { codes, counts } of tensor.folds) {
    write(codes)
    at = align(at)
    write(counts)
  }
  return at
}

/**
 * Reads the bytes of a statistics file. `where` names the file in faults.
 * Throws `input.statistics-file` when it is no statistics file, or not whole, or changed since it was written.
 */
export function decodeStatistics(bytes: Uint8Array, where = 'statistics'): Statistics {
  const refuse = (what: string): never => {
    throw new Fault({ code: 'input.statistics-file', where, what, next: 'Take an undamaged copy, or calibrate again.' })
  }
  const magic = Buffer.from(bytes.subarray(0, HASH_AT)).toString('latin1')
  if (magic !== MAGIC) refuse(magic.startsWith(MAGIC.slice(0, 6)) ? `statistics of format ${magic.slice(6)}, this version reads ${MAGIC.slice(6)}` : 'this is no statistics file')
  if (bytes.length < HEADER_AT) refuse('the file is cut short')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const headerBytes = view.getUint32(HASHED_FROM, true)
  if (align(HEADER_AT + headerBytes) > bytes.length) refuse('the file is cut short')
  if (Buffer.compare(digestOf(bytes), bytes.subarray(HASH_AT, HASHED_FROM)) !== 0) refuse('the content does not match its checksum: the file is cut short or damaged')
  const header = parseHeader(bytes.subarray(HEADER_AT, HEADER_AT + headerBytes), refuse)
  const needed = header.tensors.reduce((sum, tensor) => sum + payloadBytesOf(tensor), align(HEADER_AT + headerBytes))
  if (needed !== bytes.length) refuse(`the header asks for ${needed} bytes, the file has ${bytes.length}`)
  const tensors = new Map<string, TensorStatistics>()
  let at = align(HEADER_AT + headerBytes)
  for (const one of header.tensors) {
    if (tensors.has(one.tensor)) refuse(`tensor '${one.tensor}' stands twice`)
    const tensor = readTensor(bytes, at, one)
    const problem = inconsistency(tensor, one)
    if (problem !== null) refuse(`tensor '${one.tensor}': ${problem}`)
    tensors.set(one.tensor, tensor)
    at += payloadBytesOf(one)
  }
  const { format, modelSha256, samplesSha256, observed, valuesPerTensor, protocol } = header
  if (samplesSha256 !== samplesSha256Of(sortSamples(observed))) refuse('the list of samples does not match its hash')
  return { format, modelSha256, samplesSha256, samples: observed.length, observed, valuesPerTensor, protocol, tensors }
}

function parseHeader(bytes: Uint8Array, refuse: (what: string) => never): z.infer<typeof Header> {
  let json: unknown
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (error) {
    return refuse(`the header is not JSON (${error instanceof Error ? error.message : String(error)})`)
  }
  const parsed = Header.safeParse(json)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  return refuse(`the header is wrong at '${issue?.path.join('.') ?? ''}': ${issue?.message ?? ''}`)
}

function readTensor(bytes: Uint8Array, start: number, header: TensorHeader): TensorStatistics {
  let at = start
  const read = (length: number, width: number): ArrayBuffer => new Uint8Array(bytes.subarray(at, (at += length * width))).buffer
  const channelMin = new Float32Array(read(header.sums, 4))
  const channelMax = new Float32Array(read(header.sums, 4))
  at = align(at)
  const channelSum = Array.from({ length: header.sums }, () =>
    BigInt.asIntN(SUM_BYTES * 8, new BigUint64Array(read(SUM_BYTES / 8, 8)).reduce((sum, word, index) => sum | (word << BigInt(64 * index)), 0n)),
  )
  const histogram = (bins: number): Histogram => {
    const codes = new Uint32Array(read(bins, 4))
    at = align(at)
    return { codes, counts: new Float64Array(read(bins, 8)) }
  }
  const folds = [histogram(header.bins[0]), histogram(header.bins[1])] as const
  const { tensor, channels, count, sampled, min, max } = header
  return { tensor, channels, count, sampled, min, max, channelMin, channelMax, channelSum, folds }
}

/** What a well-formed file could still get wrong: numbers that contradict each other. */
function inconsistency(tensor: TensorStatistics, header: TensorHeader): string | null {
  if (header.sums !== tensor.channels && !(header.sums === 0 && tensor.count === 0)) return `${header.sums} sums for ${tensor.channels} channels`
  if (tensor.sampled > tensor.count) return `${tensor.sampled} of ${tensor.count} values in the histogram`
  if (!(tensor.min <= tensor.max)) return `minimum ${tensor.min} above maximum ${tensor.max}`
  let total = 0
  for (const { codes, counts } of tensor.folds) {
    for (let bin = 0; bin < codes.length; bin++) {
      if (codes[bin]! >= 2 ** 19 || (codes[bin]! & 0x3ffff) >= 0xff << 10 || (bin > 0 && codes[bin]! <= codes[bin - 1]!)) return 'bins out of order'
      if (!(counts[bin]! >= 1 && Number.isSafeInteger(counts[bin]!))) return `a bin counts ${counts[bin]}`
      total += counts[bin]!
    }
  }
  if (total !== tensor.sampled) return `bins count ${total} values instead of ${tensor.sampled}`
  const finite = (values: Float32Array) => values.every((value) => Number.isFinite(value))
  return finite(tensor.channelMin) && finite(tensor.channelMax) ? null : 'channel extremes that are not finite'
}
