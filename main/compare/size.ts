import { stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { Run } from '../core/run.ts'

/** Bytes on disk of a model: its file and, where weights lie beside it, the files that hold them (named from its folder). */
export async function bytesOnDisk(path: string, externalFiles: readonly string[] = []): Promise<number> {
  const sizes = await Promise.all([path, ...externalFiles.map((file) => resolve(dirname(path), file))].map(async (file) => (await stat(file)).size))
  return sizes.reduce((sum, size) => sum + size, 0)
}

/** Sizes of the float and the quantized model, and quantized over float. */
export const compareSizes = (floatBytes: number, quantizedBytes: number): NonNullable<Run['size']> => ({
  floatBytes,
  quantizedBytes,
  ratio: quantizedBytes / floatBytes,
})
