import { join, resolve } from 'node:path'
import type { AppInfo, Handlers } from '../../preload/contract/calls.ts'
import type { CheckedRecipe } from '../../preload/contract/recipe.ts'
import type { Run as ShownRun, RunDiff as ShownDiff } from '../../preload/contract/run.ts'
import { bestPlace } from '../core/best-trial.ts'
import { Fault } from '../core/fault.ts'
import { finite } from '../core/finite.ts'
import { AP_RULES, SCORE_KINDS } from '../core/score.ts'
import type { Run } from '../core/run.ts'
import { quietTask } from '../core/task.ts'
import { readRecipe, recipeFromText } from '../recipe/read-recipe.ts'
import { DECODER_NAMES } from '../recipe/score-schema.ts'
import { ACTIVATION_TYPES, LAYER_MODES, METHODS, PRESETS, QUALITY_METRICS, WEIGHT_TYPES, type Recipe } from '../recipe/recipe.ts'
import { writeRecipe } from '../recipe/write-recipe.ts'
import type { PathGuard } from './allowed-paths.ts'
import type { App } from './api.ts'
import { appInfo } from './app-info.ts'
import { bundledSample } from './demo.ts'
import { checkGates, GATE_SENSES } from './gates.ts'
import { exportCalls } from './export-calls.ts'
import { historyHandlers } from './history-handlers.ts'
import { intakeCalls } from './intake-calls.ts'
import type { Jobs } from './jobs.ts'
import { modelCalls } from './model-calls.ts'
import { layerQuestions } from './layer-questions.ts'
import { orderOf } from './orders.ts'
import { methodRow, recommend } from './recommend.ts'
import { rewriteViews } from './rewrite-views.ts'
import { pictureViews } from './picture-views.ts'
import { sampleViews } from './sample-views.ts'
import { statisticsQuestions } from './statistics-questions.ts'
import { uploadCalls } from './upload-calls.ts'

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
    'app.instructions': async () => ({ instructions: [...(await app.instructions())] }),
    ...modelCalls(app, facts),
    ...intakeCalls(app, facts),
    'recipe.bundled': async () => {
      const recipe = await readRecipe(join(bundledSample(), 'recipe.yaml'))
      return { text: writeRecipe(recipe), recipe: plain(recipe) }
    },
    'recipe.open': async ({ path }) => {
      const file = resolve(folder, path)
      guard([file])
      const recipe = await readRecipe(file)
      return { text: writeRecipe(recipe), recipe: plain(recipe) }
    },
    'recipe.check': ({ text, set }) => checkedRecipe(text, set, folder),
    'recipe.text': ({ recipe }) => ({ text: writeRecipe(recipeFromText(JSON.stringify(recipe), folder)) }),
    'recipe.choices': async () => ({
      boards: [...(await app.ask('boards', { workspace: app.workspace })).names], methods: [...METHODS], presets: [...PRESETS], activationTypes: [...ACTIVATION_TYPES], weightTypes: [...WEIGHT_TYPES],
      metrics: [...QUALITY_METRICS, ...SCORE_KINDS], decoders: DECODER_NAMES, apRules: [...AP_RULES], layerModes: [...LAYER_MODES], gates: [...GATE_SENSES],
    }),
    'jobs.start': async (spec) => jobs.start(await orderOf(spec, { app, folder, guard })),
    'jobs.list': () => ({ jobs: jobs.list() }),
    'jobs.get': ({ id }) => jobs.get(id),
    'jobs.cancel': ({ id }) => jobs.cancel(id),
    'jobs.pause': ({ id, paused }) => jobs.pause(id, paused),
    'runs.list': async (filter) => ({ runs: finite(await app.runs.list(filter)) as Awaited<ReturnType<Handlers['runs.list']>>['runs'] }),
    'runs.show': async ({ run }) => {
      const { tags, archived } = await app.runs.marks(run)
      const shown = await app.runs.show(run)
      return { run: finite(shown) as ShownRun, tags: [...tags], archived, best: bestPlace(shown.trials ?? []) }
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
    ...historyHandlers(app, changed),
    'runs.methods': async ({ runs }) => methodsOf(await Promise.all(runs.map((run) => app.runs.show(run)))),
    'runs.advise': async ({ run }) => ({ advice: (await app.advise(run)).map(({ figures, settings, ...advice }) => ({ ...advice, figures: [...figures], settings: [...settings] })) }),
    ...statisticsQuestions(app),
    ...rewriteViews(app, facts),
    ...pictureViews(app, facts),
    ...sampleViews(app, facts),
    ...layerQuestions(app, facts),
    ...uploadCalls(app),
    ...exportCalls(app, facts),
  } satisfies Handlers
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

function methodsOf(runs: readonly Run[]): Awaited<ReturnType<Handlers['runs.methods']>> {
  const { tied, alike, ...recommendation } = recommend(runs)
  return { rows: runs.map(methodRow), recommendation: { ...recommendation, tied: [...tied], alike: [...alike] } }
}

const plain = (recipe: Recipe): Record<string, unknown> => JSON.parse(JSON.stringify(recipe)) as Record<string, unknown>
