import { CALLS, type CallName, type ReplyOf, type RequestOf } from './calls.ts'
import { decodeReply, type Reply } from './envelope.ts'
import { CallFault, firstIssue } from './fault.ts'

/** Carries one request over and gives the bytes of the reply. Rejects only where nobody answered. */
export type Transport = (name: CallName, request: unknown, signal?: AbortSignal) => Promise<Uint8Array>

export type Call = <N extends CallName>(name: N, request: RequestOf<N>, signal?: AbortSignal) => Promise<ReplyOf<N>>

/**
 * The calls as a function: `await call('runs.show', { run })`. Requests are checked before they leave, replies when they come.
 * Rejects with a CallFault; with the signal's reason when it was aborted.
 */
export function clientOf(transport: Transport): Call {
  return async (name, request, signal) => {
    const { request: asks, reply: answers } = CALLS[name]
    const asked = asks.safeParse(request)
    if (!asked.success) {
      const { path, message } = firstIssue(asked.error)
      throw new CallFault({ code: 'input.bad-request', what: `${name} cannot be asked like that: ${message}`, ...(path === '' ? {} : { where: path }) })
    }
    const reply = await carry(transport, name, asked.data, signal)
    if (!reply.ok) throw new CallFault(reply.fault)
    const answered = answers.safeParse(reply.value)
    if (answered.success) return answered.data as ReplyOf<typeof name>
    const { path, message } = firstIssue(answered.error)
    throw badReply(name, `${path}: ${message}`, answered.error)
  }
}

async function carry(transport: Transport, name: CallName, request: unknown, signal?: AbortSignal): Promise<Reply> {
  let bytes: Uint8Array
  try {
    bytes = await transport(name, request, signal)
  } catch (error) {
    signal?.throwIfAborted()
    if (error instanceof CallFault) throw error
    throw new CallFault({ code: 'engine.unreachable', what: 'Scalewright does not answer', next: 'Check that it still runs; a running job goes on without this window.' }, { cause: error })
  }
  try {
    return decodeReply(bytes)
  } catch (error) {
    throw badReply(name, error instanceof Error ? error.message : String(error), error)
  }
}

const badReply = (name: CallName, why: string, cause: unknown): CallFault =>
  new CallFault({ code: 'bug.bad-reply', what: `the answer to ${name} is not what was agreed: ${why}`, next: 'Reload the window; if it comes again, report it.' }, { cause })
