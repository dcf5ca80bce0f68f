import type { Artifact, Environment, GateResult, Run } from '../core/run.ts'
import type { Task } from '../core/task.ts'
import type { Answer, QuestionInput, QuestionKind } from '../engine/questions.ts'
import type { View, ViewInput, ViewKind } from '../engine/views.ts'
import type { EdgeTensor, InspectOutput } from '../engine/jobs/inspect.ts'
import type { JobOutput } from '../engine/jobs.ts'
import type { TensorSummary } from '../engine/jobs/statistics.ts'
import type { Recipe } from '../recipe/recipe.ts'
import type { Trial } from '../core/tune.ts'
import type { ExportInput, ExportResult, subjectOf } from './export.ts'
import type { RewriteWish } from './rewrite.ts'
import type { RecipeOptions } from '../recipe/changes.ts'
import type { MethodRow, Recommendation } from './recommend.ts'
import type { RunDiff } from '../store/diff-runs.ts'
import type { ComparedRuns } from '../store/compare-runs.ts'
import type { HistoryExport } from '../store/export-history.ts'
import type { HistoryImport } from '../store/import-history.ts'
import type { LineageNode } from '../store/lineage.ts'
import type { RunFilter } from '../store/list-runs.ts'
import type { RunMarks, Waiver } from '../store/marks.ts'
import type { RunPage, RunPageRequest } from '../store/page-of-runs.ts'
import type { RunSummary } from '../store/run-summaries.ts'
import type { Uploads } from './uploads.ts'
import type { VerifyBundleInput, VerifyResult } from './verify.ts'

export type { ComparedRuns, EdgeTensor, HistoryExport, HistoryImport, LineageNode, MethodRow, Recommendation, RunDiff, RunFilter, RunMarks, RunPage, RunPageRequest, RunSummary, TensorSummary, Waiver }

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
  /** Why one tensor is quantized as it is; records nothing. Throws `input.unknown-tensor`, `input.not-calibrated`. */
  explain(input: ExplainTensorInput, task: Task): Promise<TensorExplanation>
  compare(input: CompareInput, task: RunTask): Promise<Run>
  /** Rewrites a model, each step proved; keeps it with the plan that does it again. */
  rewrite(input: RewriteInput, task: RunTask): Promise<RewriteResult>
  /** A Caffe net as ONNX. */
  importCaffe(input: ImportCaffeInput, task: RunTask): Promise<ImportCaffeResult>
  /** Takes the weights of a checkpoint into a model's graph. */
  weights(input: WeightsInput, task: RunTask): Promise<WeightsResult>
  /** A run as a bundle that a board's team can use. Faults: `input.not-ready`, `input.out-exists`, `input.nothing-to-export` … */
  exportBundle(input: ExportInput, task: RunTask): Promise<ExportResult>
  /** What the views and jobs of an export take of a run. Throws `input.nothing-to-export`. */
  exportSubject(run: Run, wish: Pick<ExportInput, 'board' | 'formats' | 'names'>): Promise<ReturnType<typeof subjectOf>>
  /** Whether a bundle is whole; with a board's dump, how the board stands to the simulation, recorded as a run. Faults: `input.bundle`, `input.dump` … */
  verifyBundle(input: VerifyBundleInput, task: RunTask): Promise<VerifyResult>
  /** What goes wrong in a model on a board, and why. Nothing is run. */
  audit(input: AuditInput, task: RunTask): Promise<AuditResult>
  /** Tries settings, measures who is sensitive, or searches the settings that lose least. The run that comes back holds `tune` and its rows. */
  tune(input: TuneInput, task: TuneTask): Promise<Run>
  /** What to do next about a recorded run, in order of expected gain. */
  advise(run: string): Promise<readonly Advice[]>
  /** The whole way of a recipe. A failed gate is a result (`gates`), not a fault. */
  run(input: RunInput, task: RunTask): Promise<Run>
  /** `run` for several threshold methods from one pass over the samples, and which of them to take. */
  methods(input: MethodsInput, task: MethodsTask): Promise<MethodsResult>
  /** `run` on the bundled sample. */
  demo(input: DemoInput, task: RunTask): Promise<DemoResult>
  doctor(task: Task): Promise<DoctorReport>
  /** Times single operators on this machine; records nothing. Throws `input.unknown-operator`. */
  benchOperators(input: BenchOperatorsInput, task: Task): Promise<BenchOperatorsResult>
  readonly runs: RunHistory
  /** Asks about Statistics, in milliseconds once warm. Faults: `input.no-statistics`, `input.unknown-tensor` … */
  ask<K extends QuestionKind>(kind: K, question: QuestionInput<K>): Promise<Answer<K>>
  /** Looks at samples, pictures and models, in a process with native code that stays warm. */
  view<K extends ViewKind>(kind: K, question: ViewInput<K>): Promise<View<K>>
  /** Threads of work whose recipe says nothing. */
  readonly threads: number
  /** Telling instruction sets of this CPU; empty where the system does not say. */
  instructions(): Promise<readonly string[]>
  /** The first artifact of a role. Throws `input.no-artifact`. */
  artifact(run: string, role: string): Promise<Artifact>
  /** Absolute path of a file that `runs.exportTo` made, by its name alone. Throws `input.no-export`. */
  exported(name: string): Promise<string>
  /** Files that a window hands over. */
  readonly uploads: Uploads
  /** Ends the children and closes the store. */
  close(): Promise<void>
}

