import { useQuery, type UseQueryResult } from '@tanstack/react-query'
import {
  CallFault, EVENTS_PATH, joinSession, pageCalls, parseEvent, tokenIn,
  type AppEvent, type Call, type CallName, type FaultData, type ReplyOf, type RequestOf,
} from '../preload/contract/index.ts'

export { artifactPath } from '../preload/contract/index.ts'
export type {
  AppEvent, AppInfo, Artifact, Difference, FaultData, Finding, GateResult, Job, JobDetail, JobSpec, JobState, LayerError, LogLine,
  Quality, Run, RunDiff, RunFilter, RunStatus, RunSummary, ScaleRow, Verb, Versions,
} from '../preload/contract/index.ts'

let calls: Call | undefined

/** Signs this window in. False: neither the address nor the browser's cookie is known to the server. */
export async function connect(): Promise<boolean> {
  const token = tokenIn(location.hash)
  if (token !== null) history.replaceState(null, '', `${location.pathname}#/`)
  const session = await joinSession(token)
  if (session === null) return false
  calls = pageCalls(session)
  return true
}

/** Asks the app. Rejects with a CallFault. */
export const call: Call = (name, request, signal) => {
  if (calls === undefined) throw new CallFault({ code: 'input.no-session', what: 'this window is not signed in' })
  return calls(name, request, signal)
}

interface CallOptions {
  readonly enabled?: boolean
  readonly refetchInterval?: number
}

/** A reply as it stands in the window: asked once, kept, and asked again when an event says that it is old. */
export function useCall<N extends CallName>(name: N, request: RequestOf<N>, options: CallOptions = {}): UseQueryResult<ReplyOf<N>> {
  return useQuery({ queryKey: [name, request], queryFn: ({ signal }) => call(name, request, signal), ...options })
}

/** What was thrown, as a fault that can be shown. */
export function faultOf(thrown: unknown): FaultData {
  if (thrown instanceof CallFault) return thrown.fault
  if (thrown !== null && typeof thrown === 'object' && 'code' in thrown && 'what' in thrown) return thrown as FaultData
  return { code: 'bug.unexpected', what: thrown instanceof Error ? thrown.message : String(thrown) }
}

export interface EventWatch {
  readonly onEvent: (event: AppEvent) => void
  /** Whether events come in; the browser tries again by itself and says the last id it saw. */
  readonly onLine: (connected: boolean) => void
}

/** Follows the app's events until the function that it gives back is called. */
export function watchEvents({ onEvent, onLine }: EventWatch): () => void {
  let source: EventSource
  let again: ReturnType<typeof setTimeout> | undefined
  const open = (): void => {
    source = new EventSource(EVENTS_PATH)
    source.addEventListener('open', () => onLine(true))
    source.addEventListener('message', (message) => onEvent(parseEvent(String(message.data))))
    source.addEventListener('error', () => {
      onLine(false)
      // A refusal, unlike a broken line, ends the browser's own attempts.
      if (source.readyState === EventSource.CLOSED) again = setTimeout(open, 3000)
    })
  }
  open()
  return () => {
    clearTimeout(again)
    source.close()
  }
}

/** The bytes of an artifact. Rejects with a CallFault. */
export async function artifactBytes(path: string, signal: AbortSignal): Promise<Blob> {
  const answer = await fetch(path, { signal })
  if (answer.ok) return answer.blob()
  throw new CallFault({ code: 'workspace.artifact-unreadable', what: `the file cannot be read (${answer.status})`, where: path })
}
