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
}

export interface Task {
  readonly signal: AbortSignal
  report(progress: Progress): void
}

/** A task nobody watches or stops; for tests and small steps. */
export const quietTask: Task = { signal: new AbortController().signal, report: () => undefined }

/** Lets messages (a cancel, say) arrive between two blocking calls, then ends the step if one did. */
export async function breathe(task: Task): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(resolve))
  task.signal.throwIfAborted()
}
