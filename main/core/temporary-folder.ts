import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { asWriteFault } from './files.ts'

/** Gives `use` an empty folder that is gone afterwards, however it ends. */
export async function withTemporaryFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'scalewright-')).catch((error: unknown) => {
    throw asWriteFault(error, tmpdir())
  })
  try {
    return await use(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
