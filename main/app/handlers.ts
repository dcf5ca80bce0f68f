import { availableParallelism, cpus, freemem, totalmem } from 'node:os'
import { join, resolve } from 'node:path'
import type { AppInfo, Handlers } from '../../preload/contract/calls.ts'
import type { ModelRef } from '../../preload/contract/model.ts'
import type { CheckedRecipe } from '../../preload/contract/recipe.ts'
import type { Run as ShownRun, RunDiff as ShownDiff } from '../../preload/contract/run.ts'
import { Fault } from '../core/fault.ts'
import { finite } from '../core/finite.ts'
import { quietTask } from '../core/task.ts'
import { ownVersion } from '../core/version.ts'
import { readRecipe, recipeFromText } from '../recipe/read-recipe.ts'
import { ACTIVATION_TYPES, BOARDS, LAYER_MODES, METHODS, PRESETS, QUALITY_METRICS, WEIGHT_TYPES, type Recipe } from '../recipe/recipe.ts'
import { writeRecipe } from '../recipe/write-recipe.ts'
import type { PathGuard } from './allowed-paths.ts'
import type { App } from './api.ts'
import { bundledSample } from './demo.ts'
import { checkGates, GATE_SENSES } from './gates.ts'
import type { Jobs } from './jobs.ts'
import { orderOf } from './orders.ts'
import { statisticsQuestions } from './statistics-questions.ts'

/** What a door is, to the calls behind it. */
export interface DoorFacts {
  readonly door: AppInfo['door']
  readonly writable: boolean
  /** Absolute folder that relative paths count from. */
  readonly folder: string
  /** Threads of jobs whose recipe says nothing. */
  readonly threads?: number
  /** Paths that a window may name. */
  readonly guard: PathGuard
}

/** Every call of the contract, answered by the open workspace and its queue. Doors check requests and replies (`answer`). */
export function handlersOf(app: App, jobs: Jobs, facts: DoorFacts): Handlers {
  const { folder, guard } = facts
  const changed = (run: string): void => jobs.events.publish({ type: 'runs', run })
  const fullId = async (run: string): Promise<string> => (await app.runs.show(run)).run
  return {
    'app.info': () => appInfo(app, facts),
    'app.doctor': async () => {
      const report = await app.doctor(quietTask)
      return { ...report, checks: [...report.checks] }
    },
    'models.inspect': async ({ model }) => {
      const report = await app.inspect({ model: await modelPath(model, app, facts) }, quietTask)
      return structuredClone(report) as Awaited<ReturnType<Handlers['models.inspect']>>
    },
    'recipe.bundled': async () => {
      const recipe = await readRecipe(join(bundledSample(), 'recipe.yaml'))
      return { text: writeRecipe(recipe), recipe: plain(recipe) }
    },
    'recipe.check': ({ text, set }) => checkedRecipe(text, set, folder),
    'recipe.text': ({ recipe }) => ({ text: writeRecipe(recipeFromText(JSON.stringify(recipe), folder)) }),
    'recipe.choices': () => ({
      boards: [...BOARDS], methods: [...METHODS], presets: [...PRESETS], activationTypes: [...ACTIVATION_TYPES], weightTypes: [...WEIGHT_TYPES],
      metrics: [...QUALITY_METRICS], layerModes: [...LAYER_MODES], gates: [...GATE_SENSES],
    }),
    'jobs.start': async (spec) => jobs.start(await orderOf(spec, { app, folder, guard })),
    'jobs.list': () => ({ jobs: jobs.list() }),
    'jobs.get': ({ id }) => jobs.get(id),
    'jobs.cancel': ({ id }) => jobs.cancel(id),
    'runs.list': async (filter) => ({ runs: finite(await app.runs.list(filter)) as Awaited<ReturnType<Handlers['runs.list']>>['runs'] }),
    'runs.show': async ({ run }) => {
      const { tags, archived } = await app.runs.marks(run)
      return { run: finite(await app.runs.show(run)) as ShownRun, tags: [...tags], archived }
    },
    'runs.diff': async ({ a, b, all }) => finite(await app.runs.diff(a, b, { all })) as ShownDiff,
    'runs.gate': async ({ run, baseline, gates }) => {
      const report = finite(await app.runs.gate(run, baseline, gates)) as Awaited<ReturnType<App['runs']['gate']>>
      return { ...report, gates: [...report.gates] }
    },
    'runs.tag': async ({ run, add, remove }) => {
      const id = await fullId(run)
      const tags = await app.runs.tag(id, { add, remove })
      changed(id)
      return { tags: [...tags] }
    },
    'runs.archive': async ({ run, archived }) => {
      const id = await fullId(run)
      await app.runs.archive(id, archived)
      changed(id)
      return { archived }
    },
    ...statisticsQuestions(app),
  } satisfies Handlers
}

const appInfo = (app: App, { door, writable, folder, threads }: DoorFacts): AppInfo => ({
  version: ownVersion(), workspace: app.workspace, writable, door, folder,
  platform: `${process.platform}-${process.arch}`, node: process.versions.node, cpu: cpus()[0]?.model.trim() ?? process.arch,
  cores: availableParallelism(), threads: threads ?? availableParallelism(), memoryBytes: { total: totalmem(), free: freemem() },
})

async function modelPath(model: ModelRef, app: App, { folder, guard }: DoorFacts): Promise<string> {
  if (model.kind === 'bundled') return (await readRecipe(join(bundledSample(), 'recipe.yaml'))).model
  if (model.kind === 'path') {
    const path = resolve(folder, model.path)
    guard([path])
    return path
  }
  if (model.version === 'quantized') return (await app.artifact(model.run, 'quantized-model')).path
  const run = await app.runs.show(model.run)
  if (run.model) return run.model.path
  throw new Fault({ code: 'input.no-model', where: run.run, what: `this run (${run.verb}, ${run.status}) names no model`, next: 'Take a run that was done.' })
}

/** A wrong recipe is an answer here: an editor asks for it on every pause. Faults of ours stay faults. */
function checkedRecipe(text: string, set: readonly string[], folder: string): CheckedRecipe {
  try {
    const recipe = recipeFromText(text, folder, set)
    checkGates(recipe.gates)
    return { ok: true, recipe: plain(recipe), text: writeRecipe(recipe) }
  } catch (thrown) {
    if (!(thrown instanceof Fault) || !thrown.code.startsWith('recipe.')) throw thrown
    const [, line, column] = /^recipe:(\d+):(\d+)$/.exec(thrown.where ?? '') ?? []
    return { ok: false, fault: thrown.toJSON(), line: line === undefined ? null : Number(line), column: column === undefined ? null : Number(column) }
  }
}

const plain = (recipe: Recipe): Record<string, unknown> => JSON.parse(JSON.stringify(recipe)) as Record<string, unknown>
