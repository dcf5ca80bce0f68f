import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Fault } from '../core/fault.ts'
import { writeFileAtomic } from '../core/files.ts'
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

/** `resources/sample` beside the sources, the compiled files and in an installed package alike. */
export function bundledSample(): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    const sample = join(folder, 'resources', 'sample')
    if (existsSync(join(sample, 'recipe.yaml'))) return sample
    if (dirname(folder) === folder) throw new Fault({ code: 'bug.no-sample', what: 'the bundled sample is missing', next: 'Install Scalewright again.' })
  }
}
