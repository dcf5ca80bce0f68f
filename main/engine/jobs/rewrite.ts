import { boardNamed } from '../../boards/read-profile.ts'
import type { RepairMeasure } from '../../compare/repair.ts'
import { Fault } from '../../core/fault.ts'
import { writeFileAtomic } from '../../core/files.ts'
import { sha256 } from '../../core/hash.ts'
import { quietTask, type Task } from '../../core/task.ts'
import { encodeModel } from '../../onnx/encode.ts'
import type { Recipe } from '../../recipe/recipe.ts'
import { applyRewrites, findRewrites, placedWishes, proveStep, rewriteNamed, type RewriteResult, type RewriteStep, type RewriteWish } from '../../rewrite/apply.ts'
import type { Match, Refusal } from '../../rewrite/rewrite.ts'
import type { Proof } from '../../rewrite/prove.ts'
import { autoFor, REWRITES } from '../../rewrite/rewrites.ts'
import { inferValues } from '../../runtime/values.ts'
import { viewOf, type GraphView } from './graph-view.ts'
import { measuredRepairs } from './measured-repairs.ts'
import { boardOf, checkLines, rewriteSettings, wishesOf } from './rewritten.ts'
import { withSeen } from './seen-channels.ts'
import { loadWorkpiece, openPart, type Workpiece } from './workpiece.ts'

export interface RewriteFindInput {
  readonly recipe: Recipe
  /** Absolute folder whose boards win; what `auto` takes depends on the board. */
  readonly workspace?: string
}

/** Every rewrite there is, with what it finds in a model. */
export interface RewriteFindOutput {
  /** Of the model file. */
  readonly sha256: string
  readonly rewrites: readonly {
    readonly name: string
    readonly kind: 'rewrite' | 'repair'
    /** Whether `rewrite: auto` takes it on the recipe's board. */
    readonly auto: boolean
    readonly found: readonly Match[]
    readonly refused: readonly Refusal[]
  }[]
}

/** What each rewrite finds in a model as it stands; nothing is changed. */
export async function rewriteFindJob({ recipe, workspace }: RewriteFindInput): Promise<RewriteFindOutput> {
  const piece = await loadWorkpiece(recipe.model)
  const settings = rewriteSettings(piece, recipe)
  const auto = autoFor(await boardNamed(recipe.board, { workspace: workspace ?? recipe.workspace }))
  // All at once: the shapes of the graph are inferred once.
  const { found, refused } = await findRewrites(piece.graph, REWRITES.map(({ name }) => ({ rewrite: name, options: {} })), settings)
  return {
    sha256: piece.file.sha256,
    rewrites: REWRITES.map(({ name, kind }) => ({
      name, kind, auto: auto.includes(name), found: found.filter((match) => match.rewrite === name), refused: refused.filter((refusal) => refusal.rewrite === name),
    })),
  }
}

export interface RewriteInput {
  readonly recipe: Recipe
  /** Absent: those of the recipe. */
  readonly wishes?: readonly RewriteWish[]
  /** Absolute folder whose boards win; what `auto` does depends on the board. */
  readonly workspace?: string
}

/** What was done, without the graphs; and without the tolerance: that of a repair is no number. */
export type StepFacts = Pick<RewriteStep, 'rewrite' | 'kind' | 'options' | 'matches' | 'preprocess' | 'settings'>

export interface RewritePreview {
  readonly steps: readonly StepFacts[]
  readonly refused: readonly Refusal[]
  /** Old tensor name and the name that holds the same values now. */
  readonly renamed: readonly (readonly [before: string, after: string])[]
  readonly before: Omit<GraphView, 'sha256' | 'notInferred'>
  readonly after: Omit<GraphView, 'sha256' | 'notInferred'>
}

/** The graph before and after rewrites; nothing is proved or kept. */
export async function rewritePreviewJob(input: RewriteInput): Promise<RewritePreview> {
  const { piece, result } = await rewriteWith(input, quietTask)
  return {
    steps: result.steps.map(stepFacts), refused: result.refused, renamed: [...result.renamed],
    before: viewOf(piece.graph, await inferValues(piece.graphBytes, {}, piece.file.path)), after: viewOf(result.graph, result.graph.values),
  }
}

export interface RewriteJobInput extends RewriteInput {
  readonly threads: number
  /** Where the rewritten model is to be written. */
  readonly out: string
  /** What a plan was made for; another model is refused. */
  readonly plannedFor?: string
  /** Every wish must fit somewhere, not just one of them. */
  readonly strict?: boolean
}

