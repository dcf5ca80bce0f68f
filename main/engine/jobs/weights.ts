import { readFile } from 'node:fs/promises'
import { Fault } from '../../core/fault.ts'
import { writeFileAtomic } from '../../core/files.ts'
import type { Task } from '../../core/task.ts'
import { loadWeights, readWeights } from '../../intake/weights/load-weights.ts'
import type { WeightMatch } from '../../intake/weights/match.ts'
import { PLAIN_RULES, weightRules } from '../../intake/weights/rules.ts'
import { encodeModel } from '../../onnx/encode.ts'
import { readModel } from '../../onnx/model-file.ts'

export interface WeightsInput {
  /** Absolute paths. */
  readonly model: string
  readonly from: string
  /** Rules of names; absent: names are taken as they are. */
  readonly rules?: string
  readonly allowMissing?: boolean
  readonly out: string
}

export interface WeightsOutput extends Omit<WeightMatch, 'nearest' | 'wrongShapes'> {
  /** Types of the file that were made those of the graph. */
  readonly converted: readonly string[]
}

/** Takes the weights of a file into a model's graph and writes it. Throws `input.weights-*`; nothing is written then. */
export async function weightsJob({ model, from, rules, allowMissing, out }: WeightsInput, task: Task): Promise<WeightsOutput> {
  const step = (done: number): void => task.report({ stage: 'weights', done, total: 3, unit: 'steps' })
  step(0)
  const told = rules === undefined ? PLAIN_RULES : weightRules(await rulesText(rules), rules)
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

async function rulesText(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((error: unknown) => {
    throw new Fault({ code: 'input.missing-file', where: path, what: 'the file of rules cannot be read', next: 'Check the path of --map.' }, { cause: error })
  })
}
