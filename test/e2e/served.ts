import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { LAUNCHER, PROJECT } from '../fixtures/command.ts'

export interface ServedWorkbench {
  /** With the token. */
  readonly url: string
  close(): Promise<void>
}

/** The built program's page on a workspace, in a process of its own. */
export async function serveWorkbench(workspace: string): Promise<ServedWorkbench> {
  const child = spawn(process.execPath, [LAUNCHER, 'serve', '--json', '--port', '0', '--allow-write', '--workspace', workspace], {
    cwd: PROJECT, stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  const line = once(createInterface({ input: child.stdout }), 'line')
  const first = await Promise.race([line, ended.then(([code]) => { throw new Error(`serve ended with ${code} before it said its address`) })])
  const { url } = JSON.parse(String(first[0])) as { url: string }
  return {
    url,
    async close() {
      child.kill('SIGINT')
      await ended
    },
  }
}
