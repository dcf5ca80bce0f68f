/** How a step that can last is steered: it may be stopped, and it says how far it is. */
export interface Progress {
  /** What is being done, one word of the pipeline: `observe`, `quantize`, `compare` … */
  readonly stage: string
  readonly done: number
  readonly total: number
  /** What the counted thing is, for the line on the terminal: `pictures`, `layers`. */
  readonly unit?: string
  /** A remark that a person should see once (a guess that was made, a sample that was skipped). */
  readonly note?: string
  /** What the stage is done for, where a job does the same several times: a threshold method. */
  readonly part?: string
  /** What training has come to: of the last step, and of the best look at held-back samples so far. */
  readonly loss?: { readonly train: number; readonly heldBack: number }
  /** Resident memory of the engine at most so far. */
  readonly memoryBytes?: number
  /** What was seen of some tensors so far. */
  readonly live?: readonly LiveHistogram[]
}

/** Values of one tensor so far, in equal bins from `lo` to `hi`. */
export interface LiveHistogram {
  readonly tensor: string
  readonly lo: number
  readonly hi: number
  readonly counts: readonly number[]
}

export interface Task {
  readonly signal: AbortSignal
  report(progress: Progress): void
  /** Absent: the work cannot be paused. */
  readonly pause?: Pause
}

/** Whether work is to rest at its next breath. */
export interface Pause {
  readonly paused: boolean
  /** Told of every change until the function that it gives back is called. */
  onChange(listener: () => void): () => void
}

export interface PauseSwitch extends Pause {
  set(paused: boolean): void
}

export function pauseSwitch(): PauseSwitch {
  const listeners = new Set<() => void>()
  let paused = false
  return {
    get paused() {
      return paused
    },
    set(next) {
      if (next === paused) return
      paused = next
      for (const listener of listeners) listener()
    },
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

/** A task nobody watches or stops; for tests and small steps. */
export const quietTask: Task = { signal: new AbortController().signal, report: () => undefined }

/** Lets messages (a cancel, say) arrive between two blocking calls, then ends the step if one did, and rests while it is paused. */
export async function breathe(task: Task): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(resolve))
  task.signal.throwIfAborted()
  while (task.pause?.paused) await changeOf(task.pause, task.signal)
}

/** Resolves at the next change of a pause; rejects when the signal is aborted. */
function changeOf(pause: Pause, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = (settle: () => void) => (): void => {
      forget()
      signal.removeEventListener('abort', stop)
      settle()
    }
    const forget = pause.onChange(done(resolve))
    const stop = done(() => reject(signal.reason as Error))
    signal.addEventListener('abort', stop, { once: true })
  })
}
