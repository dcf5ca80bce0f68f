import { resolve } from 'node:path'
import { asFault } from '../../core/fault.ts'
import type { CommonOptions, Job } from '../job.ts'
import { commonOf } from './pipeline.ts'

export interface ServeOptions extends CommonOptions {
  readonly port?: number
  readonly allowWrite?: boolean
  readonly root?: readonly string[]
}

/** The window's page on loopback until Ctrl-C, which is how it is meant to end: exit 0. */
export const serveJob = (options: ServeOptions): Job => async (context) => {
  const { cwd, say } = context
  const { port = 0, allowWrite = false, root = [], threads } = options
  return {
    ...commonOf(options, context),
    async execute(app, task, door) {
      // A server goes on; what went wrong is said where the person who started it looks.
      const unexpected = (error: unknown): void => door.complain(asFault(error))
      const page = await door.openPage(app, {
        port, allowWrite, roots: root.map((folder) => resolve(cwd, folder)), folder: cwd, unexpected, ...(threads === undefined ? {} : { threads }),
      })
      door.say(door.asJson ? `${JSON.stringify({ url: page.url })}\n` : `${[
        say('serve.open'), `  ${page.url}`, '', say('serve.workspace', { folder: app.workspace }), say(allowWrite ? 'serve.writes' : 'serve.shows'), say('serve.end'),
      ].join('\n')}\n`)
      await aborted(task.signal)
      await page.close()
      return { parts: [], document: undefined, exitCode: 0 }
    },
  }
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