export interface RewriteJobOutput {
  readonly steps: readonly StepFacts[]
  readonly refused: readonly Refusal[]
  readonly proofs: readonly Proof[]
  /** Repairs change the function; what they do to the evaluation samples, where these have references. */
  readonly repairs: readonly RepairMeasure[]
  /** What was measured of repairs, or why it could not be, a sentence each. */
  readonly notes: readonly string[]
  readonly renamed: readonly (readonly [before: string, after: string])[]
  readonly sha256: string
  readonly bytes: number
}

/** Rewrites a model, proves every step, and writes it. Throws `input.nothing-to-rewrite`, `input.plan-for-another`, `model.rewrite-broken`. */
export async function rewriteJob({ threads, out, plannedFor, strict = false, ...input }: RewriteJobInput, task: Task): Promise<RewriteJobOutput> {
  const { piece, wishes, result } = await rewriteWith(input, task)
  if (plannedFor !== undefined && plannedFor !== piece.file.sha256) {
    throw new Fault({ code: 'input.plan-for-another', where: piece.file.path, what: 'the plan was made for another model', next: 'Make a plan of this model, or take --force: every rewrite is proved again.' })
  }
  const idle = wishes.filter((wish) => !result.steps.some(({ rewrite }) => rewrite === wish.rewrite))
  if (result.steps.length === 0 || (strict && idle.length > 0)) throw nothingFits(piece, idle, result.refused)
  for (const wish of wishes) if (wish.nodes !== undefined) checkNodes(wish, result)
  const calibration = await openPart(piece, input.recipe, 'calibration', task)
  const samples = calibration ? [(await calibration.samples.load(0)).feeds] : []
  const proofs: Proof[] = []
  for (const step of result.steps) if (step.kind === 'rewrite') proofs.push(await proveStep(step, { threads, samples, where: piece.file.path }, task))
  const hasRepair = result.steps.some(({ kind }) => kind === 'repair')
  const measured = await measuredRepairs(result.steps, hasRepair ? await openPart(piece, input.recipe, 'evaluation', task) : undefined, input.recipe, threads, task)
  const bytes = encodeModel(result.graph)
  await writeFileAtomic(out, bytes)
  return { steps: result.steps.map(stepFacts), refused: result.refused, proofs, ...measured, renamed: [...result.renamed], sha256: sha256(bytes), bytes: bytes.byteLength }
}

/** The prepared model of a recipe, what is wished for place by place, and what became of it. */
export async function rewriteWith({ recipe, wishes: asked, workspace }: RewriteInput, task: Task): Promise<{ readonly piece: Workpiece; readonly wishes: readonly RewriteWish[]; readonly result: RewriteResult }> {
  const rewrite = recipe.rewrite ?? 'auto'
  const wishes = asked?.flatMap(placedWishes) ?? wishesOf(rewrite, await boardOf({ ...recipe, rewrite }, workspace ?? recipe.workspace))
  for (const wish of wishes) rewriteNamed(wish.rewrite)
  const piece = await loadWorkpiece(recipe.model)
  const result = await applyRewrites(piece.graph, wishes, await withSeen(rewriteSettings(piece, recipe), wishes, piece), task)
  checkLines(piece, recipe, result)
  return { piece, wishes, result }
}

const stepFacts = ({ rewrite, kind, options, matches, preprocess, settings }: RewriteStep): StepFacts => ({ rewrite, kind, options, matches, preprocess, settings })

/** The nearest candidates and why each was refused. */
function nothingFits(piece: Workpiece, wishes: readonly RewriteWish[], refused: readonly Refusal[]): Fault {
  const names = new Set(wishes.map(({ rewrite }) => rewrite))
  const near = refused.filter(({ rewrite }) => names.has(rewrite)).slice(0, 5).map(({ rewrite, node, why }) => `${rewrite} at ${node}: ${why}`)
  return new Fault({
    code: 'input.nothing-to-rewrite', where: piece.file.path, what: `${wishes.map(({ rewrite }) => rewrite).join(', ')}: nothing in this model fits${near.length > 0 ? `. ${near.join('. ')}` : ''}`,
    next: 'See what there is: scalewright rewrite MODEL --list',
  })
}

function checkNodes({ rewrite, nodes = [] }: RewriteWish, { steps, refused }: Pick<RewriteResult, 'steps' | 'refused'>): void {
  const done = new Set(steps.filter((step) => step.rewrite === rewrite).flatMap((step) => step.matches.map((match) => match.nodes[0])))
  const missing = nodes.filter((node) => !done.has(node))
  const why = refused.filter((each) => each.rewrite === rewrite && missing.includes(each.node)).map((each) => `${each.node}: ${each.why}`)
  if (missing.length > 0) throw new Fault({ code: 'input.nothing-to-rewrite', where: missing.join(', '), what: [`${rewrite} does not fit there`, ...why].join('. '), next: 'See what there is: scalewright rewrite MODEL --list' })
}
