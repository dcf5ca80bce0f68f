import { tmpdir } from 'node:os'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { asFault, Fault, type FaultData } from '../core/fault.ts'
import { quietTask, type Task } from '../core/task.ts'
import { deathFault } from './death-fault.ts'
import type { JobRegistry } from './jobs.ts'
import { parentLink } from './parent-link.ts'
import type { QUESTIONS } from './questions.ts'
import { notStarted, startChild, type Child } from './start-child.ts'
import type { TRIALS } from './trials.ts'
import type { VIEWS } from './views.ts'

interface Question {
  readonly id: number
  readonly kind: string
  readonly input: unknown
}
type Told = { readonly id: number; readonly output: unknown } | { readonly id: number; readonly fault: FaultData }

/**
 * A process that stays and answers small questions, one after the other, so that a dragged line is answered in milliseconds.
 * It is started by the first question, ends after a minute without one, and is replaced when it dies or hangs.
 */
export interface Desk<Q extends Questions = typeof QUESTIONS> {
  /** Rejects with the Fault of the question; with `engine.*` when the process dies or does not answer in time. */
  ask<K extends keyof Q & string>(kind: K, input: Parameters<Q[K]>[0]): Promise<Awaited<ReturnType<Q[K]>>>
  /** For good: what is asked later is refused, so that no process is left behind. */
  close(): void
}

const ENDING: FaultData = { code: 'engine.stopped', what: 'the program is ending' }

/** What a desk answers, by kind. */
type Questions = Readonly<Record<string, (input: never, task: Task) => Promise<unknown>>>

export interface DeskOptions {
  /** Module that the process starts with; default: this room's own. */
  readonly entry?: string | URL
  readonly idleMs?: number
  /** Longest time for one answer; a question that waits for others does not count it. */
  readonly patienceMs?: number
}

interface Waiting {
  readonly kind: string
  readonly resolve: (output: unknown) => void
  readonly reject: (fault: Fault) => void
}

export function openDesk<Q extends Questions = typeof QUESTIONS>({ entry = ownEntry('desk-child'), idleMs = 60_000, patienceMs = 20_000 }: DeskOptions = {}): Desk<Q> {
  let child: Child | undefined
  let nextId = 1
  let timer: NodeJS.Timeout | undefined
  let isClosed = false
  const waiting = new Map<number, Waiting>()

  const rest = (): void => {
    clearTimeout(timer)
    timer = setTimeout(waiting.size === 0 ? stop : hung, waiting.size === 0 ? idleMs : patienceMs)
    // Neither an idle desk nor its clock keeps the program alive.
    if (waiting.size === 0) timer.unref()
  }
  const stop = (): void => {
    clearTimeout(timer)
    child?.kill()
    child = undefined
  }
  const failAll = (fault: FaultData): void => {
    const lost = [...waiting.values()]
    waiting.clear()
    for (const { reject } of lost) reject(new Fault(fault))
  }
  const hung = (): void => {
    stop()
    failAll({ code: 'engine.no-answer', what: `the engine did not answer in ${patienceMs / 1000} s`, next: 'Try again; if it hangs again, calibrate again.' })
  }
  const started = (): Child => {
    const gone = (fault: FaultData): void => {
      if (child !== born) return
      child = undefined
      clearTimeout(timer)
      failAll(fault)
    }
    const born = startChild(entry, tmpdir(), {
      message(message) {
        const told = message as Told
        const one = waiting.get(told.id)
        waiting.delete(told.id)
        rest()
        if ('fault' in told) one?.reject(new Fault(told.fault))
        else one?.resolve(told.output)
      },
      notStarted: (error) => gone(notStarted(error)),
      ended: ({ code, signal, lastWords }) => gone(deathFault([...waiting.values()][0]?.kind ?? 'desk', code, signal, lastWords)),
    })
    return born
  }
  return {
    ask: (kind, input) =>
      new Promise((resolve, reject) => {
        if (isClosed) return reject(new Fault(ENDING))
        child ??= started()
        const id = nextId++
        waiting.set(id, { kind, resolve: resolve as (output: unknown) => void, reject })
        if (waiting.size === 1) rest()
        child.send({ id, kind, input } satisfies Question)
      }),
    close() {
      isClosed = true
      stop()
      failAll(ENDING)
    },
  }
}

/** Makes this process a desk; it ends with its parent. */
export function answerQuestions(registry: JobRegistry): void {
  const link = parentLink()
  let before: Promise<void> = Promise.resolve()
  const tell = async (question: Question, earlier: Promise<void>): Promise<void> => {
    await earlier
    link.send(await answer(registry, question))
  }
  link.listen((question) => {
    before = tell(question as Question, before)
  })
}

async function answer(registry: JobRegistry, { id, kind, input }: Question): Promise<Told> {
  try {
    const job = registry.get(kind)
    if (!job) throw new Fault({ code: 'bug.unknown-job', what: `the desk answers no '${kind}'` })
    return { id, output: await job(input, quietTask) }
  } catch (error) {
    return { id, fault: asFault(error).toJSON() }
  }
}

/** A desk with native code at hand: opening a model may take it a while, and its sessions stay as long as it does. */
export const openViews = (): Desk<typeof VIEWS> => openDesk<typeof VIEWS>({ entry: ownEntry('view-child'), idleMs: 300_000, patienceMs: 300_000 })

/** A desk for the trials of one search: a single one may take a large model minutes. `close` ends it whatever it is doing. */
export const openTrials = (): Desk<typeof TRIALS> => openDesk<typeof TRIALS>({ entry: ownEntry('trial-child'), idleMs: 3_600_000, patienceMs: 6 * 3_600_000 })

/** An entry beside this file: `.ts` in the sources, `.js` once compiled. */
const ownEntry = (name: 'desk-child' | 'view-child' | 'trial-child'): URL => new URL(`./${name}${extname(fileURLToPath(import.meta.url))}`, import.meta.url)
