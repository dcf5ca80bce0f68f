import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { Fault } from '../core/fault.ts'
import type { Environment, Run, Verb } from '../core/run.ts'
import { quietTask } from '../core/task.ts'
import { openDesk, openViews } from '../engine/desk.ts'
import { changeRecipe } from '../recipe/read-recipe.ts'
import type { Recipe } from '../recipe/recipe.ts'
import { openStore, type Store } from '../store/open-store.ts'
import type { App, AppOptions, CalibrateInput, CalibrateResult, CompareInput, QuantizeInput, RunInput, RunTask } from './api.ts'
import { auditModel } from './audit.ts'
import { runDemo } from './demo.ts'
import { doctor } from './doctor.ts'
import { explainTensor } from './explain.ts'
import { exportBundle, subjectOf } from './export.ts'
import { exportedFile } from './exports.ts'
import { artifactOf, runHistory } from './history.ts'
import { checkGates, evaluateGates } from './gates.ts'
import { importCaffe } from './import-caffe.ts'
import { checkOut, compareStep, copyOut, observeStep, prepareStep, quantizeStep, sizeOf, wholeWay } from './pipeline.ts'
import { runMethods } from './methods.ts'
import { job, recorded, type Recording } from './record.ts'
import { rewriteModel } from './rewrite.ts'
import { adviseOn } from './tune/advise.ts'
import { tuneRun } from './tune/tune.ts'
import { openUploads } from './uploads.ts'
import { verifyBundle } from './verify.ts'
import { takeWeights } from './weights.ts'
import { findWorkspace } from './workspace.ts'

/**
 * Opens the workspace that the options name and gives the calls that every door offers. The store is opened by the first
 * call that needs it, so that `inspect` and `doctor` work where nothing can be written.
 */
export async function openApp(options: AppOptions): Promise<App> {
  const workspace = findWorkspace(options.cwd, options.workspace)
  let held: Store | undefined
  const desk = openDesk()
  const views = openViews()
  let instructions: Promise<readonly string[]> | undefined
  const store = () => (held ??= openStore(workspace))
  const threadsFor = (recipe?: Recipe) => recipe?.threads ?? options.threads ?? availableParallelism()
  /** A board that is not there is said before anything begins; ort-cpu always is. */
  const checkBoard = async ({ board }: Recipe): Promise<void> => void (board !== 'ort-cpu' && (await desk.ask('boards', { workspace, check: board })))
  const environments = new Map<number, Environment>()
  /** One look is enough: what it tells does not change while this process lives. */
  const environmentFor = async (threads: number, task: RunTask): Promise<Environment> => {
    task.signal.throwIfAborted()
    const known = environments.get(threads) ?? (await job('environment', { threads }, task)).environment
    environments.set(threads, known)
    return known
  }
  const record: RecordRun = async (verb, recipe, task, work, parent = null) => {
    checkGates(recipe.gates)
    await checkBoard(recipe)
    const threads = threadsFor(recipe)
    const opened = store()
    const environment = await environmentFor(threads, task)
    return recorded(opened, { verb, recipe, parent, environment }, task, (recording) => work(recording, threads))
  }
  return {
    workspace,
    inspect: ({ model, boards }, task) => job('inspect', { model, threads: threadsFor(), ...(boards && { boards }), workspace }, task),
    calibrate: (input, task) => calibrate(input, task, record),
    quantize: (input, task) => record('quantize', input.recipe, task, (recording, threads) => quantizeOnly(recording, input, threads), input.parent),
    explain: (input, task) => explainTensor(input, task, { store, threads: threadsFor(input.recipe), prepare: (asked, watched) => job('prepare', asked, watched), view: (question) => views.ask('explain-tensor', question) }),
    compare: (input, task) => compare(input, task, record, store),
    run: (input: RunInput, task) => record('run', input.recipe, task, (recording, threads) => wholeWay(recording, input.recipe, threads, input.out), input.parent),
    methods: async (input, task) => {
      await checkBoard(input.recipe)
      const threads = threadsFor(input.recipe)
      return runMethods(input, task, { store: store(), threads, environment: await environmentFor(threads, task) })
    },
    tune: (input, task) => tuneRun(input, task, { store, record, threads: threadsFor(input.recipe), environment: (watched) => environmentFor(threadsFor(input.recipe), watched) }),
    advise: async (run) => adviseOn(store().getRun(run), store()),
    rewrite: (input, task) => rewriteModel(input, task, record),
    weights: (input, task) => takeWeights(input, task, record),
    importCaffe: (input, task) => importCaffe(input, task, record),
    exportBundle: (input, task) => exportBundle(input, task, {
      record, store, workspace, runRecipe: (recipe, watched) => record('run', recipe, watched, (recording, threads) => wholeWay(recording, recipe, threads)),
    }),
    exportSubject: async (run, wish) => subjectOf(run, wish, { store, workspace }),
    verifyBundle: (input, task) => verifyBundle(input, task, { store, threads: threadsFor(), environment: environmentFor }),
    audit: (input, task) => auditModel(input, task, { record, store, workspace }),
    demo: (input, task) => runDemo({ folder: input.out ?? join(workspace, 'demo'), task, record }),
    benchOperators: async (input, task) => {
      checkOut(input.out)
      return job('bench-operators', { ...input, threads: threadsFor() }, task)
    },
    doctor: (task) => doctor({ workspace, threads: threadsFor(), open: store, task }),
    runs: runHistory(store),
    ask: (kind, question) => desk.ask(kind, question),
    view: (kind, question) => views.ask(kind, question),
    threads: threadsFor(),
    instructions: () => (instructions ??= instructionSet(threadsFor())),
    artifact: async (run, role) => artifactOf(store().getRun(run), role),
    exported: async (name) => exportedFile(workspace, name),
    uploads: openUploads(workspace),
    async close() {
      desk.close()
      views.close()
      held?.close()
    },
  }
}

