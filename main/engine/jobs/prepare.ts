import { Fault } from '../../core/fault.ts'
import { canonicalJson, sha256 } from '../../core/hash.ts'
import type { ModelFacts, ProofFacts, SampleFacts } from '../../core/run.ts'
import type { Task } from '../../core/task.ts'
import { macsOfSample, parameterCount } from '../../compare/macs.ts'
import type { Tensor } from '../../onnx/graph.ts'
import { quantizeOptions } from '../../quantize/options.ts'
import { resolveOverrides } from '../../quantize/overrides.ts'
import { floatRegions } from '../../quantize/regions.ts'
import type { Recipe } from '../../recipe/recipe.ts'
import { proveStep, type RewriteStep } from '../../rewrite/apply.ts'
import { proveModels } from '../../rewrite/prove.ts'
import type { SampleSet } from '../../samples/sample.ts'
import { boardOf, loadRewritten, settingsOf, type RewrittenPiece } from './rewritten.ts'
import { measuresFor } from './judging.ts'
import { measuredRepairs } from './measured-repairs.ts'
import { openPart, standalone, withFactor, type Workpiece } from './workpiece.ts'

export interface PrepareInput {
  readonly recipe: Recipe
  readonly threads: number
  /** Absolute folder whose boards win; `rewrite: auto` depends on the board. */
  readonly workspace?: string
}

export interface PrepareOutput {
  readonly model: ModelFacts
  readonly samples: { readonly calibration?: SampleFacts; readonly evaluation?: SampleFacts }
  /** Of the graph that is worked on. */
  readonly graphSha256: string
  /** Where the Statistics of these samples and this graph are found again. Absent without calibration samples. */
  readonly statisticsKey?: string
  /** Preparation steps, guesses and skipped samples, a sentence each. */
  readonly notes: readonly string[]
  readonly proofs: readonly ProofFacts[]
  /** What was guessed of preprocessing, to be written into the recipe. */
  readonly preprocess: { readonly calibration?: unknown; readonly evaluation?: unknown }
  /** What rewrites say of the recipe, as after `--set`. */
  readonly settings: readonly string[]
}

/** fp16 originals compute in fp16, our copies in float32: a percent of the output's range is their own rounding. */
const FLOAT16_TOLERANCE = 1e-2
/** Another opset, the same arithmetic: only the order of summation may change. */
const OPSET_TOLERANCE = 1e-5

/** Looks at model and samples before anything lasts: everything wrong with them is said here. */
export async function prepare({ recipe, threads, workspace }: PrepareInput, task: Task): Promise<PrepareOutput> {
  task.report({ stage: 'prepare', done: 0, total: 3, unit: 'steps' })
  const piece = await loadRewritten(recipe, task, await boardOf(recipe, workspace ?? recipe.workspace))
  checkNames(piece, recipe)
  const calibration = await openPart(piece, recipe, 'calibration', task)
  task.report({ stage: 'prepare', done: 1, total: 3, unit: 'steps' })
  const evaluation = await openPart(piece, recipe, 'evaluation', task)
  task.report({ stage: 'prepare', done: 2, total: 3, unit: 'steps' })
  const first = await (evaluation ?? calibration)?.samples.load(0)
  if (evaluation && first) await measuresFor({ evaluation: recipe.samples.evaluation, expectation: withFactor(evaluation.expectation, first), samples: evaluation.samples, first })
  const proofs = [...(first ? await provePreparation(piece, first.feeds, threads) : []), ...(await proveRewrites(piece, first ? [first.feeds] : [], threads, task))]
  const repaired = await measuredRepairs(piece.rewritten.steps, evaluation, recipe, threads, task)
  const dims = first && Object.fromEntries(Object.entries(first.feeds).map(([name, tensor]) => [name, [...tensor.dims]]))
  const macs = dims ? await macsOfSample(piece.graph, dims) : 0
  task.report({ stage: 'prepare', done: 3, total: 3, unit: 'steps' })
  const parts = [calibration, evaluation].filter((part) => part !== undefined)
  return {
    model: { path: recipe.model, sha256: piece.file.sha256, bytes: piece.file.bytes.byteLength, parameters: parameterCount(piece.graph), macsPerSample: macs },
    samples: Object.fromEntries(parts.map((part) => [part.part, factsOf(part.samples)])),
    graphSha256: piece.graphSha256,
    ...(calibration ? { statisticsKey: statisticsKey(piece, calibration.samples, recipe) } : {}),
    notes: [
      ...piece.steps,
      ...piece.rewritten.steps.map(rewriteNote),
      ...repaired.notes,
      ...settingsOf(piece).map((setting) => `By the rewrites of the recipe: ${setting}.`),
      ...(parts[0]?.expectation ?? piece.guess).notes,
      ...parts.flatMap(({ part, samples }) => samples.notes.map((note) => `${part}: ${note}`)),
    ],
    proofs,
    preprocess: Object.fromEntries(parts.map((part) => [part.part, part.samples.preprocess])),
    settings: settingsOf(piece),
  }
}

/** A layer that the model does not have is said before an hour of calibration, not behind it. */
function checkNames({ graph }: Workpiece, recipe: Recipe): void {
  const { float, layers } = quantizeOptions(recipe.quantize)
  floatRegions(graph, float)
  resolveOverrides(graph, layers)
}

const factsOf = (samples: SampleSet): SampleFacts => ({ count: samples.count, sha256: samples.sha256, skipped: samples.skipped.length })

/** Statistics depend on the graph, the samples with their preprocessing, and how many values are counted; nothing else. */
const statisticsKey = (piece: Workpiece, samples: SampleSet, recipe: Recipe): string =>
  sha256(canonicalJson({ format: 1, graph: piece.graphSha256, samples: samples.sha256, valuesPerTensor: recipe.calibration.valuesPerTensor }))

/** A changed graph is only used when both give the same on a real sample. */
async function provePreparation(piece: RewrittenPiece, feeds: Readonly<Record<string, Tensor>>, threads: number): Promise<ProofFacts[]> {
  if (piece.steps.length === 0) return []
  const half = [...piece.file.graph.values.values(), ...piece.file.graph.initializers.values()].some((value) => value.type === 'float16' || value.type === 'bfloat16')
  const proof = await proveModels(standalone(piece.file), piece.preparedBytes, [feeds], { mode: 'reference', threads, where: piece.file.path }, {
    rewrite: half ? 'fp16-to-float' : 'prepare', nodes: [], relativeTolerance: half ? FLOAT16_TOLERANCE : OPSET_TOLERANCE,
  })
  if (proof.verdict !== 'broken') return [proof]
  throw new Fault({
    code: 'model.preparation-broken', where: piece.file.path, what: `after «${piece.steps.join('; ')}» the model gives other values (by ${proof.maxAbs})`,
    next: 'Export the model again with opset 13 or newer and float32 weights, and report this model.',
  })
}

/** Every rewrite of the recipe against the graph before it. A repair changes the function: it has no proof, and the notes say so. */
async function proveRewrites({ rewritten, file }: RewrittenPiece, samples: readonly Readonly<Record<string, Tensor>>[], threads: number, task: Task): Promise<ProofFacts[]> {
  const proofs: ProofFacts[] = []
  for (const step of rewritten.steps) {
    if (step.kind === 'repair') continue
    proofs.push(await proveStep(step, { threads, samples, where: file.path }, task))
  }
  return proofs
}

const rewriteNote = ({ rewrite, kind, matches }: RewriteStep): string =>
  `${kind === 'repair' ? 'Repaired (the function changes)' : 'Rewritten'}, ${rewrite}: ${matches.map(({ what }) => what).join('; ')}.`
