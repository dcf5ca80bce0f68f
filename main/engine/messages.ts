import type { FaultData } from '../core/fault.ts'
import type { Progress } from '../core/task.ts'

/** What is to be done. Plain data; copied by structured clone. */
export interface JobCall {
  readonly kind: string
  readonly input: unknown
}

/** What the supervisor tells the engine process: `start` first; `taken` once it has the outcome, after which the engine may end. */
export type ToEngine = ({ readonly type: 'start' } & JobCall) | { readonly type: 'cancel' } | { readonly type: 'pause'; readonly paused: boolean } | { readonly type: 'taken' }

/** What the engine process tells the supervisor: any number of `progress`, then exactly one of the others. */
export type FromEngine = { readonly type: 'progress'; readonly progress: Progress } | Outcome

export type Outcome =
  | { readonly type: 'done'; readonly output: unknown }
  /** `stack` is where an unexpected error came from, for the log. */
  | { readonly type: 'failed'; readonly fault: FaultData; readonly stack?: string }
  | { readonly type: 'cancelled' }
