import type { App } from '../app/api.ts'
import { anyPath } from '../app/allowed-paths.ts'
import { handlersOf } from '../app/handlers.ts'
import { openJobs, type Jobs } from '../app/jobs.ts'
import { rendererFolder } from '../page/page-files.ts'
import { appProtocol, type PageRequest } from './app-protocol.ts'
import { answerCalls, eventStreams, type EventStreams } from './ipc.ts'

export interface DesktopOptions {
  /** Absolute folder that relative paths of the window count from. */
  readonly folder: string
  /** Ids of the web contents that are windows of ours; the door adds and removes them. */
  readonly windows: ReadonlySet<number>
  /** Told of every error that is a fault of ours. */
  readonly unexpected: (error: unknown) => void
  /** The built page; default: that of this installation. */
  readonly renderer?: string
}

/** What the desktop door has to wire to Electron: an answer to each of its three lines. */
export interface Desktop {
  readonly page: (request: PageRequest) => Promise<Response>
  readonly calls: ReturnType<typeof answerCalls>
  readonly streams: EventStreams
  /** Whether a job runs, waits or rests. */
  isBusy(): boolean
  /** Cancels every job, which is recorded as such. The app stays open. */
  close(): Promise<void>
}

/** The desktop door without Electron: the same calls, events and files as the served page, for windows of this program. */
export async function openDesktop(app: App, { folder, windows, unexpected, renderer = rendererFolder() }: DesktopOptions): Promise<Desktop> {
  // Opens the store: a run that a killed program left behind is marked before anyone asks.
  await app.runs.list({ limit: 1 })
  await app.uploads.sweep()
  const jobs: Jobs = openJobs()
  const handlers = handlersOf(app, jobs, { door: 'window', writable: true, folder, guard: anyPath })
  const line = { handlers, events: jobs.events, windows, unexpected }
  return {
    page: appProtocol({ app, renderer, unexpected }),
    calls: answerCalls(line),
    streams: eventStreams(line),
    isBusy: () => jobs.list().some(({ ended }) => ended === null),
    close: () => jobs.close(),
  }
}
