import { randomBytes } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join, parse } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { Fault } from '../core/fault.ts'
import { asWriteFault, ensureFolder, writeFileAtomic } from '../core/files.ts'
import { openExternal } from './external-data.ts'
import { readModel } from './model-file.ts'
import type { ModelFile } from './model-file.ts'

/**
 * Copies a model and its weight files into a folder of its own inside `folder`, named after content and name, and returns the path
 * of the copied .onnx file. That folder appears whole or not at all; a model that is there already is not copied again. Only the
 * copy should be run: the original may change at any time. Throws what readModel throws, `model.changed` where the files change meanwhile, and `workspace.*`.
 */
export async function importModel(path: string, folder: string): Promise<string> {
  const model = await readModel(path)
  const home = join(folder, `${model.sha256.slice(0, 16)}-${parse(path).name}`)
  const target = join(home, basename(path))
  if (await isWhole(target, model.sha256)) return target
  const partial = join(folder, `.${model.sha256.slice(0, 12)}-${randomBytes(6).toString('hex')}.tmp`)
  try {
    for (const location of model.externalFiles) await copyExternal(path, location, join(partial, location))
    const copied = join(partial, basename(path))
    await writeFileAtomic(copied, model.bytes)
    if (model.externalFiles.length > 0) await checkCopy(copied, model)
    await rm(home, { recursive: true, force: true })
    await rename(partial, home)
    return target
  } catch (error) {
    await rm(partial, { recursive: true, force: true })
    throw asWriteFault(error, home)
  }
}

/** Whether a whole copy is there; one that was damaged since is taken for missing and made anew. */
async function isWhole(target: string, sha256: string): Promise<boolean> {
  try {
    return (await readModel(target)).sha256 === sha256
  } catch (error) {
    if (error instanceof Fault) return false
    throw error
  }
}

async function copyExternal(modelPath: string, location: string, target: string): Promise<void> {
  const { file } = await openExternal(modelPath, location, modelPath)
  try {
    ensureFolder(dirname(target))
    await pipeline(file.createReadStream({ start: 0, autoClose: false }), createWriteStream(target, { flags: 'wx' }))
  } finally {
    await file.close()
  }
  const written = await open(target, 'r+')
  try {
    await written.sync()
  } finally {
    await written.close()
  }
}

async function checkCopy(copied: string, model: ModelFile): Promise<void> {
  if ((await readModel(copied)).sha256 === model.sha256) return
  throw new Fault({
    code: 'model.changed', what: 'its files changed while they were being copied', where: model.path,
    next: 'Run the command again when nothing writes to them.',
  })
}
