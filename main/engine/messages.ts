import type { FaultData } from '../core/fault.ts'
import type { Progress } from '../core/task.ts'

/** What the supervisor tells the engine process. */
export type ToEngine = { readonly type: 'start'; readonly kind: string; readonly input: unknown } | { readonly type: 'cancel' }

/** What the engine process tells the supervisor: any number of `progress`, then exactly one of the others. */
export type FromEngine = { readonly type: 'progress'; readonly progress: Progress } | Outcome

export type Outcome =
  | { readonly type: 'done'; readonly output: unknown }
  /** `stack` is where an unexpected error came from, for the log. */
  | { readonly type: 'failed'; readonly fault: FaultData; readonly stack?: string }
  | { readonly type: 'cancelled' }