/** A task whose watcher wants to know the run as soon as it is begun. */
export interface RunTask extends Task {
  begun?(run: string): void
}

/** A task whose watcher wants to know what each method came to, and what is recommended. */
export interface MethodsTask extends RunTask {
  /** Measured; its run is recorded when the job ends. */
  compared?(row: MethodRow): void
  recommended?(recommendation: Recommendation): void
}

/** One thing to do about a run. */
export interface Advice {
  /** What to do, a sentence. */
  readonly what: string
  /** The measured figures that it rests on, a sentence each. */
  readonly figures: readonly string[]
  /** Share of the output's noise that it is expected to take away, 0 to 1; null where that cannot be told. */
  readonly gain: number | null
  /** How it is done: its settings are set, or tuning measures or searches; null where a person must act. */
  readonly act: 'set' | 'sensitivity' | 'search' | null
  /** Assignments that do it (as after `--set`, and for `tune --try`); empty where there are none. */
  readonly settings: readonly string[]
  /** Unit or tensor that it is about; '' for the whole. */
  readonly unit: string
}

/** A task whose watcher wants to know each trial as it is recorded (`runs.show` of the running run has them all). */
export interface TuneTask extends RunTask {
  tried?(trial: Trial): void
}

interface TuneCommon {
  readonly recipe: Recipe
  /** Full id of the run that this one is a change of; absent: the run that the recipe comes to, found again or made. */
  readonly parent?: string
}

export type TuneInput =
  /** Assignments as after `--set`; `layers.conv_3.bits=16` is short for `quantize.layers…`. A child run with its own model and quality. */
  | (TuneCommon & { readonly mode: 'try'; readonly settings: readonly string[] })
  /** `sensitivity` of the run: units by rank. `samples`: how many of the held-back ones (5). `full`: also all but one and accumulated, at four times the cost. */
  | (TuneCommon & { readonly mode: 'sensitivity'; readonly samples?: number; readonly full?: boolean })
  /** The winner as a run; `trials` are all that was tried. Budget: `tune.minutes`, `tune.trials` of the recipe. `resume`: full id of a search that goes on. */
  | (TuneCommon & { readonly mode: 'search'; readonly resume?: string })
  /** Plans of mixed precision: `pareto` of the run. `budget`: `psnr_y_drop_db<=0.02`, `latency<=0.6x`, `bitmacs<=1.2x`, `bytes<=0.5x`, `macs_int16<=0.2x`; the plan inside it is the run's model. */
  | (TuneCommon & { readonly mode: 'pareto'; readonly budget?: string; readonly samples?: number })

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
  /** Names of boards that are asked what they would do with it; absent: none. */
  readonly boards?: readonly string[]
}

