import { bestPlace, type MeasuredTrial } from '../../core/best-trial.ts'
import { Fault } from '../../core/fault.ts'
import { canonicalJson } from '../../core/hash.ts'
import type { SampleFacts } from '../../core/run.ts'
import type { Task } from '../../core/task.ts'
import { quantizeOptions } from '../../quantize/options.ts'
import { parseAssignment, withChanges, withSettings } from '../../recipe/changes.ts'
import { METHODS, type Recipe, type TuneAxis } from '../../recipe/recipe.ts'
import { completeRecipe, RECIPE_SCHEMA } from '../../recipe/schema.ts'
import { REWRITES } from '../../rewrite/rewrites.ts'
import { nextStep, wishKey, type SearchSpace, type SearchStep, type SearchUnit } from '../../tune/search.ts'
import { loadRewritten } from './rewritten.ts'
import { sampleLeakJob } from './sample-views.ts'
import { tuneBench, tunePiece } from './tune-bench.ts'

export interface HeldBack extends SampleFacts {
  readonly from: 'tune.samples' | 'samples.calibration'
  /** Protocol id that trials are scored by. */
  readonly protocol: string
  readonly notes: readonly string[]
}

/**
 * The held-back samples of a recipe. Throws `recipe.tune-leak` where pictures that were held back on purpose are also those of the evaluation;
 * where calibration samples stand in for them it says so.
 */
export async function heldBackJob({ recipe }: { readonly recipe: Recipe }, task: Task): Promise<HeldBack> {
  const { opened: { samples }, from, measure } = await tuneBench(recipe, await tunePiece(recipe), task)
  const shared = await sharedPictures(recipe, task)
  if (shared.length > 0 && from === 'tune.samples') {
    throw new Fault({
      code: 'recipe.tune-leak', where: 'tune.samples', what: `${shared.length} of the pictures that trials are scored on are those of the evaluation: ${shared.slice(0, 3).join(', ')}`,
      next: 'Hold other pictures back: what is chosen by the evaluation set cannot be judged by it.',
    })
  }
  const notes = from === 'tune.samples' ? [] : ['Trials are scored on the calibration samples, because tune.samples names none: their gains are flattered.']
  if (shared.length > 0) notes.push(`${shared.length} of the pictures that trials are scored on are also in the evaluation: its numbers are flattered too.`)
  return { count: samples.count, sha256: samples.sha256, skipped: samples.skipped.length, from, protocol: measure.id, notes }
}

async function sharedPictures(recipe: Recipe, task: Task): Promise<string[]> {
  const held = recipe.tune?.samples ?? recipe.samples.calibration
  const judged = recipe.samples.evaluation
  if (!held || !judged) return []
  const asked = { recipe: { ...recipe, samples: { calibration: held, evaluation: judged } } }
  for (;;) {
    task.signal.throwIfAborted()
    const { done, total, pairs } = await sampleLeakJob(asked)
    if (done >= total) return [...new Set(pairs.filter(({ kind }) => kind === 'same').map(({ calibration }) => calibration))]
  }
}

const FEW = 8
const MANY = 32

/** What may be tried on a recipe: choices that its schema takes and that it has not made already. */
export async function searchSpaceJob({ recipe, samples }: { readonly recipe: Recipe; readonly samples: number }): Promise<SearchSpace> {
  const wanted = (axis: TuneAxis): boolean => recipe.tune?.axes?.includes(axis) ?? true
  const plain = JSON.parse(JSON.stringify(recipe)) as Record<string, unknown>
  // Complete options: what a preset says already is no choice.
  const essence = ({ quantize, rewrite }: Pick<Recipe, 'quantize' | 'rewrite'>): string => canonicalJson([quantizeOptions(quantize), rewrite])
  const isChoice = (settings: readonly string[]): boolean => {
    const changed = RECIPE_SCHEMA.safeParse(withChanges(plain, settings.map(parseAssignment)))
    return changed.success && essence(completeRecipe(changed.data)) !== essence(recipe)
  }
  const axis = (name: TuneAxis, choices: readonly (readonly string[])[]): (readonly (readonly string[])[])[] => {
    const open = wanted(name) ? choices.filter(isChoice) : []
    return open.length === 0 ? [] : [open]
  }
  const each = (path: string, values: readonly string[]): string[][] => values.map((value) => [`${path}=${value}`])
  return {
    grid: [
      ...axis('method', each('quantize.activations.method', METHODS)),
      ...axis('granularity', each('quantize.weights.granularity', ['channel', 'tensor', 'group'])),
      ...axis('equalize', await equalizing(recipe)),
    ],
    switches: [
      ...axis('preset', each('quantize.preset', ['ort-cpu', 'x86', 'arm'])),
      ...axis('symmetric', each('quantize.activations.symmetric', ['true', 'false'])),
      ...axis('weight-scale', each('quantize.weights.scale', ['search'])),
      ...axis('rounding', each('quantize.weights.rounding', ['adaround'])),
      ...axis('bias', each('quantize.bias.correction', ['empirical', 'analytic'])),
    ],
    methods: wanted('layers') ? METHODS : [],
    finetune: recipe.quantize.finetune ? [`quantize.finetune=${JSON.stringify(recipe.quantize.finetune)}`] : [],
    floatShare: wanted('float') ? (recipe.tune?.floatShare ?? 0) : 0,
    samples: { few: Math.min(FEW, samples), many: Math.min(MANY, samples), all: samples },
  }
}

/** Equalization behind the rewrites that the recipe names, where it finds a place; `auto` depends on the board and is left as it is. */
async function equalizing(recipe: Recipe): Promise<string[][]> {
  const { rewrite } = recipe
  if (!REWRITES.some(({ name }) => name === 'equalize') || rewrite === 'auto') return []
  const list = Array.isArray(rewrite) ? (rewrite as readonly string[]) : rewrite === undefined ? [] : null
  if (list?.includes('equalize') ?? Object.hasOwn(rewrite!, 'equalize')) return []
  // Every place is taken: whether it helps is what the trial measures.
  const settings = list ? [`rewrite={${[...list.map((name) => `${name}: {}`), 'equalize: {accept: all}'].join(', ')}}`] : ['rewrite.equalize={accept: all}']
  const { rewritten } = await loadRewritten(withSettings(recipe, settings))
  return rewritten.steps.some((step) => step.rewrite === 'equalize') ? [settings] : []
}

export interface SearchNextInput {
  readonly space: SearchSpace
  readonly trials: readonly MeasuredTrial[]
  /** null: not known yet. */
  readonly units: readonly SearchUnit[] | null
}

/** The next step of a search, and which of its trials is the best so far (its place; null before the first). */
export async function searchNextJob({ space, trials, units }: SearchNextInput): Promise<{ readonly step: SearchStep; readonly best: number | null }> {
  const step = nextStep(space, new Map(trials.map((trial) => [wishKey(trial), trial])), units)
  return Promise.resolve({ step, best: bestPlace(trials) })
}
