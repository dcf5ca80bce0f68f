import { asWriteFault } from '../core/files.ts'
import type { Style } from './layout.ts'
import { COLOURS, NO_COLOURS } from './layout.ts'

/** Where the door speaks: results on stdout, everything else on stderr. */
export interface Terminal {
  output(text: string): void
  error(text: string): void
  readonly outputIsTty: boolean
  readonly errorIsTty: boolean
  errorColumns(): number
  /** Colours only for a person at a terminal who did not say NO_COLOR. */
  readonly outputStyle: Style
  readonly errorStyle: Style
  /** Resolves when everything is handed over. A reader that went away (`| head`) is no error; a full disk is a Fault. */
  flush(): Promise<void>
}

type Stream = NodeJS.WriteStream

/** The terminal of a process. From then on a closed pipe is silence, not a crash. */
export function terminalOf(stdout: Stream, stderr: Stream, environment: Readonly<Record<string, string | undefined>>): Terminal {
  const style = (stream: Stream): Style => (stream.isTTY && !environment['NO_COLOR'] ? COLOURS : NO_COLOURS)
  const failures: unknown[] = []
  const writer = (stream: Stream, name: string) => {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') failures.push(asWriteFault(error, name))
    })
    return (text: string): void => {
      if (stream.writable) stream.write(text)
    }
  }
  const drained = (stream: Stream): Promise<void> =>
    new Promise((resolve) => {
      if (stream.writable) stream.write('', () => resolve())
      else resolve()
    })
  return {
    output: writer(stdout, 'stdout'),
    error: writer(stderr, 'stderr'),
    outputIsTty: stdout.isTTY === true,
    errorIsTty: stderr.isTTY === true,
    errorColumns: () => stderr.columns || 80,
    outputStyle: style(stdout),
    errorStyle: style(stderr),
    async flush() {
      await Promise.all([drained(stdout), drained(stderr)])
      if (failures.length > 0) throw failures[0]
    },
  }
}