/** What the engine found in the file, and what each board that was asked makes of it. */
export type InspectReport = InspectOutput

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
  /** Takes Statistics of another revision as far as their names fit, and names what does not; that stays in float. */
  readonly allowMissing?: boolean
  /** Full id of the run that this one is a change of. */
  readonly parent?: string
  /** The quantized model is also written to this absolute path. */
  readonly out?: string
}

export interface ExplainTensorInput {
  readonly recipe: Recipe
  /** A tensor, a layer, or a constant. */
  readonly tensor: string
  /** Absolute path of Statistics; absent: those of an earlier pass over the same graph and samples. */
  readonly statistics?: string
}

/** Which line or rule decided, the way there, and what other methods would give. */
export type TensorExplanation = View<'explain-tensor'>

export type AuditInput =
  /** The recipe's model, float or quantized by any tool, for the recipe's board. `statistics`: absolute path of a file to look at too. */
  | { readonly recipe: Recipe; readonly statistics?: string; readonly parent?: string }
  /** A recorded run with all that it measured; `changes` may name another board (paths in it count from `cwd`). */
  | { readonly run: string; readonly changes: RecipeOptions; readonly cwd: string }

/** The run, and the recipe lines that its findings propose. */
export interface AuditResult extends Run {
  readonly fix: {
    /** Keys of a recipe; empty where no finding can be applied. */
    readonly recipe: Readonly<Record<string, unknown>>
    /** Which of its rewrites are repairs: they change what the model computes. */
    readonly repairs: readonly string[]
    /** The same as YAML. */
    readonly text: string
  }
}

export type CompareInput =
  /** Two model files: `a` is the float side, `b` what is judged. The recipe gives evaluation samples, protocol and gates. */
  | { readonly a: string; readonly b: string; readonly recipe: Recipe }
  /** A recorded run, compared again with its recipe after `changes` (paths in it count from `cwd`). */
  | { readonly run: string; readonly changes: RecipeOptions; readonly cwd: string }

/** Every rewrite with what it finds in a model. */
export type RewriteFound = View<'rewrite-find'>

export interface RewriteInput {
  readonly recipe: Recipe
  /** Absent: those of the recipe, `auto` where it names none. */
  readonly wishes?: readonly RewriteWish[]
  /** SHA-256 of the model that a plan was made for. */
  readonly plannedFor?: string
  /** Every wish must fit somewhere; else one of them is enough. */
  readonly strict?: boolean
  readonly parent?: string
  /** The rewritten model is also written to this absolute path. */
  readonly out?: string
}

/** The run, with what was done in order. */
export interface RewriteResult extends Run {
  readonly steps: JobOutput<'rewrite'>['steps']
  readonly refused: JobOutput<'rewrite'>['refused']
  /** What repairs did to the evaluation samples: measured, never proved. */
  readonly repairs: JobOutput<'rewrite'>['repairs']
}

export interface WeightsInput {
  /** Absolute paths: the graph, and what holds the weights (.safetensors, .npz, .pth). */
  readonly model: string
  readonly from: string
  /** Absolute path of the rules of names. Absent: names are taken as they are. */
  readonly rules?: string
  /** The rules themselves, in place of their path. */
  readonly rulesText?: string
  /** What finds nothing stays as it is, keys that nothing takes are left aside; both are named. */
  readonly allowMissing?: boolean
  /** The model is also written to this absolute path. */
  readonly out?: string
}

export interface WeightsResult extends Run {
  readonly weights: JobOutput<'weights'>
}

