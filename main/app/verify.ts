import { Fault } from '../core/fault.ts'
import { finite } from '../core/finite.ts'
import type { Environment, GateResult, LayerError, Run } from '../core/run.ts'
import type { JobOutput } from '../engine/jobs.ts'
import type { Recipe } from '../recipe/recipe.ts'
import type { Store } from '../store/open-store.ts'
import type { RunTask } from './api.ts'
import { job, recorded } from './record.ts'

export interface VerifyBundleInput {
  /** Absolute path of a bundle's folder or zip. */
  readonly bundle: string
  /** Absolute path of the .npz that the board gave. */
  readonly outputs?: string
  /** Golden input that it was fed, from 0. */
  readonly golden?: number
}

type Verified = JobOutput<'verify'>

/** How a tensor stands to the last dump of the same run and board. */
export interface DumpChange {
  readonly tensor: string
  readonly beforeDb: number
  readonly afterDb: number
}

export interface VerifyResult {
  readonly bundle: string
  readonly board: string
  /** The run that records this. */
  readonly run: string
  /** The run that was exported, as the bundle says. */
  readonly of: string
  readonly problems: Verified['problems']
  readonly golden: Verified['golden']
  /** Bundle and golden vectors are in order, and every gate of a dump was passed. */
  readonly passed: boolean
  /** Absent: no dump was given, or the bundle itself is not in order. */
  readonly dump?: NonNullable<Verified['dump']> & {
    /** The dump before; null where this is the first. */
    readonly against: string | null
    /** What got worse by more than a decibel since then, worst first. */
    readonly worse: readonly DumpChange[]
    readonly gates: readonly GateResult[]
  }
}

export interface VerifyPlace {
  readonly store: () => Store
  readonly threads: number
  readonly environment: (threads: number, task: RunTask) => Promise<Environment>
}

/** Bounds of ACCEPT.md. */
const LEAST = { output: 0.999, layer: 0.99, saturatedPercent: 0.1 } as const
/** A drop of signal to noise that counts as worse, decibels. */
const WORSE_DB = 1

/** Whether a bundle is whole and its golden vectors come out again; a board's dump is compared layer by layer. Recorded as a run with what was found. */
export async function verifyBundle({ bundle, outputs, golden = 0 }: VerifyBundleInput, task: RunTask, { store, threads, environment: environmentFor }: VerifyPlace): Promise<VerifyResult> {
  const environment = await environmentFor(threads, task)
  const opened = store()
  // What is to be recorded stands in the bundle: it is read before the run begins.
  const verified = await job('verify', { bundle, golden, threads, ...(outputs === undefined ? {} : { outputs }) }, task)
  const { dump, manifest } = verified
  const head = resultOf(bundle, verified)
  const parent = knownRun(opened, manifest.run)
  const since = dump ? earlierDump(opened, parent?.run, manifest, golden, dump.layers) : { against: null, worse: [] }
  const gates = dump ? gatesOf(dump, since) : []
  const result = { ...head, passed: head.passed && gates.every(({ passed }) => passed), ...(dump ? { dump: { ...dump, ...since, gates } } : {}) }
  const recipe = parent?.recipe ? { ...(parent.recipe as Recipe), board: manifest.board } : { model: manifest.model.name, board: manifest.board }
  const run = await recorded(opened, { verb: 'verify', environment, recipe, parent: parent?.run ?? null }, task, async () => {
    const kept = await opened.putArtifact(Buffer.from(`${JSON.stringify(finite(result), null, 2)}\n`), { role: 'verify-record', name: 'verify-record.json' })
    return {
      ...(parent?.model ? { model: parent.model } : {}), ...(dump ? { layers: dump.layers } : {}), gates: [...bundleGates(head), ...gates], artifacts: [kept],
      notes: [
        `Bundle ${manifest.sha256.slice(0, 12)} for ${manifest.board}: ${manifest.files.length} files, ${head.golden.length} golden outputs.`,
        ...(dump ? [noteOf(manifest, golden)] : []),
        ...(dump?.diagnoses ?? []).map(({ tensor, suspicion, before, after }) => (tensor === ''
          ? `What the board gives looks like ${suspicion} (cosine ${before.toFixed(4)}, put right ${after.toFixed(4)}).`
          : `What the board gives for ${tensor} looks like ${suspicion} (cosine ${before.toFixed(4)}, put right ${after.toFixed(4)}).`)),
      ],
    }
  })
  return { ...result, run: run.run }
}

