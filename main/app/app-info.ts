import { existsSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { availableParallelism, cpus, freemem, totalmem } from 'node:os'
import { dirname } from 'node:path'
import type { AppInfo } from '../../preload/contract/calls.ts'
import { ownVersion } from '../core/version.ts'
import type { App } from './api.ts'
import type { DoorFacts } from './handlers.ts'

/** What stands in the window's foot: versions, machine, what is free. */
export const appInfo = async (app: App, { door, writable, folder, threads }: DoorFacts): Promise<AppInfo> => ({
  version: ownVersion(), workspace: app.workspace, writable, door, folder,
  platform: `${process.platform}-${process.arch}`, node: process.versions.node, cpu: cpus()[0]?.model.trim() ?? process.arch,
  cores: availableParallelism(), threads: threads ?? availableParallelism(), memoryBytes: { total: totalmem(), free: freemem() },
  diskFreeBytes: await diskFree(app.workspace),
})

/** Bytes that a person can still write where a folder is, or will be. */
export async function diskFree(path: string): Promise<number> {
  let folder = path
  while (!existsSync(folder)) folder = dirname(folder)
  const { bavail, bsize } = await statfs(folder)
  return bavail * bsize
}
