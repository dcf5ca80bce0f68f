import { canonicalJson } from '../core/hash.ts'
import type { Run } from '../core/run.ts'
import type { EarlierRun } from '../engine/jobs/earlier.ts'
import type { Recipe } from '../recipe/recipe.ts'
import type { Prepared } from './pipeline.ts'
import type { Recording } from './record.ts'

/** What the parent of a run measured, as far as it may hold for the run too; else why it does not. */
export type Inherited = { readonly earlier: EarlierRun } | { readonly why: string } | undefined

/** Undefined where the run has no parent. `recipe` is what is measured. */
export function inheritedFrom({ store, started }: Recording, prepared: Prepared, recipe: Recipe): Inherited {
  if (started.parent === null) return undefined
  const parent = store.getRun(started.parent)
  const model = parent.artifacts?.find((artifact) => artifact.role === 'quantized-model')
  const reasons = differences(parent, { ...started, model: prepared.model, samples: prepared.samples, recipe })
  if (parent.status !== 'done' || !model) return { why: `Nothing was taken over from run ${parent.run}: it holds no quantized model.` }
  if (reasons.length > 0) return { why: `Nothing was taken over from run ${parent.run}: ${reasons.join(', ')}.` }
  const { quality, latency, operators, stageSeconds } = parent
  return {
    earlier: {
      run: parent.run, quantized: model.path, sha256: model.sha256, layers: parent.layers ?? [],
      ...(quality ? { quality } : {}), ...(latency ? { latency } : {}), ...(operators ? { operators } : {}), ...(stageSeconds ? { stageSeconds } : {}),
    },
  }
}

type Measured = Pick<Run, 'model' | 'samples' | 'recipe' | 'environment'>

function differences(before: Measured, after: Measured): string[] {
  const [old, now] = [before.recipe as Recipe | undefined, after.recipe as Recipe]
  const same = (a: unknown, b: unknown): boolean => canonicalJson(a ?? null) === canonicalJson(b ?? null)
  const how = (recipe: Recipe | undefined) => [recipe?.compare.layers, recipe?.compare.samples]
  return [
    before.model?.sha256 === after.model?.sha256 ? '' : 'it is of another model',
    same(before.samples?.evaluation?.sha256 ?? before.samples?.calibration?.sha256, after.samples?.evaluation?.sha256 ?? after.samples?.calibration?.sha256) ? '' : 'it was measured on other samples',
    same(before.environment, after.environment) ? '' : 'it ran in another environment',
    same(how(old), how(now)) && same(old?.output, now.output) ? '' : 'it was measured in another way',
  ].filter(Boolean)
}
