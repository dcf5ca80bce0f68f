import { join, resolve } from 'node:path'
import type { Handlers } from '../../preload/contract/calls.ts'
import type { ModelRef } from '../../preload/contract/model.ts'
import { Fault } from '../core/fault.ts'
import { finite } from '../core/finite.ts'
import { readRecipe } from '../recipe/read-recipe.ts'
import type { PathGuard } from './allowed-paths.ts'
import type { App } from './api.ts'
import { bundledSample } from './demo.ts'
import { guardImported } from './imported-runs.ts'

export interface ModelPlace {
  /** Absolute folder that relative paths count from. */
  readonly folder: string
  readonly guard: PathGuard
}

/** The calls that look at a model file. */
export function modelCalls(app: App, place: ModelPlace): Pick<Handlers, 'models.inspect' | 'models.graph'> {
  return {
    'models.inspect': async ({ model, boards }) => {
      const report = await app.view('inspect', { model: await modelPath(model, app, place), threads: app.threads, workspace: app.workspace, ...(boards && { boards }) })
      return structuredClone(report) as Awaited<ReturnType<Handlers['models.inspect']>>
    },
    'models.graph': async ({ model }) => finite(await app.view('graph', { model: await modelPath(model, app, place) })) as Awaited<ReturnType<Handlers['models.graph']>>,
  }
}

/** The absolute path that a window means. Throws `input.outside-roots`, `input.no-model` and what unknown runs throw. */
export async function modelPath(model: ModelRef, app: App, { folder, guard }: ModelPlace): Promise<string> {
  if (model.kind === 'bundled') return (await readRecipe(join(bundledSample(), 'recipe.yaml'))).model
  if (model.kind === 'path') {
    const path = resolve(folder, model.path)
    guard([path])
    return path
  }
  if (model.version === 'quantized') return (await app.artifact(model.run, 'quantized-model')).path
  const run = await app.runs.show(model.run)
  if (run.model) {
    await guardImported(app, guard, run)
    return run.model.path
  }
  throw new Fault({ code: 'input.no-model', where: run.run, what: `this run (${run.verb}, ${run.status}) names no model`, next: 'Take a run that was done.' })
}
