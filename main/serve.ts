import { pathsBelow } from './app/allowed-paths.ts'
import type { App } from './app/api.ts'
import { bundledSample } from './app/demo.ts'
import { handlersOf } from './app/handlers.ts'
import { openJobs } from './app/jobs.ts'
import { openPageServer } from './serve/server.ts'

export interface ServeOptions {
  /** 0: any free port. */
  readonly port: number
  /** Jobs, tags and the archive; without it the page only shows. */
  readonly allowWrite: boolean
  /** Absolute folders, beside the workspace, the bundled sample and `folder`, that recipes of the page may read below. */
  readonly roots?: readonly string[]
  /** Absolute folder that relative paths of the page count from. */
  readonly folder: string
  readonly threads?: number
  /** Told of every error that is a fault of ours. */
  readonly unexpected?: (error: unknown) => void
  /** The built page; default: that of this installation. */
  readonly renderer?: string
}

/** A door that is open. */
export interface Served {
  /** To be opened in a browser of this machine; holds the token. */
  readonly url: string
  /** Cancels the running job, which is recorded as such, and stops. The app stays open. */
  close(): Promise<void>
}

/** The loopback door: the window's page, its calls and events over HTTP (docs/serve.md). */
export async function serve(app: App, options: ServeOptions): Promise<Served> {
  const { port, allowWrite: writable, roots = [], folder, threads, unexpected, renderer } = options
  // Opens the store: a run that a killed server left behind is marked before anyone asks.
  await app.runs.list({ limit: 1 })
  if (writable) await app.uploads.sweep()
  const jobs = openJobs()
  const handlers = handlersOf(app, jobs, {
    door: 'page', writable, folder, guard: pathsBelow([folder, app.workspace, bundledSample(), ...roots]), ...(threads === undefined ? {} : { threads }),
  })
  const server = await openPageServer({
    app, handlers, events: jobs.events, writable, port, ...(unexpected ? { unexpected } : {}), ...(renderer === undefined ? {} : { renderer }),
  })
  return {
    url: server.url,
    async close() {
      await jobs.close()
      await server.close()
    },
  }
}
