import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { LAUNCHER, PROJECT } from '../fixtures/command.ts'

export interface ServedWorkbench {
  /** With the token. */
  readonly url: string
  readonly pid: number
  close(): Promise<void>
  /** Ends it as a power cut would: no farewell. */
  kill(): Promise<void>
}

/** The built program's page on a workspace, in a process of its own. `writable` false: a door that only shows. `port` 0: any free one. */
export async function serveWorkbench(workspace: string, { writable = true, port = 0 } = {}): Promise<ServedWorkbench> {
  const child = spawn(process.execPath, [LAUNCHER, 'serve', '--json', '--port', String(port), ...(writable ? ['--allow-write'] : []), '--workspace', workspace], {
    cwd: PROJECT, stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  const line = once(createInterface({ input: child.stdout }), 'line')
  const first = await Promise.race([line, ended.then(([code]) => { throw new Error(`serve ended with ${code} before it said its address`) })])
  const { url } = JSON.parse(String(first[0])) as { url: string }
  const end = (signal: NodeJS.Signals) => async (): Promise<void> => {
    child.kill(signal)
    await ended
  }
  return { url, pid: child.pid!, close: end('SIGINT'), kill: end('SIGKILL') }
}
