import { basename, dirname, extname, join } from 'node:path'
import { statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { Fault } from '../core/fault.ts'
import { ensureFolder, writeFileAtomic } from '../core/files.ts'
import type { Artifact, CalibrationFacts, Finding, Run } from '../core/run.ts'
import type { JobInput, JobOutput } from '../engine/jobs.ts'
import { withSettings } from '../recipe/changes.ts'
import type { Recipe } from '../recipe/recipe.ts'
import { writeRecipe } from '../recipe/write-recipe.ts'
import { inheritedFrom, type Inherited } from './earlier-run.ts'
import { evaluateGates } from './gates.ts'
import type { Recording } from './record.ts'

/** The steps of the straight way, each a job in a child process, joined by files that the store keeps by content. */

export type Prepared = JobOutput<'prepare'>

export interface Seen {
  readonly statistics: Artifact
  readonly facts?: CalibrationFacts
}

/** Looks at model and samples; gives the recipe with what was guessed written into it. */
export async function prepareStep(recording: Recording, recipe: Recipe, threads: number): Promise<{ prepared: Prepared; recipe: Recipe }> {
  const prepared = await recording.job('prepare', { recipe, threads, workspace: recording.store.folder })
  for (const note of prepared.notes) recording.task.report({ stage: 'prepare', done: 3, total: 3, unit: 'steps', note })
  return { prepared, recipe: withGuesses(recipe, prepared) }
}

/** The recipe with what was guessed of samples, and what rewrites say. */
export function withGuesses(asked: Recipe, { preprocess, settings }: Prepared): Recipe {
  const recipe = withSettings(asked, settings)
  const { calibration, evaluation } = recipe.samples
  const filled = <T extends object>(part: T | undefined, guessed: unknown) => (part === undefined ? {} : guessed ? { ...part, preprocess: guessed } : part)
  return {
    ...recipe,
    samples: {
      ...(calibration ? { calibration: filled(calibration, preprocess.calibration) as typeof calibration } : {}),
      ...(evaluation ? { evaluation: filled(evaluation, preprocess.evaluation) as typeof evaluation } : {}),
    },
  }
}

/** Statistics of an earlier run of the same graph and samples, else one pass over the samples. */
export async function observeStep(recording: Recording, recipe: Recipe, threads: number, key: string | undefined): Promise<Seen> {
  const known = key === undefined ? undefined : recording.store.findStatistics(key)
  if (known) {
    recording.task.report({ stage: 'observe', done: 1, total: 1, unit: 'passes', note: `The statistics of run ${known.run} are used: same graph, same samples.` })
    const facts = { seconds: 0, inferenceSeconds: 0, bareInferenceSeconds: null, peakRssBytes: 0, statisticsFrom: known.run }
    return { statistics: known.artifact, facts }
  }
  const path = join(recording.scratch, 'statistics.bin')
  const { facts } = await recording.job('observe', { recipe, threads, statistics: path })
  const statistics = await recording.store.putArtifact({ path }, { role: 'statistics', name: `${stem(recipe.model)}.statistics` })
  if (key !== undefined) recording.store.putStatistics(key, statistics, recording.id)
  return { statistics, facts }
}

export interface QuantizeStep {
  readonly model: Artifact
  /** What else is kept: values and losses of fine-tuning. */
  readonly artifacts: readonly Artifact[]
  readonly output: JobOutput<'quantize'>
}

/** Statistics to a QDQ model, fine-tuned where the recipe says so; kept by content and, where asked for, copied out. */
export async function quantizeStep(recording: Recording, recipe: Recipe, threads: number, statistics: string, out?: string, allowMissing = false): Promise<QuantizeStep> {
  const tuned = await finetuneStep(recording, recipe, threads, statistics, allowMissing)
  const path = join(recording.scratch, 'quantized.onnx')
  const output = await recording.job('quantize', { recipe, statistics, out: path, allowMissing, threads, ...(tuned ? { tuned: tuned.values.path } : {}) })
  for (const note of output.notes) recording.task.report({ stage: 'quantize', done: 3, total: 3, unit: 'steps', note })
  const model = await recording.store.putArtifact({ path }, { role: 'quantized-model', name: `${stem(recipe.model)}-quantized.onnx` })
  if (out !== undefined) await copyOut(model, out)
  return { model, output: { ...output, notes: [...output.notes, ...(tuned?.notes ?? [])] }, artifacts: tuned ? [tuned.values, tuned.curve] : [] }
}

/** Values and losses of fine-tuning, or undefined where the recipe does not ask for it. */
async function finetuneStep(recording: Recording, recipe: Recipe, threads: number, statistics: string, allowMissing: boolean): Promise<{ values: Artifact; curve: Artifact; notes: readonly string[] } | undefined> {
  if (!recipe.quantize.finetune) return undefined
  const [out, curve] = [join(recording.scratch, 'tuned.npz'), join(recording.scratch, 'losses.csv')]
  const { notes } = await recording.job('finetune', { recipe, threads, statistics, out, curve, allowMissing })
  return {
    values: await recording.store.putArtifact({ path: out }, { role: 'tuned-values', name: `${stem(recipe.model)}-tuned.npz` }),
    curve: await recording.store.putArtifact({ path: curve }, { role: 'tuning-losses', name: `${stem(recipe.model)}-losses.csv` }),
    notes,
  }
}

export interface CompareStep {
  readonly parts: Pick<Run, 'quality' | 'layers' | 'latency' | 'operators' | 'findings' | 'stageSeconds'>
  readonly picture?: Artifact
  readonly notes: readonly string[]
}

/** What the run's parent measured is taken over where it comes out the same. */
export async function compareStep(recording: Recording, recipe: Recipe, threads: number, quantized: string, inherited?: Inherited): Promise<CompareStep> {
  const path = join(recording.scratch, 'side-by-side.png')
  const { drawn, notes: said, ...parts } = await recording.job('compare', { recipe, threads, quantized, picture: path, ...(inherited && 'earlier' in inherited ? inherited : {}) })
  const notes = [...said, ...(inherited && 'why' in inherited ? [inherited.why] : [])]
  const picture = drawn ? await recording.store.putArtifact({ path }, { role: 'picture', name: 'side-by-side.png' }) : undefined
  return { parts, notes, ...(picture ? { picture } : {}) }
}

/** The whole way. A failed gate is a result, not a fault. */
export async function wholeWay(recording: Recording, asked: Recipe, threads: number, out?: string): Promise<Partial<Run>> {
  checkOut(out)
  const { prepared, recipe } = await prepareStep(recording, asked, threads)
  const seen = await observeStep(recording, recipe, threads, prepared.statisticsKey)
  const parts = await fromStatistics(recording, recipe, { prepared, seen }, threads, out)
  return { ...parts, gates: evaluateGates({ ...recording.started, ...parts }, recipe.gates) }
}

/** What the rest of the way begins with. */
export interface Pass {
  readonly prepared: Prepared
  readonly seen: Seen
}

/** Quantizes and compares with what was seen; `measured` says what is compared where that is not the recipe itself. */
export async function fromStatistics(recording: Recording, recipe: Recipe, { prepared, seen }: Pass, threads: number, out?: string, measured = recipe): Promise<Partial<Run>> {
  const { model, output, artifacts } = await quantizeStep(recording, recipe, threads, seen.statistics.path, out)
  const compared = await compareStep(recording, measured, threads, model.path, inheritedFrom(recording, prepared, measured))
  const written = await recording.store.putArtifact(Buffer.from(writeRecipe(recipe)), { role: 'recipe', name: 'recipe.yaml' })
  return {
    recipe, model: prepared.model, samples: prepared.samples,
    ...(seen.facts ? { calibration: seen.facts } : {}),
    ...compared.parts, findings: [...(compared.parts.findings ?? []), ...(await auditStep(recording, recipe, { quantized: model.path, statistics: seen.statistics.path, scales: output.table, ...measuredIn(compared.parts) }))],
    size: sizeOf(prepared.model.bytes, model.bytes), scales: output.table, proofs: [...prepared.proofs, ...output.proofs],
    artifacts: [model, seen.statistics, written, ...artifacts, ...(compared.picture ? [compared.picture] : [])],
    notes: [...prepared.notes, ...output.notes, ...compared.notes],
  }
}

const measuredIn = ({ layers, operators }: CompareStep['parts']): Pick<JobInput<'audit'>, 'layers' | 'operators'> => ({ ...(layers ? { layers } : {}), ...(operators ? { operators } : {}) })

/** What goes wrong in the quantized model on the recipe's board, with all that is known of it. */
async function auditStep(recording: Recording, recipe: Recipe, known: Omit<JobInput<'audit'>, 'recipe' | 'board' | 'workspace'>): Promise<readonly Finding[]> {
  return (await recording.job('audit', { recipe, board: recipe.board, workspace: recording.store.folder, ...known })).findings
}

export const sizeOf = (floatBytes: number, quantizedBytes: number) => ({ floatBytes, quantizedBytes, ratio: quantizedBytes / floatBytes })

/** Refuses a place that nothing can be written to, before anything is computed. */
export function checkOut(out: string | undefined): void {
  if (out === undefined) return
  if (statSync(out, { throwIfNoEntry: false })?.isDirectory()) throw new Fault({ code: 'input.out-is-folder', what: 'this is a folder, a file is to be written', where: out, next: 'Give the path of a file.' })
  ensureFolder(dirname(out))
}

/** A file of the store under the name that was asked for. */
export const copyOut = async (artifact: Artifact, out: string): Promise<void> => writeFileAtomic(out, await readFile(artifact.path))

export const stem = (path: string): string => basename(path, extname(path))
