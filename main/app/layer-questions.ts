import type { Handlers } from '../../preload/contract/calls.ts'
import type { LayerChange } from '../../preload/contract/layers.ts'
import { Fault } from '../core/fault.ts'
import type { Run } from '../core/run.ts'
import { changeRecipe, recipeFromText } from '../recipe/read-recipe.ts'
import type { Recipe } from '../recipe/recipe.ts'
import { writeRecipe } from '../recipe/write-recipe.ts'
import type { PathGuard } from './allowed-paths.ts'
import type { App } from './api.ts'
import { madeRun } from './explain.ts'
import { statisticsOf } from './history.ts'
import { guardImported } from './imported-runs.ts'

/** The calls about single layers of a recorded run. */
export function layerQuestions(app: App, { guard }: { readonly guard: PathGuard }): Pick<Handlers, 'layers.plan' | 'layers.explain' | 'layers.below'> {
  const planned = async (id: string) => {
    const run = await app.runs.show(id)
    if (!run.recipe) throw new Fault({ code: 'input.no-recipe', what: `this run (${run.verb}, ${run.status}) keeps no recipe`, where: run.run, next: 'Take a run of `run` or `quantize` that was done.' })
    await guardImported(app, guard, run)
    return { run, place: { recipe: changeRecipe(run.recipe as Recipe, {}), statistics: statisticsOf(run).path } }
  }
  return {
    'layers.plan': async ({ run: id }) => {
      const tensors = await app.view('layer-plan', (await planned(id)).place)
      return { tensors: tensors.map((tensor) => ({ ...tensor, ops: [...tensor.ops] })) }
    },
    'layers.explain': async ({ run: id, tensor }) => {
      const { run, place } = await planned(id)
      const made = madeRun(run)
      return structuredClone(await app.view('explain-tensor', { ...place, tensor, ...(made ? { made } : {}) })) as Awaited<ReturnType<Handlers['layers.explain']>>
    },
    'layers.below': async ({ run: id, layers }) => {
      const { run, place } = await planned(id)
      const plan = await app.view('layer-plan', place)
      const changed = withLayers(place.recipe, onLayers(layers, new Map(plan.map(({ tensor, layer }) => [tensor, layer]))))
      const below = await app.view('below', { ...place, changed, named: Object.keys(layers) })
      return {
        recipe: writeRecipe(changed), changed: [...below.changed], below: [...below.below], typesChanged: below.typesChanged, idle: [...below.idle],
        secondsEstimate: below.below.length === 0 ? null : secondsOfChild(run, below.typesChanged),
      }
    },
  }
}

/** A tensor is given a range, its layer computes in float: what is said of that goes to the layer's own line. */
export function onLayers(changes: Readonly<Record<string, LayerChange>>, layerOf: ReadonlyMap<string, string>): Record<string, LayerChange> {
  const lines: Record<string, LayerChange> = {}
  for (const [tensor, { forward_with_float: float, ...change }] of Object.entries(changes)) {
    const layer = layerOf.get(tensor) || tensor
    lines[tensor] = { ...lines[tensor], ...change, ...(float === undefined || layer === tensor ? {} : { forward_with_float: null }) }
    if (float !== undefined) lines[layer] = { ...lines[layer], forward_with_float: float }
  }
  return lines
}

/** A recipe with changes to lines of `quantize.layers`, checked again. */
export function withLayers(recipe: Recipe, changes: Readonly<Record<string, LayerChange>>): Recipe {
  const layers: Record<string, unknown> = { ...recipe.quantize.layers }
  for (const [tensor, change] of Object.entries(changes)) {
    const line = Object.fromEntries(Object.entries({ ...recipe.quantize.layers[tensor], ...change }).filter(([, value]) => value !== null && value !== undefined))
    if (Object.keys(line).length === 0) delete layers[tensor]
    else layers[tensor] = line
  }
  return recipeFromText(JSON.stringify({ ...recipe, quantize: { ...recipe.quantize, layers } }), '/')
}

/** Parts that a child does again; time and operators only where types changed. Null where the run did not measure one of them. */
export function secondsOfChild({ seconds, stageSeconds }: Pick<Run, 'seconds' | 'stageSeconds'>, typesChanged: boolean): number | null {
  if (stageSeconds === undefined) return null
  const measured = Object.values(stageSeconds).reduce((sum, each) => sum + each, 0)
  const stages = ['prepare', 'quantize', 'quality', 'layers', ...(typesChanged ? ['latency'] : [])]
  // What belongs to no part (starting processes, keeping files) comes again too.
  return stages.reduce((sum, stage) => sum + (stageSeconds[stage] ?? 0), Math.max(0, seconds - measured))
}
