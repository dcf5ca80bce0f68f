import type { Artifact, Environment, GateResult, Run } from '../core/run.ts'
import type { Task } from '../core/task.ts'
import type { Answer, QuestionInput, QuestionKind } from '../engine/questions.ts'
import type { EdgeTensor, InspectOutput } from '../engine/jobs/inspect.ts'
import type { TensorSummary } from '../engine/jobs/statistics.ts'
import type { Recipe } from '../recipe/recipe.ts'
import type { RecipeOptions } from '../recipe/changes.ts'
import type { RunDiff } from '../store/diff-runs.ts'
import type { RunFilter, RunSummary } from '../store/list-runs.ts'

export type { EdgeTensor, RunDiff, RunFilter, RunSummary, TensorSummary }

/**
 * What a door (terminal, page, window) asks of the open workspace. Every call takes and gives plain data. A call that is
 * stopped through its task's signal marks its run *cancelled* and rejects with the signal's reason; everything else that
 * goes wrong is a Fault, and a run that had begun is marked *failed* with it.
 */
export interface App {
  /** Absolute folder of the workspace. */
  readonly workspace: string
  /** Looks at a model; records nothing. */
  inspect(input: InspectInput, task: Task): Promise<InspectReport>
  calibrate(input: CalibrateInput, task: RunTask): Promise<CalibrateResult>
  quantize(input: QuantizeInput, task: RunTask): Promise<Run>
  compare(input: CompareInput, task: RunTask): Promise<Run>
  /** The whole way of a recipe. A failed gate is a result (`gates`), not a fault. */
  run(input: RunInput, task: RunTask): Promise<Run>
  /** `run` on the bundled sample. */
  demo(input: DemoInput, task: RunTask): Promise<DemoResult>
  doctor(task: Task): Promise<DoctorReport>
  readonly runs: RunHistory
  /** Asks about Statistics, in milliseconds once warm. Faults: `input.no-statistics`, `input.unknown-tensor` … */
  ask<K extends QuestionKind>(kind: K, question: QuestionInput<K>): Promise<Answer<K>>
  /** The first artifact of a role. Throws `input.no-artifact`. */
  artifact(run: string, role: string): Promise<Artifact>
  /** Ends the children and closes the store. */
  close(): Promise<void>
}

/** A task whose watcher wants to know the run as soon as it is begun. */
export interface RunTask extends Task {
  begun?(run: string): void
}

export interface AppOptions {
  /** Absolute. Absent: the nearest folder from `cwd` upward that holds one, else that of the user's data. */
  readonly workspace?: string
  readonly cwd: string
  /** Absent: as many as the machine has cores. A recipe's own number counts first. */
  readonly threads?: number
}

export type OpenApp = (options: AppOptions) => Promise<App>

export interface InspectInput {
  /** Absolute path. */
  readonly model: string
}

/** What the engine found in the file, and what each board makes of it. */
export interface InspectReport extends InspectOutput {
  /** Empty until a board says something. */
  readonly boards: readonly { readonly board: string; readonly verdict: string }[]
}

export interface CalibrateInput {
  readonly recipe: Recipe
  /** Statistics are also written to this absolute path. */
  readonly out?: string
  /** Absolute paths of Statistics that are merged into the result. With them, samples of the recipe may be absent. */
  readonly merge?: readonly string[]
}

/** The run, and what was seen of each tensor in topological order. */
export interface CalibrateResult extends Run {
  readonly tensors: readonly TensorSummary[]
  /** Absolute path of the Statistics file. */
  readonly statistics: string
}

export interface QuantizeInput {
  readonly recipe: Recipe
  /** Absolute path of Statistics to use instead of looking at samples. */
  readonly statistics?: string
  /** Full id of the run that this one is a change of. */
  readonly parent?: string
  /** The quantized model is also written to this absolute path. */
  readonly out?: string
}

export type CompareInput =
  /** Two model files: `a` is the float side, `b` what is judged. The recipe gives evaluation samples, protocol and gates. */
  | { readonly a: string; readonly b: string; readonly recipe: Recipe }
  /** A recorded run, compared again with its recipe after `changes` (paths in it count from `cwd`). */
  | { readonly run: string; readonly changes: RecipeOptions; readonly cwd: string }

export interface RunInput {
  readonly recipe: Recipe
  /** Full id of the run that this one is a change of. */
  readonly parent?: string
  /** The quantized model is also written to this absolute path. */
  readonly out?: string
}

export interface DemoInput {
  /** Absolute folder for the recipe, the model and the picture. Absent: `demo` below the workspace. */
  readonly out?: string
}

/** The run, and the files a newcomer should look at (absolute paths). */
export interface DemoResult extends Run {
  readonly files: { readonly picture: string; readonly recipe: string; readonly model: string }
}

export interface DoctorReport {
  /** False when a check failed. */
  readonly ok: boolean
  readonly environment: Environment
  readonly checks: readonly DoctorCheck[]
}

export interface DoctorCheck {
  /** `node`, `onnxruntime`, `instructions`, `memory`, `disk`, `workspace` … */
  readonly name: string
  readonly status: 'ok' | 'warning' | 'failed'
  /** What was found, for a person: `24.21.0`, `avx2`, `12.3 GB free`. */
  readonly value: string
  /** What to do, where it is not ok. */
  readonly next?: string
}

/** An id may be a full id, a beginning that is unique, or a tag. An unknown one is `input.unknown-run`. */
export interface RunHistory {
  /** Newest first. */
  list(filter: RunFilter): Promise<readonly RunSummary[]>
  show(id: string): Promise<Run>
  /** Only what differs, unless `all`. */
  diff(a: string, b: string, options: { readonly all: boolean }): Promise<RunDiff>
  /** Rules of `gates` where given, else those of the run's recipe. Only numbers of one protocol are compared. */
  gate(id: string, baseline: string, gates?: Readonly<Record<string, number>>): Promise<GateReport>
  /** Gives back all tags of the run afterwards. */
  tag(id: string, change: { readonly add: readonly string[]; readonly remove: readonly string[] }): Promise<readonly string[]>
  /** Archived runs are kept whole and left out of `list`; false takes one back. */
  archive(id: string, archived: boolean): Promise<void>
  /** What is written on a run beside its record. */
  marks(id: string): Promise<{ readonly tags: readonly string[]; readonly archived: boolean }>
}

export interface GateReport {
  readonly run: string
  readonly baseline: string
  readonly gates: readonly GateResult[]
  readonly passed: boolean
}