export interface ImportCaffeInput {
  /** Absolute paths. */
  readonly prototxt: string
  readonly caffemodel: string
  /** Height and width in place of those of the prototxt. */
  readonly size?: readonly [height: number, width: number]
  /** The model is also written to this absolute path; beside it what the decoder of a detector needs. */
  readonly out?: string
}

export interface ImportCaffeResult extends Run {
  readonly imported: JobOutput<'import-caffe'>
}

export interface RunInput {
  readonly recipe: Recipe
  /** Full id of the run that this one is a change of. */
  readonly parent?: string
  /** The quantized model is also written to this absolute path. */
  readonly out?: string
}

export interface MethodsInput {
  /** Its own method is put aside. */
  readonly recipe: Recipe
  /** 1 to 12 names of threshold methods. */
  readonly methods: readonly string[]
  /** Full id of the run that these are changes of. */
  readonly parent?: string
  /** The recommended model is also written to this absolute path. */
  readonly out?: string
}

/** A run a method, in the order asked; times are those of the recommended one. */
export interface MethodsResult {
  readonly runs: readonly Run[]
  readonly rows: readonly MethodRow[]
  readonly recommendation: Recommendation
}

export interface DemoInput {
  /** Absolute folder for the recipe, the model and the picture. Absent: `demo` below the workspace. */
  readonly out?: string
}

/** The run, and the files a newcomer should look at (absolute paths). */
export interface DemoResult extends Run {
  readonly files: { readonly picture: string; readonly recipe: string; readonly model: string }
}

export interface BenchOperatorsInput {
  /** Absolute path; the table is written there. */
  readonly out?: string
  /** One small size and a short budget. */
  readonly quick?: boolean
  /** Only these operators. */
  readonly ops?: readonly string[]
}

/** The table, and which execution providers there are. */
export type BenchOperatorsResult = JobOutput<'bench-operators'>

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
  marks(id: string): Promise<RunMarks>
  /** One page of the list, sorted and filtered by the store. */
  page(request: RunPageRequest): Promise<RunPage>
  /** Ancestors and descendants with the run itself, the oldest first. */
  lineage(id: string): Promise<readonly LineageNode[]>
  /** Runs side by side. Only rows that differ, unless `all`. */
  compare(ids: readonly string[], options: { readonly all: boolean }): Promise<ComparedRuns>
  /** Writes the run's note anew; an empty text takes it away. */
  note(id: string, text: string): Promise<void>
  /** Pins a run as the baseline of its model, or takes its pin away. Gives the model's baseline before and after. Throws `input.no-model`. */
  pin(id: string, pinned: boolean): Promise<{ readonly before: string | null; readonly after: string | null }>
  /** Accepts a failed gate, by its rule or name, for ever. Gives all waivers of the run. Throws `input.no-gate`, `input.gate-passed`. */
  waive(id: string, gate: { readonly rule: string; readonly reason: string }): Promise<readonly Waiver[]>
  /** `gate` against the run that is pinned as baseline of the same model. Throws `input.no-baseline`. */
  gateBaseline(id: string, gates?: Readonly<Record<string, number>>): Promise<GateReport>
  /** Whether the run came from another workspace: paths that it names were not chosen here. */
  isImported(id: string): Promise<boolean>
  /** Writes runs (all that have ended, where none are named) and what they came from as one file. Without `out`: a new one below `exports` in the workspace. */
  exportTo(what: { readonly runs?: readonly string[]; readonly artifacts: boolean; readonly out?: string }, task: Task): Promise<HistoryExport>
  /** Adds the runs of such a file that are not here yet: all or none. `file`: absolute. */
  importFrom(file: string, task: Task): Promise<HistoryImport>
}

/** A gate, and why it was accepted where it failed and a person waived it. */
export interface JudgedGate extends GateResult {
  readonly waived: string | null
}

export interface GateReport {
  readonly run: string
  readonly baseline: string
  readonly gates: readonly JudgedGate[]
  /** Every gate was passed. */
  readonly passed: boolean
  /** Every gate was passed, or is waived. */
  readonly accepted: boolean
}
