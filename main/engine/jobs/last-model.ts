import { stat } from 'node:fs/promises'
import { readModel, type ModelFile } from '../../onnx/model-file.ts'

/** A screen asks several things of a model in a row; a large file is not kept for longer than that. */
const KEPT_MS = 30_000

interface Kept {
  readonly path: string
  readonly version: string
  readonly file: Promise<ModelFile>
}

let last: Kept | undefined
let timer: NodeJS.Timeout | undefined

/** As `readModel`, but a file that was read a moment ago and has not changed since is not read again; nobody may change what comes back. */
export async function readModelOnce(path: string): Promise<ModelFile> {
  const version = await versionOf(path)
  if (version === null) return readModel(path)
  if (last?.path !== path || last.version !== version) {
    const kept: Kept = { path, version, file: readModel(path) }
    last = kept
    void dropDoubtful(kept)
  }
  clearTimeout(timer)
  timer = setTimeout(() => { last = undefined }, KEPT_MS).unref()
  return last.file
}

/** Files of weights beside a model may change without it, and a fault is looked for again: neither is kept. */
async function dropDoubtful(kept: Kept): Promise<void> {
  const isSure = await kept.file.then(({ externalFiles }) => externalFiles.length === 0, () => false)
  if (!isSure && last === kept) last = undefined
}

/** Null where there is no such file: reading it says why. */
async function versionOf(path: string): Promise<string | null> {
  const facts = await stat(path, { bigint: true }).catch(() => null)
  return facts === null ? null : `${facts.ino} ${facts.size} ${facts.mtimeNs}`
}
