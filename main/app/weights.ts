import { join } from 'node:path'
import { recipeFromOptions } from '../recipe/read-recipe.ts'
import type { RunTask, WeightsInput, WeightsResult } from './api.ts'
import type { RecordRun } from './app.ts'
import { checkOut, copyOut, stem } from './pipeline.ts'

/** A model's graph with the weights of another file, as a recorded run. Throws `input.weights-*`; nothing is written then. */
export async function takeWeights({ model, from, rules, rulesText, allowMissing, out }: WeightsInput, task: RunTask, record: RecordRun): Promise<WeightsResult> {
  let weights: WeightsResult['weights'] | undefined
  const run = await record('weights', recipeFromOptions(model), task, async (recording, threads) => {
    checkOut(out)
    const path = join(recording.scratch, 'loaded.onnx')
    const taken = await recording.job('weights', { model, from, out: path, ...(rules === undefined ? {} : { rules }), ...(rulesText === undefined ? {} : { rulesText }), ...(allowMissing === undefined ? {} : { allowMissing }) })
    weights = taken
    // What the runtime does not load is not kept.
    const { sha256, bytes, parameters } = await recording.job('inspect', { model: path, threads })
    const artifact = await recording.store.putArtifact({ path }, { role: 'model', name: `${stem(model)}-loaded.onnx` })
    if (out !== undefined) await copyOut(artifact, out)
    return {
      model: { path: out ?? artifact.path, sha256, bytes, parameters, macsPerSample: 0 }, artifacts: [artifact],
      notes: [
        `${taken.pairs.length} weights were taken from ${from}.`,
        ...(taken.converted.length === 0 ? [] : [`They were ${taken.converted.join(' and ')} there, the graph is float32.`]),
        ...(taken.missing.length === 0 ? [] : [`These stay as they were: ${taken.missing.join(', ')}.`]),
        ...(taken.unexpected.length === 0 ? [] : [`These keys of the file were not used: ${taken.unexpected.join(', ')}.`]),
      ],
    }
  })
  return { ...run, weights: weights! }
}
