import { Fault } from '../core/fault.ts'
import type { FaultCode } from '../core/fault.ts'

interface Entry {
  readonly sample: string
  readonly why: string
  readonly code: FaultCode
  readonly where: string
}

const NAMED = 5

/** Pictures that cannot be used, counted against the recipe's limit. */
export class Unusable {
  readonly #folder: string
  readonly #total: number
  readonly #limit: number
  readonly #entries = new Map<string, Entry>()

  constructor(folder: string, total: number, limit: number) {
    this.#folder = folder
    this.#total = total
    this.#limit = limit
  }

  /** `path` counts once, with its first reason. */
  add(sample: string, path: string, code: FaultCode, why: string): void {
    if (!this.has(path)) this.#entries.set(path, { sample, why, code, where: path })
  }

  /** For a picture whose reading failed; whatever is not a `samples.*` Fault is thrown on. */
  addFault(sample: string, error: unknown): void {
    if (!(error instanceof Fault) || !error.code.startsWith('samples.')) throw error
    this.add(sample, error.where ?? sample, error.code, error.what)
  }

  has(path: string): boolean {
    return this.#entries.has(path)
  }

  /** Why the picture at a path cannot be used, if it cannot. */
  reasonFor(path: string): { readonly code: FaultCode; readonly why: string } | undefined {
    return this.#entries.get(path)
  }

  get list(): readonly { readonly sample: string; readonly why: string }[] {
    return this.#sorted().map(({ sample, why }) => ({ sample, why }))
  }

  /** Files are looked at side by side: which one fails first is chance, what a person reads is not. */
  #sorted(): Entry[] {
    return [...this.#entries.values()].toSorted((a, b) => (a.where < b.where ? -1 : a.where > b.where ? 1 : 0))
  }

  /** Throws when more are unusable than the limit allows, or none of the others remain; names up to five. */
  check(remaining: number): void {
    const fault = this.verdict(remaining)
    if (fault) throw fault
  }

  /** What `check` throws. */
  verdict(remaining: number): Fault | undefined {
    const found = this.#entries.size
    if (found === 0 || (found <= this.#limit && remaining > 0)) return undefined
    const entries = this.#sorted()
    const [first] = entries
    if (found === 1 && this.#total > 1) {
      return new Fault({ code: first!.code, where: first!.where, what: first!.why, next: 'Replace or exclude the picture, or set skipLimit to 1 to leave it out.' })
    }
    if (found === 1) return new Fault({ code: first!.code, where: first!.where, what: first!.why, next: 'Give another picture.' })
    const names = entries.slice(0, NAMED).map(({ sample, why }) => `${sample} (${why})`).join('; ')
    const rest = found > NAMED ? `; and ${found - NAMED} more` : ''
    const next = found < this.#total ? `Replace or exclude them, or set skipLimit to ${found} to leave them out.` : 'None can be used: give other pictures, or correct the preprocessing.'
    return new Fault({ code: first!.code, where: this.#folder, what: `${found} of ${this.#total} pictures cannot be used: ${names}${rest}`, next })
  }
}
