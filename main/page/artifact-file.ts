import { stat } from 'node:fs/promises'
import { basename, extname } from 'node:path'
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
  // A bundle lies where a person asked for it, under that name; all else lies in the workspace under names of ours.
  const name = role === 'bundle' ? basename(found.path) : `${role}${/^\.\w{1,12}$/.test(extension) ? extension : ''}`
  const disposition = extension === '.png' ? 'inline' : attachment(name)
  return { path: found.path, bytes: facts.size, headers: { 'Content-Type': type, 'Content-Length': String(facts.size), 'Content-Disposition': disposition } }
}

/** RFC 6266: plain letters for old readers, the very name for all others. */
function attachment(name: string): string {
  const plain = name.replaceAll(/[^\w.()+ -]/g, '_')
  return `attachment; filename="${plain}"${plain === name ? '' : `; filename*=UTF-8''${encodeURIComponent(name).replaceAll(/['()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)}`}`
}
