import { keepPreviousData, useQuery, type UseQueryResult } from '@tanstack/react-query'
import {
  bridgeCalls, bridgeEvents, CallFault, CSRF_HEADER, EVENTS_PATH, joinSession, pageCalls, parseEvent, tokenIn,
  type AppEvent, type Bridge, type Call, type CallName, type FaultData, type ReplyOf, type RequestOf,
} from '../preload/contract/index.ts'

export { artifactPath } from '../preload/contract/index.ts'
export type { LiveHistogram, MethodRow, RecipeChoices, Recommendation } from '../preload/contract/index.ts'
export type {
  AppEvent, AppInfo, Artifact, Difference, FaultData, Finding, GateResult, Job, JobDetail, JobSpec, JobState, LayerError, LogLine,
  Quality, RecipeJson, Run, RunDiff, RunFilter, RunStatus, RunSummary, ScaleRow, Verb, Versions,
} from '../preload/contract/index.ts'

/** There in the desktop window, which needs no signing in. */
const { scalewright: bridge } = globalThis as { readonly scalewright?: Bridge }

let calls: Call | undefined = bridge && bridgeCalls(bridge)

/** What shows that a request which is no call comes from this window. */
let ownHeaders: Readonly<Record<string, string>> = {}

/** Where a window stood when an address with a key was opened in it, and that this browser was signed in, for its other tabs. */
const PLACE = 'scalewright.place'
const SIGNED_IN = 'scalewright.signed-in'

/** Signs this window in. False: neither the address nor the browser's cookie is known to the server. */
export async function connect(): Promise<boolean> {
  if (bridge !== undefined) return true
  const token = tokenIn(location.hash)
  if (token !== null) history.replaceState(null, '', `${location.pathname}${sessionStorage.getItem(PLACE) ?? '#/'}`)
  sessionStorage.removeItem(PLACE)
  const isKnown = await join(token)
  if (isKnown && token !== null) localStorage.setItem(SIGNED_IN, new Date().toISOString())
  return isKnown
}

async function join(token: string | null): Promise<boolean> {
  const session = await joinSession(token)
  if (session === null) return false
  calls = pageCalls(session)
  ownHeaders = { [CSRF_HEADER]: session.csrf }
  return true
}

/** An address that differs in its key alone loads nothing by itself: the window is loaded anew, and goes on where it stood. */
export function watchKey(): void {
  window.addEventListener('hashchange', ({ oldURL }) => {
    if (tokenIn(location.hash) === null) return
    sessionStorage.setItem(PLACE, new URL(oldURL).hash || '#/')
    location.reload()
  })
}

/** Calls when another tab of this browser was signed in, until the function that it gives back is called. */
export function watchSignIn(act: () => void): () => void {
  const onStorage = ({ key }: StorageEvent): void => { if (key === SIGNED_IN) act() }
  window.addEventListener('storage', onStorage)
  return () => window.removeEventListener('storage', onStorage)
}

/** Asks the app. Rejects with a CallFault. */
export const call: Call = (name, request, signal) => {
  if (calls === undefined) throw new CallFault({ code: 'input.no-session', what: 'this window is not signed in' })
  return calls(name, request, signal)
}

/** Sends bytes to a path of this origin and gives what came back. Rejects with a CallFault where nobody answers, or nothing is taken there. */
export async function sendBytes(path: string, type: string, body: Blob, signal: AbortSignal): Promise<Uint8Array> {
  let answer: Response
  try {
    answer = await fetch(path, { method: 'POST', headers: { 'content-type': type, ...ownHeaders }, body, signal })
  } catch (error) {
    signal.throwIfAborted()
    throw new CallFault({ code: 'engine.unreachable', what: 'Scalewright does not answer', next: 'Check that it still runs.' }, { cause: error })
  }
  if (answer.ok) return new Uint8Array(await answer.arrayBuffer())
  throw new CallFault({ code: 'input.not-taken', what: `the bytes were not taken (${answer.status}): ${(await answer.text()).trim()}` })
}

interface CallOptions {
  readonly enabled?: boolean
  readonly refetchInterval?: number
  readonly staleTime?: number
  /** The answer to the question before stands until the one to this is here. */
  readonly keepPrevious?: boolean
}

/** A reply as it stands in the window: asked once, kept, and asked again when an event says that it is old. */
export function useCall<N extends CallName>(name: N, request: RequestOf<N>, { keepPrevious, ...options }: CallOptions = {}): UseQueryResult<ReplyOf<N>> {
  return useQuery<ReplyOf<N>>({
    queryKey: [name, request], queryFn: ({ signal }) => call(name, request, signal), ...options,
    ...(keepPrevious === true ? { placeholderData: keepPreviousData } : {}),
  })
}

/** What was thrown, as a fault that can be shown. */
export function faultOf(thrown: unknown): FaultData {
  if (thrown instanceof CallFault) return thrown.fault
  if (thrown !== null && typeof thrown === 'object' && 'code' in thrown && 'what' in thrown) return thrown as FaultData
  return { code: 'bug.unexpected', what: thrown instanceof Error ? thrown.message : String(thrown) }
}

/** on: events come in. lost: nobody answers. signed-out: the program was started anew and asks for its key. */
export type Line = 'on' | 'lost' | 'signed-out'

export interface EventWatch {
  readonly onEvent: (event: AppEvent) => void
  /** The browser tries again by itself and says the last id it saw. */
  readonly onLine: (line: Line) => void
}

/** Follows the app's events until the function that it gives back is called. */
export function watchEvents({ onEvent, onLine }: EventWatch): () => void {
  if (bridge !== undefined) {
    onLine('on')
    return bridgeEvents(bridge, onEvent)
  }
  let source: EventSource | undefined
  let again: ReturnType<typeof setTimeout> | undefined
  let isOver = false
  const open = (): void => {
    clearTimeout(again)
    source?.close()
    const opened = new EventSource(EVENTS_PATH)
    source = opened
    opened.addEventListener('open', () => onLine('on'))
    opened.addEventListener('message', (message) => onEvent(parseEvent(String(message.data))))
    opened.addEventListener('error', () => {
      // A refusal, unlike a broken line, ends the browser's own attempts.
      if (opened.readyState === EventSource.CLOSED) void lookAgain()
      else onLine('lost')
    })
  }
  const lookAgain = async (): Promise<void> => {
    const line = await join(null).then((isKnown): Line => (isKnown ? 'lost' : 'signed-out'), (): Line => 'lost')
    if (isOver) return
    onLine(line)
    if (line === 'lost') again = setTimeout(open, 3000)
  }
  const forget = watchSignIn(() => void join(null).then(open, () => onLine('lost')))
  open()
  return () => {
    isOver = true
    forget()
    clearTimeout(again)
    source?.close()
  }
}

/** The bytes of an artifact. Rejects with a CallFault. */
export async function artifactBytes(path: string, signal: AbortSignal): Promise<Blob> {
  const answer = await fetch(path, { signal })
  if (answer.ok) return answer.blob()
  throw new CallFault({ code: 'workspace.artifact-unreadable', what: `the file cannot be read (${answer.status})`, where: path })
}
