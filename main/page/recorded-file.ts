import { stat } from 'node:fs/promises'
import type { App } from '../app/api.ts'
import { Fault } from '../core/fault.ts'
import { artifactFile, type ArtifactFile } from './artifact-file.ts'

/** What a door needs to find files of the workspace for its page. */
export type RecordedFiles = Pick<App, 'artifact' | 'exported'>

/** Whether a path of the page stands for a file of the workspace. */
export const isRecorded = (path: string): boolean => path.startsWith('/artifact/') || path.startsWith('/export/')

/** The file behind `/artifact/<run>/<role>` or `/export/<name>`, or null: no path of a file ever comes from the page. */
export const recordedFile = (app: RecordedFiles, path: string): Promise<ArtifactFile | null> =>
  path.startsWith('/export/') ? exportFile(app, path) : artifactFile(app, path)

const EXPORT_PATH = /^\/export\/([a-z0-9][a-z0-9.-]{0,127})$/

async function exportFile(app: Pick<App, 'exported'>, path: string): Promise<ArtifactFile | null> {
  const [, name] = EXPORT_PATH.exec(path) ?? []
  if (name === undefined) return null
  const found = await app.exported(name).catch((error: unknown) => {
    if (error instanceof Fault && error.code.startsWith('input.')) return null
    throw error
  })
  if (found === null) return null
  const { size } = await stat(found)
  return { path: found, bytes: size, headers: { 'Content-Type': 'application/zip', 'Content-Length': String(size), 'Content-Disposition': `attachment; filename="${name}"` } }
}
