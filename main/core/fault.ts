/** What went wrong, for a person: what, where, and what to do next. Codes cross processes; classes do not. */
export type FaultFamily = 'input' | 'model' | 'samples' | 'recipe' | 'workspace' | 'engine' | 'bug'
export type FaultCode = `${FaultFamily}.${string}`

export interface FaultData {
  /** Stable, dotted, e.g. `model.dangling-input`. */
  readonly code: FaultCode
  /** One sentence: what is wrong. */
  readonly what: string
  /** File, node, tensor, sample, or `recipe.yaml:12:5`. */
  readonly where?: string
  /** One sentence: what to do. */
  readonly next?: string
}

export class Fault extends Error implements FaultData {
  readonly code: FaultCode
  readonly what: string
  readonly where?: string
  readonly next?: string

  constructor(data: FaultData, options?: { cause?: unknown }) {
    super(data.where === undefined ? data.what : `${data.where}: ${data.what}`, options)
    this.name = 'Fault'
    this.code = data.code
    this.what = data.what
    this.where = data.where
    this.next = data.next
  }

  /** Plain data, for another process or JSON. */
  toJSON(): FaultData {
    return {
      code: this.code,
      what: this.what,
      ...(this.where === undefined ? {} : { where: this.where }),
      ...(this.next === undefined ? {} : { next: this.next }),
    }
  }
}

/** Whatever was thrown, as a Fault. A thing that is not one is a bug of ours and says so. */
export function asFault(thrown: unknown): Fault {
  if (thrown instanceof Fault) return thrown
  const error = thrown instanceof Error ? thrown : new Error(String(thrown))
  return new Fault(
    { code: 'bug.unexpected', what: error.message, next: 'This is a fault of Scalewright: please report it with the model and recipe that led here.' },
    { cause: error },
  )
}

/** Exit code of the terminal for a fault: 1 a rewrite whose proof failed (as a gate does), 2 bad input, 3 the engine (or we) failed. */
export const exitCodeOf = (fault: FaultData): 1 | 2 | 3 => (fault.code === 'model.rewrite-broken' ? 1 : /^(engine|bug)\./.test(fault.code) ? 3 : 2)