const instructionSet = async (threads: number): Promise<readonly string[]> => (await job('environment', { threads }, quietTask)).instructionSet ?? []

export type RecordRun = (verb: Verb, recipe: Recipe, task: RunTask, work: (recording: Recording, threads: number) => Promise<Partial<Run>>, parent?: string | null) => Promise<Run>

/** One pass over the samples, or Statistics put together; the table of what was seen comes with the run. */
async function calibrate({ recipe, out, merge = [] }: CalibrateInput, task: RunTask, record: RecordRun): Promise<CalibrateResult> {
  let tensors: CalibrateResult['tensors'] = []
  let statistics = ''
  const run = await record('calibrate', recipe, task, async (recording, threads) => {
    checkOut(out)
    const { prepared, recipe: complete } = await prepareStep(recording, recipe, threads)
    const seen = recipe.samples.calibration ? await observeStep(recording, complete, threads, prepared.statisticsKey) : undefined
    const files = [...(seen ? [seen.statistics.path] : []), ...merge]
    if (files.length === 0) {
      throw new Fault({ code: 'recipe.no-samples', what: 'there are no calibration samples', where: 'samples.calibration', next: 'Give --samples FOLDER, or --merge FILE with statistics to put together.' })
    }
    const merged = join(recording.scratch, 'merged.bin')
    const summary = await recording.job('statistics', { files, ...(files.length > 1 ? { out: merged } : {}) })
    const artifact = files.length > 1 ? await recording.store.putArtifact({ path: merged }, { role: 'statistics', name: 'merged.statistics' }) : (seen?.statistics ?? (await recording.store.putArtifact({ path: files[0]! }, { role: 'statistics', name: 'statistics' })))
    if (out !== undefined) await copyOut(artifact, out)
    tensors = summary.tensors
    statistics = out ?? artifact.path
    return { recipe: complete, model: prepared.model, samples: prepared.samples, ...(seen?.facts ? { calibration: seen.facts } : {}), artifacts: [artifact], notes: prepared.notes, proofs: prepared.proofs }
  })
  return { ...run, tensors, statistics }
}

async function quantizeOnly(recording: Recording, { recipe: asked, statistics, out, allowMissing }: QuantizeInput, threads: number): Promise<Partial<Run>> {
  checkOut(out)
  const { prepared, recipe } = await prepareStep(recording, asked, threads)
  const seen = statistics === undefined ? await observeStep(recording, recipe, threads, prepared.statisticsKey) : undefined
  const { model, output, artifacts } = await quantizeStep(recording, recipe, threads, statistics ?? seen!.statistics.path, out, allowMissing)
  return {
    recipe, model: prepared.model, samples: prepared.samples,
    ...(seen?.facts ? { calibration: seen.facts } : {}),
    size: sizeOf(prepared.model.bytes, model.bytes), scales: output.table, proofs: [...prepared.proofs, ...output.proofs],
    artifacts: [model, ...artifacts, ...(seen ? [seen.statistics] : [])], notes: [...prepared.notes, ...output.notes],
  }
}

/** Two model files, or a recorded run measured again. */
async function compare(input: CompareInput, task: RunTask, record: RecordRun, store: () => Store): Promise<Run> {
  if (!('run' in input)) return record('compare', { ...input.recipe, model: input.a }, task, (recording, threads) => comparePair(recording, { ...input.recipe, model: input.a }, input.b, threads))
  const earlier = store().getRun(input.run)
  const quantized = earlier.artifacts?.find((artifact) => artifact.role === 'quantized-model')
  if (!quantized || !earlier.recipe) {
    throw new Fault({ code: 'input.nothing-to-compare', what: `a run of ${earlier.verb} holds no quantized model`, where: earlier.run, next: 'Give a run of `run` or `quantize`.' })
  }
  const recipe = changeRecipe(earlier.recipe as Recipe, input.changes, input.cwd)
  return record('compare', recipe, task, (recording, threads) => comparePair(recording, recipe, quantized.path, threads), earlier.run)
}

async function comparePair(recording: Recording, asked: Recipe, quantized: string, threads: number): Promise<Partial<Run>> {
  const { prepared, recipe } = await prepareStep(recording, asked, threads)
  const judged = await recording.job('inspect', { model: quantized, threads })
  const { parts, picture, notes } = await compareStep(recording, recipe, threads, quantized)
  const run: Partial<Run> = {
    recipe, model: prepared.model, samples: prepared.samples, ...parts, size: sizeOf(prepared.model.bytes, judged.bytes),
    artifacts: [{ role: 'quantized-model', path: quantized, sha256: judged.sha256, bytes: judged.bytes }, ...(picture ? [picture] : [])],
    notes: [...prepared.notes, ...notes], proofs: prepared.proofs,
  }
  return { ...run, gates: evaluateGates({ ...recording.started, ...run }, recipe.gates) }
}
