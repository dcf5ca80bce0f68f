import { unzipSync, zipSync } from 'fflate'
import { Fault } from '../core/fault.ts'
import type { Tensor } from '../onnx/graph.ts'
import { decodeNpy, encodeNpy } from './npy.ts'

const MAX_ENTRIES = 10_000
const MAX_BYTES = 2 ** 31 - 1

/** MS-DOS time has no zone: the parts of this local time are what is written, on every machine the same. */
const FIXED_TIME = new Date(1980, 0, 1, 0, 0, 0)

function refuse(where: string, what: string, cause?: unknown): never {
  throw new Fault({ code: 'samples.npz', where, what, next: 'Save the arrays again with numpy.savez.' }, { cause })
}

/**
 * The arrays of a .npz file by name, in the file's order. Every entry must be a .npy array; names are those of numpy.savez,
 * without `.npy`. Throws a `samples.npz` or `samples.npy` Fault.
 */
export function decodeNpz(bytes: Uint8Array, where: string): Map<string, Tensor> {
  const seen = new Set<string>()
  let total = 0
  const guard = (entry: { name: string; originalSize: number }): boolean => {
    total += entry.originalSize
    if (!entry.name.endsWith('.npy')) refuse(where, `the archive holds '${entry.name}', which is not an array`)
    if (seen.has(entry.name)) refuse(where, `the archive holds '${entry.name}' twice`)
    if (seen.add(entry.name).size > MAX_ENTRIES) refuse(where, `the archive holds more than ${MAX_ENTRIES} arrays`)
    if (total > MAX_BYTES) refuse(where, 'the arrays of the archive take more than 2 GB')
    return true
  }
  const files = unzip(bytes, where, guard)
  const names = Object.keys(files)
  if (names.length === 0) refuse(where, 'the archive holds no arrays')
  return new Map(names.map((name) => [name.slice(0, -'.npy'.length), decodeNpy(files[name]!, `${where}, array '${name.slice(0, -4)}'`)]))
}

function unzip(bytes: Uint8Array, where: string, filter: (entry: { name: string; originalSize: number }) => boolean): Record<string, Uint8Array> {
  try {
    return unzipSync(bytes, { filter })
  } catch (error) {
    if (error instanceof Fault) throw error
    return refuse(where, `this is not a whole .npz archive (${error instanceof Error ? error.message : String(error)})`, error)
  }
}

/** Arrays as a .npz file, compressed; the same arrays in the same order give the same bytes. */
export function encodeNpz(arrays: Readonly<Record<string, Tensor>>): Uint8Array {
  const files = Object.entries(arrays).map(([name, values]) => [`${name}.npy`, encodeNpy(values)] as const)
  return zipSync(Object.fromEntries(files), { level: 6, mtime: FIXED_TIME })
}
