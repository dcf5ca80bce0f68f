import { stat } from 'node:fs/promises'
import { extname } from 'node:path'
import type { App } from '../app/api.ts'
import { Fault } from '../core/fault.ts'

const ARTIFACT_PATH = /^\/artifact\/([0-9A-Z]{26})\/([a-z0-9-]{1,64})$/

/** A file that a run recorded, as a door sends it on top of SAFE_HEADERS. */
export interface ArtifactFile {
  /** Absolute. */
  readonly path: string
  readonly bytes: number
  readonly headers: Readonly<Record<string, string>>
}

/** What `/artifact/<run>/<role>` stands for, or null: bytes by run and role, no path of a file ever comes from the page. */
export async function artifactFile(app: Pick<App, 'artifact'>, path: string): Promise<ArtifactFile | null> {
  const [, run, role] = ARTIFACT_PATH.exec(path) ?? []
  if (run === undefined || role === undefined) return null
  const found = await app.artifact(run, role).catch((error: unknown) => {
    if (error instanceof Fault && error.code.startsWith('input.')) return null
    throw error
  })
  const facts = found === null ? null : await stat(found.path).catch(() => null) // removed from the workspace by hand
  if (found === null || !facts?.isFile()) return null
  const extension = extname(found.path).toLowerCase()
  const type = extension === '.png' ? 'image/png' : 'application/octet-stream'
  const disposition = extension === '.png' ? 'inline' : `attachment; filename="${role}${/^\.\w{1,12}$/.test(extension) ? extension : ''}"`
  return { path: found.path, bytes: facts.size, headers: { 'Content-Type': type, 'Content-Length': String(facts.size), 'Content-Disposition': disposition } }
}