const bundleGates = ({ problems, golden }: Pick<VerifyResult, 'problems' | 'golden'>): GateResult[] => {
  const [wrong, missed] = [problems.filter(({ kind }) => kind !== 'unlisted').length, golden.filter(({ passed }) => !passed).length]
  return [{ rule: 'wrong_files <= 0', measured: wrong, passed: wrong === 0 }, { rule: 'golden_outputs_missed <= 0', measured: missed, passed: missed === 0 }]
}

function resultOf(bundle: string, { manifest, problems, golden }: Verified): Omit<VerifyResult, 'run' | 'dump'> {
  const passed = problems.every(({ kind }) => kind === 'unlisted') && golden.every((check) => check.passed)
  return { bundle, board: manifest.board, of: manifest.run, problems, golden, passed }
}

const noteOf = ({ board, sha256 }: Pick<Verified['manifest'], 'board' | 'sha256'>, golden: number): string => `Dump of ${board} for golden input ${golden} of bundle ${sha256.slice(0, 12)}.`

function knownRun(store: Store, id: string): Run | undefined {
  try {
    return store.getRun(id)
  } catch (error) {
    if (error instanceof Fault && error.code === 'input.unknown-run') return undefined
    throw error
  }
}

/** The last dump of the same exported run, board and golden input, and what is worse since. */
function earlierDump(store: Store, parent: string | undefined, manifest: Verified['manifest'], golden: number, layers: readonly LayerError[]): { against: string | null; worse: readonly DumpChange[] } {
  if (parent === undefined) return { against: null, worse: [] }
  const head = noteOf({ ...manifest, sha256: '' }, golden).slice(0, -1)
  const before = store.listRuns({ verb: 'verify', status: 'done', parent, limit: 50 }).map(({ run }) => store.getRun(run))
    .find(({ notes = [] }) => notes.some((note) => note.startsWith(head)))
  if (!before) return { against: null, worse: [] }
  const old = new Map((before.layers ?? []).map(({ tensor, sqnrDb }) => [tensor, sqnrDb]))
  const worse = layers.flatMap(({ tensor, sqnrDb: afterDb }) => {
    const beforeDb = old.get(tensor)
    return beforeDb !== undefined && beforeDb - afterDb > WORSE_DB ? [{ tensor, beforeDb, afterDb }] : []
  })
  return { against: before.run, worse: worse.toSorted((a, b) => b.beforeDb - b.afterDb - (a.beforeDb - a.afterDb)) }
}

function gatesOf({ layers, outputs, diagnoses }: NonNullable<Verified['dump']>, { against, worse }: { against: string | null; worse: readonly DumpChange[] }): GateResult[] {
  const least = (some: readonly LayerError[]): number | null => (some.length === 0 ? null : Math.min(...some.map(({ cosine }) => cosine)))
  const saturated = Math.max(0, ...layers.map(({ clippedPercent }) => clippedPercent))
  const [output, layer] = [least(layers.filter(({ tensor }) => outputs.includes(tensor))), least(layers)]
  return [
    ...(outputs.length === 0 ? [] : [{ rule: `worst_output_cosine >= ${LEAST.output}`, measured: output, passed: output !== null && output >= LEAST.output }]),
    { rule: `worst_layer_cosine >= ${LEAST.layer}`, measured: layer, passed: layer !== null && layer >= LEAST.layer },
    ...(layers.length === 0 ? [] : [{ rule: `saturated_percent_beyond_simulation <= ${LEAST.saturatedPercent}`, measured: saturated, passed: saturated <= LEAST.saturatedPercent }]),
    { rule: 'suspicions <= 0', measured: diagnoses.length, passed: diagnoses.length === 0 },
    ...(against === null ? [] : [{ rule: 'layers_worse_than_last_dump <= 0', measured: worse.length, passed: worse.length === 0 }]),
  ]
}
