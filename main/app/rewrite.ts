import { join } from 'node:path'
import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { Fault } from '../core/fault.ts'
import type { JobInput } from '../engine/jobs.ts'
import type { RewriteInput, RewriteResult, RunTask } from './api.ts'
import type { RecordRun } from './app.ts'
import { checkOut, copyOut, prepareStep, stem } from './pipeline.ts'

export type RewriteWish = NonNullable<JobInput<'rewrite'>['wishes']>[number]

/** A plan as a file: what does the same rewrites again, on the same model. */
const PLAN = z.object({
  format: z.literal('scalewright-rewrite-plan'),
  version: z.literal(1),
  /** SHA-256 of the model file it was made for. */
  model: z.string().regex(/^[0-9a-f]{64}$/),
  steps: z.array(z.object({ rewrite: z.string(), options: z.record(z.string(), z.unknown()), nodes: z.array(z.string()) })),
})

/** What a plan file wishes for. Throws `input.plan` where it is none. */
export async function readPlan(path: string): Promise<{ readonly wishes: readonly RewriteWish[]; readonly model: string }> {
  const bad = (what: string, cause?: unknown): Fault =>
    new Fault({ code: 'input.plan', where: path, what: `this is no plan of rewrites: ${what}`, next: 'Give the file `rewrite-plan` of a run of `rewrite`.' }, { cause })
  const text = await readFile(path, 'utf8').catch((error: unknown) => { throw bad('it cannot be read', error) })
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    throw bad('it is not JSON', error)
  }
  const parsed = PLAN.safeParse(json)
  if (!parsed.success) throw bad(`${parsed.error.issues[0]?.path.join('.') ?? ''} ${parsed.error.issues[0]?.message ?? ''}`, parsed.error)
  return { wishes: parsed.data.steps, model: parsed.data.model }
}

/** Rewrites the recipe's model as a recorded run. */
export async function rewriteModel({ recipe: asked, wishes, plannedFor, strict, out, parent }: RewriteInput, task: RunTask, record: RecordRun): Promise<RewriteResult> {
  let done: Pick<RewriteResult, 'steps' | 'refused' | 'repairs'> = { steps: [], refused: [], repairs: [] }
  const run = await record('rewrite', asked, task, async (recording, threads) => {
    checkOut(out)
    // The model as it came is looked at first: rewrites of the recipe are what is to be done here.
    const { rewrite, ...plain } = asked
    const { prepared, recipe } = await prepareStep(recording, plain, threads)
    const path = join(recording.scratch, 'rewritten.onnx')
    const made = await recording.job('rewrite', {
      recipe, threads, out: path, workspace: recording.store.folder, ...(wishes ? { wishes } : rewrite ? { recipe: { ...recipe, rewrite } } : {}), ...(plannedFor === undefined ? {} : { plannedFor }), ...(strict === undefined ? {} : { strict }),
    })
    const model = await recording.store.putArtifact({ path }, { role: 'rewritten-model', name: `${stem(asked.model)}-rewritten.onnx` })
    const plan = {
      format: 'scalewright-rewrite-plan', version: 1, model: prepared.model.sha256,
      steps: made.steps.map((step) => ({ rewrite: step.rewrite, options: step.options, nodes: step.matches.map((match) => match.nodes[0]!) })),
    } satisfies z.input<typeof PLAN>
    const written = await recording.store.putArtifact(Buffer.from(`${JSON.stringify(plan, null, 2)}\n`), { role: 'rewrite-plan', name: `${stem(asked.model)}-plan.json` })
    const measured = made.repairs.length === 0 ? [] : [await recording.store.putArtifact(Buffer.from(`${JSON.stringify(made.repairs, null, 2)}\n`), { role: 'repair-measures', name: `${stem(asked.model)}-repairs.json` })]
    if (out !== undefined) await copyOut(model, out)
    done = { steps: made.steps, refused: made.refused, repairs: made.repairs }
    return {
      recipe: { ...recipe, ...(rewrite ? { rewrite } : {}) }, model: prepared.model, samples: prepared.samples, artifacts: [model, written, ...measured],
      proofs: [...prepared.proofs, ...made.proofs],
      notes: [
        ...prepared.notes,
        ...made.steps.flatMap(({ kind, rewrite: name, matches }) => matches.map(({ what }) => `${kind === 'repair' ? 'Repaired (the function changes)' : 'Rewritten'}, ${name}: ${what}.`)),
        ...made.notes,
        ...made.steps.flatMap(({ rewrite: name, settings }) => settings.map((setting) => `${name} leaves the graph as it is: the recipe has to say ${setting}.`)),
        ...made.renamed.map(([before, after]) => `${before} is called ${after} now.`),
      ],
    }
  }, parent)
  return { ...run, ...done }
}
