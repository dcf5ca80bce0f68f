import ELK, { type ElkNode } from 'elkjs/lib/elk-api.js'
import { CallFault } from '../../../../preload/contract/index.ts'
import workerUrl from 'elkjs/lib/elk-worker.min.js?url'

/** A place where graphs are laid out beside the window's own thread. Started by the first graph. */
export interface LayoutEngine {
  /** One at a time: a new graph, or the signal, ends the one before. Rejects with the signal's reason, and with `input.graph-too-deep`. */
  lay(graph: ElkNode, signal: AbortSignal): Promise<ElkNode>
  close(): void
}

/** The algorithm goes along a chain by calling itself, and a browser's stack ends at some thousands. */
const isTooDeep = (error: unknown): boolean => /call stack/i.test(String((error as { readonly message?: unknown } | null)?.message ?? error))
const TOO_DEEP = { code: 'input.graph-too-deep', what: 'so long a chain of nodes cannot be laid out at once', next: 'Draw it in groups, with some of them closed, or look at the list.' } as const

export function openLayoutEngine(): LayoutEngine {
  let elk: InstanceType<typeof ELK> | undefined
  const stop = (): void => {
    elk?.terminateWorker()
    elk = undefined
  }
  return {
    async lay(graph, signal) {
      signal.throwIfAborted()
      elk ??= new ELK({ workerFactory: () => new Worker(workerUrl) })
      const { promise: stopped, reject } = Promise.withResolvers<never>()
      // The algorithm hears nothing while it computes: its worker is ended, and the next graph gets a new one.
      const onAbort = (): void => {
        stop()
        reject(signal.reason as Error)
      }
      signal.addEventListener('abort', onAbort, { once: true })
      try {
        return await Promise.race([elk.layout(graph), stopped])
      } catch (error) {
        throw isTooDeep(error) ? new CallFault(TOO_DEEP, { cause: error }) : error
      } finally {
        signal.removeEventListener('abort', onAbort)
      }
    },
    close: stop,
  }
}
