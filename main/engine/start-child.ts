import { fork } from 'node:child_process'
import type { FaultData } from '../core/fault.ts'

/** How a child ended: its exit code, or the signal that killed it, and the last it wrote to stderr. */
export interface ChildEnd {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly lastWords: string
}

/** What is heard of a child: it started, any number of messages, and its end; or only that it could not be started. */
export interface ChildWatch {
  started?(pid: number): void
  message(message: unknown): void
  notStarted(error: Error): void
  /** Comes after every message that it sent. */
  ended(end: ChildEnd): void
}

/** A process and the line to it. Messages are copied by structured clone. */
export interface Child {
  /** Throws for what cannot be copied. To a child that is gone it does nothing: `ended` tells. */
  send(message: unknown): void
  /** Ends it whatever it is doing, native code included. */
  kill(): void
}

/** Starts a module in a process of its own, with `folder` as its working folder. */
export type StartChild = (entry: string | URL, folder: string, watch: ChildWatch) => Child

const STDERR_KEPT = 4096

/** Keeps the last words of a process that may be about to die. */
export function keepTail(stderr: NodeJS.ReadableStream | null): () => string {
  let tail = ''
  stderr?.setEncoding('utf8').on('data', (text: string) => (tail = (tail + text).slice(-STDERR_KEPT)))
  return () => tail.trim()
}

/** The way of plain Node. */
export const forkChild: StartChild = (entry, folder, watch) => {
  const child = fork(entry, [], { cwd: folder, execArgv: [], serialization: 'advanced', stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
  const lastWords = keepTail(child.stderr)
  child.on('spawn', () => watch.started?.(child.pid!))
  child.on('message', (message) => watch.message(message))
  child.on('error', (error) => {
    if (child.pid === undefined) watch.notStarted(error)
  })
  // Unlike 'exit', 'close' comes after every message has been read.
  child.on('close', (code, signal) => {
    if (child.pid !== undefined) watch.ended({ code, signal, lastWords: lastWords() })
  })
  return {
    send(message) {
      // A failed write means a dead child, which 'close' reports.
      if (child.connected) child.send(message as object, () => undefined)
    },
    kill: () => void child.kill('SIGKILL'),
  }
}

let starter = forkChild

/** How this program's children are started from now on. Electron's packaged programs cannot fork a plain Node. */
export function startChildrenBy(start: StartChild): void {
  starter = start
}

export const startChild: StartChild = (entry, folder, watch) => starter(entry, folder, watch)

export const notStarted = (error: Error): FaultData => ({
  code: 'engine.not-started', what: `the engine process could not be started: ${error.message}`, next: 'Close other programs and try again.',
})
