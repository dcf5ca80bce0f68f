import { z } from 'zod'

/**
 * What went wrong, for a person: one sentence each for what it is and what to do next. `code` is stable and dotted
 * (`recipe.unknown-key`), its first part the family: input, model, samples, recipe, workspace, engine, bug.
 * Faults of the line itself: `input.bad-request` (an ill-typed payload, `where` is the path inside it), `input.unknown-call`,
 * `workspace.read-only-door` (a writing call at a door that only shows), `engine.unreachable` (nobody answered),
 * `bug.bad-reply` (an answer that is not what this contract says).
 */
export const FAULT = z.strictObject({
  code: z.templateLiteral([z.enum(['input', 'model', 'samples', 'recipe', 'workspace', 'engine', 'bug']), '.', z.string().min(1)]),
  what: z.string(),
  /** File, node, tensor, sample, or `recipe:12:5`. */
  where: z.string().optional(),
  next: z.string().optional(),
})
export type FaultData = z.infer<typeof FAULT>

/** A call that ended in a fault, as the window sees it. */
export class CallFault extends Error {
  readonly fault: FaultData

  constructor(fault: FaultData, options?: { cause?: unknown }) {
    super(fault.where === undefined ? fault.what : `${fault.where}: ${fault.what}`, options)
    this.name = 'CallFault'
    this.fault = fault
  }
}

/** The first thing that a schema refused, as `path.to.key` and what it says of it. */
export function firstIssue(error: z.ZodError): { readonly path: string; readonly message: string } {
  const [issue] = error.issues
  return { path: issue?.path.map(String).join('.') ?? '', message: issue?.message ?? 'refused' }
}
