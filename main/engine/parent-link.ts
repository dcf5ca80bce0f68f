/** The line of an engine process to the program that started it. The process ends with its parent. */
export interface ParentLink {
  /** Throws for what structured clone cannot copy. */
  send(message: unknown): void
  listen(hear: (message: unknown) => void): void
}

/** What of a process makes the line: `send` of `child_process.fork`, or `parentPort` of Electron's `utilityProcess`. */
export interface LinkHost {
  readonly parentPort?: ParentPort
  send?(message: unknown): boolean
  on(event: 'message', hear: (message: unknown) => void): unknown
  on(event: 'disconnect' | 'SIGINT', hear: () => void): unknown
  exit(code: number): never
}

interface ParentPort {
  postMessage(message: unknown): void
  on(event: 'message', hear: (event: { readonly data: unknown }) => void): unknown
}

/** Throws where nobody is at the other end. Ctrl-C in a terminal reaches this process too and is left to the parent. */
export function parentLink(host: LinkHost = process as LinkHost): ParentLink {
  const { parentPort } = host
  host.on('SIGINT', () => undefined)
  // Chromium ends its utility processes when the browser process is gone.
  if (parentPort) {
    return { send: (message) => parentPort.postMessage(message), listen: (hear) => void parentPort.on('message', ({ data }) => hear(data)) }
  }
  if (host.send === undefined) throw new Error('an engine process must be started by its supervisor')
  host.on('disconnect', () => host.exit(1))
  return { send: (message) => void host.send!(message), listen: (hear) => void host.on('message', hear) }
}
