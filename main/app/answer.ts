import { CALLS, CALL_NAMES, isCallName, type CallName, type Handlers } from '../../preload/contract/calls.ts'
import { encodeReply } from '../../preload/contract/envelope.ts'
import { firstIssue } from '../../preload/contract/fault.ts'
import { asFault, Fault } from '../core/fault.ts'
import { didYouMean } from '../core/nearest.ts'

export interface Answered {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** Code of the fault, where it is one. */
  readonly code: string | null
}

/**
 * Answers one call of a window whatever it sent: the request is checked, the handler asked, the reply checked and encoded.
 * Never throws. Faults of the line are `input.unknown-call`, `input.bad-request` and `workspace.read-only-door`; an unexpected
 * error of a handler is a fault `bug.*`, told also to `unexpected` with its stack.
 */
export async function answer(handlers: Handlers, name: string, request: unknown, options: { readonly writable: boolean; readonly unexpected?: (error: unknown) => void }): Promise<Answered> {
  try {
    return { bytes: encodeReply({ ok: true, value: await reply(handlers, name, request, options.writable) }), code: null }
  } catch (thrown) {
    const fault = asFault(thrown)
    if (fault.code.startsWith('bug.')) options.unexpected?.(thrown)
    return { bytes: encodeReply({ ok: false, fault: fault.toJSON() }), code: fault.code }
  }
}

async function reply(handlers: Handlers, name: string, request: unknown, writable: boolean): Promise<unknown> {
  if (!isCallName(name)) throw new Fault({ code: 'input.unknown-call', what: 'there is no such call', where: name.slice(0, 100), next: didYouMean(name.slice(0, 100), CALL_NAMES) })
  const call = CALLS[name]
  if (call.writes && !writable) {
    throw new Fault({ code: 'workspace.read-only-door', what: 'this page only shows', where: name, next: 'Start it with: npx scalewright serve --allow-write' })
  }
  const asked = call.request.safeParse(request)
  if (!asked.success) {
    const { path, message } = firstIssue(asked.error)
    throw new Fault({ code: 'input.bad-request', what: `${name} cannot be asked like that: ${message}`, ...(path === '' ? {} : { where: path }), next: 'Reload the window; if it comes again, report it.' })
  }
  const handler = handlers[name] as (request: unknown) => unknown
  const answered = call.reply.safeParse(await handler(asked.data))
  if (answered.success) return answered.data
  throw badReply(name, firstIssue(answered.error), answered.error)
}

const badReply = (name: CallName, { path, message }: { path: string; message: string }, cause: unknown): Fault =>
  new Fault({ code: 'bug.bad-reply', what: `the answer to ${name} is not what was agreed: ${message}`, where: path, next: 'This is a fault of Scalewright: please report it.' }, { cause })
