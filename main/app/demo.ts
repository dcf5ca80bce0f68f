import { join } from 'node:path'
import { Fault } from '../core/fault.ts'
import { writeFileAtomic } from '../core/files.ts'
import { resourceFolder } from '../core/resource-folder.ts'
import { readRecipe } from '../recipe/read-recipe.ts'
import { writeRecipe } from '../recipe/write-recipe.ts'
import type { Recipe } from '../recipe/recipe.ts'
import type { DemoResult, RunTask } from './api.ts'
import type { RecordRun } from './app.ts'
import { copyOut, wholeWay } from './pipeline.ts'

/** The whole way on the bundled sample; leaves recipe, model and picture in `folder` to be looked at. */
export async function runDemo({ folder, task, record }: { folder: string; task: RunTask; record: RecordRun }): Promise<DemoResult> {
  const sample = bundledSample()
  const recipe = await readRecipe(join(sample, 'recipe.yaml'))
  const files = { picture: join(folder, 'side-by-side.png'), recipe: join(folder, 'recipe.yaml'), model: join(folder, 'sample_x2-quantized.onnx') }
  const run = await record('demo', recipe, task, (recording, threads) => wholeWay(recording, recipe, threads, files.model))
  const picture = run.artifacts?.find((artifact) => artifact.role === 'picture')
  if (!picture) throw new Fault({ code: 'bug.no-picture', what: 'the demo drew no picture' })
  await copyOut(picture, files.picture)
  await writeFileAtomic(files.recipe, writeRecipe(run.recipe as Recipe))
  return { ...run, files }
}

/** The folder of the bundled models and pictures. */
export const bundledSample = (): string => resourceFolder('sample', 'recipe.yaml')
