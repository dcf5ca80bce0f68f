import { dirname, join } from 'node:path'
import { recipeFromOptions } from '../recipe/read-recipe.ts'
import type { ImportCaffeInput, ImportCaffeResult, RunTask } from './api.ts'
import type { RecordRun } from './app.ts'
import { checkOut, copyOut, stem } from './pipeline.ts'

/** A Caffe net as ONNX, as a recorded run. Throws `model.caffe-*` with file and line; nothing is written then. */
export async function importCaffe({ prototxt, caffemodel, size, out }: ImportCaffeInput, task: RunTask, record: RecordRun): Promise<ImportCaffeResult> {
  let taken: ImportCaffeResult['imported'] | undefined
  const run = await record('import', recipeFromOptions(prototxt), task, async (recording, threads) => {
    checkOut(out)
    const [path, priors] = ['imported.onnx', 'priors.npz'].map((name) => join(recording.scratch, name)) as [string, string]
    const imported = await recording.job('import-caffe', { prototxt, caffemodel, out: path, priors, ...(size === undefined ? {} : { size }) })
    taken = imported
    const { sha256, bytes, parameters } = await recording.job('inspect', { model: path, threads })
    const name = stem(prototxt)
    const model = await recording.store.putArtifact({ path }, { role: 'model', name: `${name}.onnx` })
    const { detection } = imported
    const boxes = detection === null ? [] : [
      await recording.store.putArtifact({ path: priors }, { role: 'priors', name: `${name}-priors.npz` }),
      await recording.store.putArtifact(Buffer.from(`${JSON.stringify(detection, null, 2)}\n`), { role: 'detection', name: `${name}-detection.json` }),
    ]
    if (out !== undefined) {
      for (const artifact of boxes) await copyOut(artifact, join(dirname(out), `${stem(out)}${artifact.role === 'priors' ? '-priors.npz' : '-detection.json'}`))
      await copyOut(model, out)
    }
    // The file that a person asked for has a name; that in the store is its hash.
    const named = out ?? model.path
    return {
      recipe: recipeFromOptions(named), model: { path: named, sha256, bytes, parameters, macsPerSample: 0 }, artifacts: [model, ...boxes],
      notes: [...imported.notes, ...(imported.unused.length === 0 ? [] : [`The .caffemodel has weights of layers that the net does not have: ${imported.unused.join(', ')}.`])],
    }
  })
  return { ...run, imported: taken! }
}
