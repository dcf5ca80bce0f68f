import { protocolMeasure, type Measure } from '../../compare/measure.ts'
import { parseProtocol } from '../../compare/protocol.ts'
import { Fault } from '../../core/fault.ts'
import { canonicalJson } from '../../core/hash.ts'
import type { Task } from '../../core/task.ts'
import type { Tensor } from '../../onnx/graph.ts'
import type { Recipe } from '../../recipe/recipe.ts'
import { openSession } from '../../runtime/session.ts'
import type { Sample, SampleSet } from '../../samples/sample.ts'
import { openScorer, type SampleScore, type Scorer } from '../../tune/score.ts'
import { measuresFor } from './judging.ts'
import { loadRewritten, type RewrittenPiece } from './rewritten.ts'
import { openPart, withFactor, type OpenedPart } from './workpiece.ts'

/** What trials of one recipe have in common: kept by a process that stays for the next one. */
export interface TuneBench {
  readonly opened: OpenedPart
  readonly from: 'tune.samples' | 'samples.calibration'
  /** What trials are scored by. */
  readonly measure: Measure
  /** The first `count` held-back samples, loaded. */
  samples(count: number): Promise<readonly Sample[]>
  /** Scores against the float model of this graph; its outputs on the first `count` samples are known afterwards. `ran`: how many had to be made. */
  scorer(piece: RewrittenPiece, count: number, threads: number, task: Task): Promise<{ scorer: Scorer; ran: number; seconds: number }>
  /** Scores of a model by the hash of its bytes, sample by sample. */
  readonly known: Map<string, SampleScore[]>
}

/** Held-back samples in place of the evaluation's: scores of trials must not see what the winner is judged on. */
export const asHeldBack = (recipe: Recipe): { readonly recipe: Recipe; readonly from: TuneBench['from'] } => {
  const { evaluation, calibration } = recipe.samples
  const held = recipe.tune?.samples
  const part = held
    ? { ...(evaluation?.preprocess && !held.preprocess ? { preprocess: evaluation.preprocess } : {}), ...held, metric: recipe.tune?.score ?? held.metric ?? evaluation?.metric, labels: held.labels, shave: held.shave ?? evaluation?.shave }
    : calibration && { ...calibration, metric: recipe.tune?.score, shave: evaluation?.shave }
  const { evaluation: _judged, ...others } = recipe.samples
  return { recipe: { ...recipe, samples: { ...others, ...(part ? { evaluation: defined(part) } : {}) } }, from: held ? 'tune.samples' : 'samples.calibration' }
}

const defined = <T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as { [K in keyof T]: Exclude<T[K], undefined> }

/** Models and sample sets that stay in memory; a search changes both rarely. */
const KEPT = 2
const benches = new Map<string, Promise<TuneBench>>()
const pieces = new Map<string, Promise<RewrittenPiece>>()

/** The bench of a recipe's held-back samples. Throws `recipe.no-samples` where there are none. */
export function tuneBench(recipe: Recipe, piece: RewrittenPiece, task: Task): Promise<TuneBench> {
  const held = asHeldBack(recipe)
  const key = canonicalJson([recipe.model, recipe.output, held.recipe.samples.evaluation])
  return kept(benches, key, () => openBench(held.recipe, held.from, piece, task))
}

/** The rewritten model of a recipe. Names of the recipe matter to rewrites alone. */
export function tunePiece(recipe: Recipe): Promise<RewrittenPiece> {
  const { layers, float } = recipe.quantize
  const key = canonicalJson([recipe.model, recipe.output, recipe.samples.calibration?.preprocess, recipe.rewrite, recipe.rewrite === undefined ? null : [layers, float]])
  return kept(pieces, key, () => loadRewritten(recipe))
}

function kept<T>(map: Map<string, Promise<T>>, key: string, open: () => Promise<T>): Promise<T> {
  const known = map.get(key) ?? open()
  map.delete(key)
  map.set(key, known)
  for (const oldest of [...map.keys()].slice(0, Math.max(0, map.size - KEPT))) map.delete(oldest)
  known.catch(() => map.delete(key))
  return known
}

async function openBench(recipe: Recipe, from: TuneBench['from'], piece: RewrittenPiece, task: Task): Promise<TuneBench> {
  const part = await openPart(piece, recipe, 'evaluation', task)
  if (!part) throw new Fault({ code: 'recipe.no-samples', what: 'there are no samples to tune on', where: 'tune.samples', next: 'Set tune.samples.path in the recipe to pictures that are not in the evaluation.' })
  const set: SampleSet = part.samples
  if (set.count === 0) throw new Fault({ code: 'samples.none', what: 'there is no sample to tune on', where: 'tune.samples', next: 'Give pictures that are not in the evaluation.' })
  const loaded: Sample[] = []
  const samples = async (count: number): Promise<readonly Sample[]> => {
    while (loaded.length < Math.min(count, set.count)) loaded.push(await set.load(loaded.length))
    return loaded.slice(0, count)
  }
  const [first] = await samples(1)
  const opened = { ...part, expectation: withFactor(part.expectation, first!) }
  // `metric: none` leaves likeness to the float model, which a search cannot do without.
  const measure = (await measuresFor({ evaluation: recipe.samples.evaluation, expectation: opened.expectation, samples: part.samples, first: first! }))[0] ?? protocolMeasure(parseProtocol('sqnr/output'))
  const scorers = new Map<string, Scorer>()
  return {
    opened, from, measure, samples, known: new Map(),
    async scorer({ graphSha256, graphBytes, file }, count, threads, task) {
      // `loaded` grows in place, so the scorer sees samples that come later.
      await samples(count)
      const scorer = scorers.get(graphSha256) ?? openScorer(measure, opened.expectation, loaded)
      scorers.set(graphSha256, scorer)
      const missing = loaded.slice(0, count).flatMap((_, index) => (scorer.hasFloat(index) ? [] : [index]))
      const seconds = await runOn(graphBytes, 'float', missing, loaded, { threads, where: file.path, task }, (index, results) => scorer.setFloat(index, results))
      return { scorer, ran: missing.length, seconds }
    },
  }
}

/** Runs a model on samples by index; gives the seconds that it computed. */
export async function runOn(model: Uint8Array, mode: 'float' | 'simulated', indices: readonly number[], samples: readonly Sample[], { threads, where, task }: { readonly threads: number; readonly where: string; readonly task: Task }, take: (index: number, results: Readonly<Record<string, Tensor>>) => Promise<void>): Promise<number> {
  if (indices.length === 0) return 0
  let seconds = 0
  const session = await openSession(model, { mode, threads, where })
  try {
    for (const index of indices) {
      task.signal.throwIfAborted()
      const since = performance.now()
      const results = await session.run(samples[index]!.feeds)
      seconds += (performance.now() - since) / 1000
      await take(index, results)
    }
  } finally {
    await session.close()
  }
  return seconds
}
