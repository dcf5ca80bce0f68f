import { constants } from 'node:os'
import { fileURLToPath } from 'node:url'
import { keepTail, type ChildEnd, type StartChild } from '../app/children.ts'

/** What of Electron's `UtilityProcess` is used. */
export interface UtilityChild {
  /** undefined before it runs and after it ended. */
  readonly pid: number | undefined
  readonly stderr: NodeJS.ReadableStream | null
  postMessage(message: unknown): void
  kill(): boolean
  on(event: 'spawn', listener: () => void): unknown
  on(event: 'message', listener: (message: unknown) => void): unknown
  on(event: 'exit', listener: (code: number) => void): unknown
}

export interface UtilityOptions {
  readonly cwd: string
  readonly stdio: ('ignore' | 'pipe')[]
  readonly serviceName: string
}

export type ForkUtility = (entry: string, words: string[], options: UtilityOptions) => UtilityChild

/** How long the last words of a child that ended are waited for. */
const STDERR_MS = 250

/** Starts engines as utility processes of Electron: the programs that are packaged cannot run as plain Node (fuse `RunAsNode`). */
export const utilityStarter = (fork: ForkUtility, killHard: (pid: number) => void = (pid) => void process.kill(pid, 'SIGKILL')): StartChild =>
  (entry, folder, watch) => {
    const path = entry instanceof URL || entry.startsWith('file:') ? fileURLToPath(entry) : entry
    let child: UtilityChild
    try {
      child = fork(path, [], { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'], serviceName: 'Scalewright engine' })
    } catch (error) {
      queueMicrotask(() => watch.notStarted(error instanceof Error ? error : new Error(String(error))))
      return { send: () => undefined, kill: () => undefined }
    }
    const lastWords = keepTail(child.stderr)
    let ended = false
    let killed = false
    // `kill` of Electron asks by SIGTERM, and a process without a pid cannot be killed yet.
    const kill = (): void => {
      killed = true
      if (child.pid === undefined) child.kill()
      else killHard(child.pid)
    }
    child.on('spawn', () => {
      if (killed) kill()
      else watch.started?.(child.pid!)
    })
    child.on('message', (message) => watch.message(message))
    child.on('exit', (code) => {
      ended = true
      void stderrEnded(child.stderr).then(() => watch.ended({ ...endOf(code), lastWords: lastWords() }))
    })
    return {
      send(message) {
        if (!ended) child.postMessage(message)
      },
      kill: () => {
        if (!ended) kill()
      },
    }
  }

/** Electron says that a child is gone before its last words are read. */
const stderrEnded = (stderr: NodeJS.ReadableStream | null): Promise<void> =>
  new Promise((resolve) => {
    if (stderr === null || !stderr.readable) return resolve()
    stderr.once('end', resolve)
    setTimeout(resolve, STDERR_MS).unref()
  })

const DEADLY = ['SIGILL', 'SIGTRAP', 'SIGABRT', 'SIGBUS', 'SIGFPE', 'SIGKILL', 'SIGSEGV', 'SIGTERM'] as const

/**
 * What Electron's one number says: on POSIX the word of `waitpid` (a signal's number, 128 more with a core dump; an exit code, times
 * 256) or an exit code as it is. Engines end by themselves with 0 or 1 only, so the numbers of signals are free.
 */
export function endOf(code: number, signals: Readonly<Record<string, number>> = process.platform === 'win32' ? {} : constants.signals): Omit<ChildEnd, 'lastWords'> {
  const posix = signals['SIGKILL'] !== undefined
  if (posix && code >= 256 && code % 256 === 0) return { code: code / 256, signal: null }
  const signal = code < 256 ? DEADLY.find((name) => signals[name] === (code & 127)) : undefined
  return signal === undefined ? { code, signal: null } : { code: null, signal }
}
