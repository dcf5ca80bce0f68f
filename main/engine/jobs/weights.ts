import { readFile } from 'node:fs/promises'
import { Fault } from '../../core/fault.ts'
import { writeFileAtomic } from '../../core/files.ts'
import type { Task } from '../../core/task.ts'
import { loadWeights, readWeights } from '../../intake/weights/load-weights.ts'
import { matchWeights, type WeightMatch } from '../../intake/weights/match.ts'
import { PLAIN_RULES, PRESET_NAMES, weightRules, type WeightRules } from '../../intake/weights/rules.ts'
import { encodeModel } from '../../onnx/encode.ts'
import { readModel } from '../../onnx/model-file.ts'

interface WeightSources {
  /** Absolute paths. */
  readonly model: string
  readonly from: string
  /** Rules of names; absent: names are taken as they are. */
  readonly rules?: string
  /** The rules themselves, in place of their path. */
  readonly rulesText?: string
}

export interface WeightsInput extends WeightSources {
  readonly allowMissing?: boolean
  readonly out: string
}

export interface WeightsOutput extends Omit<WeightMatch, 'nearest' | 'wrongShapes'> {
  /** Types of the file that were made those of the graph. */
  readonly converted: readonly string[]
}

/** Takes the weights of a file into a model's graph and writes it. Throws `input.weights-*`; nothing is written then. */
export async function weightsJob({ allowMissing, out, ...sources }: WeightsInput, task: Task): Promise<WeightsOutput> {
  const { model, from } = sources
  const step = (done: number): void => task.report({ stage: 'weights', done, total: 3, unit: 'steps' })
  step(0)
  const told = await rulesOf(sources)
  const file = await readModel(model)
  step(1)
  const tensors = await readWeights(from, told.key)
  step(2)
  const { graph, match, converted } = loadWeights(file.graph, tensors, told, { where: from, ...(allowMissing === undefined ? {} : { allowMissing }) })
  task.signal.throwIfAborted()
  await writeFileAtomic(out, encodeModel(graph))
  step(3)
  const { pairs, missing, unexpected, ignored } = match
  return { pairs, missing, unexpected, ignored, converted }
}

/** How they fit, whole; nothing is loaded. `presets`: names that rules may begin with. */
export async function weightsMatchJob(sources: WeightSources): Promise<WeightMatch & { readonly presets: readonly string[] }> {
  const told = await rulesOf(sources)
  const { graph } = await readModel(sources.model)
  return { ...matchWeights(graph, await readWeights(sources.from, told.key), told), presets: PRESET_NAMES }
}

async function rulesOf({ rules, rulesText }: WeightSources): Promise<WeightRules> {
  if (rulesText !== undefined) return rulesText.trim() === '' ? PLAIN_RULES : weightRules(rulesText, 'rules')
  return rules === undefined ? PLAIN_RULES : weightRules(await textOf(rules), rules)
}

async function textOf(rules: string): Promise<string> {
  return readFile(rules, 'utf8').catch((error: unknown) => {
    throw new Fault({ code: 'input.missing-file', where: rules, what: 'the file of rules cannot be read', next: 'Check the path of --map.' }, { cause: error })
  })
}
