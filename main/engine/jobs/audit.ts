import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { asQdq } from '../../audit/as-qdq.ts'
import { audit, type AuditInput } from '../../audit/audit.ts'
import { joinedFixes } from '../../audit/fix.ts'
import { withoutCodes } from '../../audit/without-codes.ts'
import { boardNamed } from '../../boards/read-profile.ts'
import { watchedTensors } from '../../calibrate/watch.ts'
import { parameterCount } from '../../compare/macs.ts'
import { readOperatorTable, type OperatorTable } from '../../compare/operator-table.ts'
import type { Finding, LayerError, ModelFacts, OperatorTime } from '../../core/run.ts'
import type { ScaleTable } from '../../core/scale-table.ts'
import { quietTask, type Task } from '../../core/task.ts'
import { constantsToInitializers } from '../../onnx/constants.ts'
import { encodeModel } from '../../onnx/encode.ts'
import type { Graph, ValueInfo } from '../../onnx/graph.ts'
import { readModel, type ModelFile } from '../../onnx/model-file.ts'
import { isOnCodes } from '../../quantize/refuse-quantized.ts'
import type { Recipe } from '../../recipe/recipe.ts'
import { inferValues } from '../../runtime/values.ts'
import { expectationOf, type Expectation } from '../../samples/expectation.ts'
import { loadRewritten } from './rewritten.ts'
import { readStatistics } from './stored-statistics.ts'
import { expectationFor, standalone } from './workpiece.ts'

export interface AuditJobInput {
  /** Its model may be a float model, or one that any tool quantized. */
  readonly recipe: Recipe
  /** Name of a board, or null: no rule that needs one says anything. */
  readonly board: string | null
  /** Absolute folder; profiles in its `boards` folder win. */
  readonly workspace: string
  /** Path of the model that was quantized from the recipe's. */
  readonly quantized?: string
  /** Path of a Statistics file. */
  readonly statistics?: string
  readonly scales?: ScaleTable
  readonly layers?: readonly LayerError[]
  readonly operators?: readonly OperatorTime[]
}

export interface AuditOutput {
  readonly model: ModelFacts
  readonly findings: readonly Finding[]
  /** What the findings propose together, as a recipe can say it. */
  readonly fixes: ReturnType<typeof joinedFixes>
  /** What was looked at, in words. */
  readonly notes: readonly string[]
}

/** Every finding about a model. Throws `input.unknown-board` and what an unreadable model or Statistics file throws. */
export async function auditJob({ recipe, board, workspace, ...given }: AuditJobInput, task: Task): Promise<AuditOutput> {
  const report = (done: number) => task.report({ stage: 'audit', done, total: 3, unit: 'steps' })
  report(0)
  const profile = board === null ? null : await boardNamed(board, { workspace })
  const times = board === null ? undefined : await boardTimes(board, workspace)
  report(1)
  const { file, input } = await auditInput({ recipe, ...given })
  report(2)
  const findings = audit({ ...input, ...(times ? { times: times.table } : {}) }, profile)
  report(3)
  return {
    model: { path: recipe.model, sha256: file.sha256, bytes: file.bytes.byteLength, parameters: parameterCount(file.graph), macsPerSample: 0 },
    findings, fixes: joinedFixes(findings),
    notes: [
      profile ? `Audited for ${profile.title} (${profile.toolchain.join(', ')}).` : 'Audited without a board: what only some boards dislike is not said.',
      `Sizes are those of ${input.shapes.at}.`,
      ...(times ? [`Operator times are those of ${times.path}.`] : []),
      ...(input.quantized ? [] : ['The model is not quantized: nothing is said of scales.']),
    ],
  }
}

/** The same where it is looked at and not recorded. */
export const auditViewJob = (input: AuditJobInput): Promise<AuditOutput> => auditJob(input, quietTask)

/** All that is known of a model, for `audit` with any board. */
export async function auditInput({ recipe, ...given }: Omit<AuditJobInput, 'board' | 'workspace'>): Promise<{ readonly file: ModelFile; readonly input: AuditInput & Required<Pick<AuditInput, 'shapes'>> }> {
  const { file, expected, ...looked } = await subjectOf(recipe, given.quantized)
  const statistics = given.statistics === undefined ? undefined : await readStatistics(given.statistics)
  const shapes = await sizedShapes(looked.graph, looked.quantized, looked.expectation)
  const input = {
    ...looked, shapes, ...(statistics ? { statistics, ...(expected ? { expected } : {}) } : {}),
    ...(given.scales ? { scales: given.scales } : {}), ...(given.layers ? { layers: given.layers } : {}), ...(given.operators ? { operators: given.operators } : {}),
    ...(recipe.output?.layout ? { layout: recipe.output.layout } : {}),
  }
  return { file, input }
}

/** The latency table beside a board's own profile (`boards/NAME.csv` in the workspace), where there is one. Throws `input.table-*` with the line. */
export async function boardTimes(board: string, workspace: string): Promise<{ readonly path: string; readonly table: OperatorTable } | undefined> {
  const path = join(workspace, 'boards', `${board}.csv`)
  return existsSync(path) ? { path, table: await readOperatorTable(path) } : undefined
}

interface Subject {
  readonly file: ModelFile
  readonly graph: Graph
  readonly quantized?: Graph
  readonly expectation: Expectation
  readonly expected?: readonly string[]
}

/** The float graph and the one with codes: those of a run, or the two sides of a model that was quantized elsewhere. */
async function subjectOf(recipe: Recipe, path: string | undefined): Promise<Subject> {
  const file = await readModel(recipe.model)
  if (path === undefined && file.graph.nodes.some(isOnCodes)) {
    const { graph, quantized } = await bothSides(file)
    return { file, graph, quantized, expectation: expectationFor({ guess: expectationOf(graph) }, recipe, recipe.samples.calibration ?? recipe.samples.evaluation) }
  }
  const piece = await loadRewritten(recipe)
  const expectation = expectationFor(piece, recipe, recipe.samples.calibration ?? recipe.samples.evaluation)
  const expected = watchedTensors(piece.graph)
  if (path === undefined) return { file, graph: { ...piece.graph, values: await inferValues(piece.graphBytes, {}, recipe.model) }, expectation, expected }
  return { file, ...(await bothSides(await readModel(path))), expectation, expected }
}

async function bothSides(file: ModelFile): Promise<{ graph: Graph; quantized: Graph }> {
  const values = await inferValues(standalone(file), {}, file.path)
  const quantized = { ...constantsToInitializers(file.graph).graph, values }
  return { quantized, graph: withoutCodes(asQdq(quantized).graph) }
}

/** Side of a picture where the model leaves it open. */
const NOMINAL_SIDE = 128

/** Types and shapes at one size of the picture input. */
async function sizedShapes(graph: Graph, quantized: Graph | undefined, { input }: Expectation): Promise<{ values: ReadonlyMap<string, ValueInfo>; at: string }> {
  if (!input) return { values: graph.values, at: 'the sizes that the model states' }
  const [height, width] = input.size.value ?? [NOMINAL_SIDE, NOMINAL_SIDE]
  const batch = typeof input.dims?.[0] === 'number' ? input.dims[0] : 1
  const dims = input.layout.value === 'nchw' ? [batch, input.channels, height, width] : [batch, height, width, input.channels]
  const values = await inferValues(encodeModel(quantized ?? graph), { [input.name]: dims })
  const at = `an input of ${height}×${width}`
  return { at, values: quantized ? withoutCodes(asQdq({ ...quantized, values }).graph).values : values }
}
