import { basename, extname } from 'node:path'
import { readFile } from 'node:fs/promises'
import type { BoardProfile } from '../../boards/profile.ts'
import { boardNamed } from '../../boards/read-profile.ts'
import { Fault } from '../../core/fault.ts'
import type { Run } from '../../core/run.ts'
import type { Task } from '../../core/task.ts'
import { formatsFor, type ChosenFormat } from '../../export/formats/index.ts'
import { lowerOpset } from '../../export/lower-opset.ts'
import { layerHistograms, type LayerHistogram } from '../../export/figures.ts'
import { readiness } from '../../export/readiness.ts'
import { axisOnEveryPair } from '../../export/openvino-model.ts'
import { mlirNames, type VendorNames } from '../../export/mlir-names.ts'
import { recordsOf, type TensorQuant } from '../../export/record.ts'
import { fileName, type Check, type ExportInput, type Subject } from '../../export/subject.ts'
import { readModel } from '../../onnx/model-file.ts'
import { encodeModel } from '../../onnx/encode.ts'
import type { Graph } from '../../onnx/graph.ts'
import type { Recipe } from '../../recipe/recipe.ts'
import { inferValues } from '../../runtime/values.ts'
import type { Expectation } from '../../samples/expectation.ts'
import type { Sample } from '../../samples/sample.ts'
import { quantizeOptions } from '../../quantize/options.ts'
import { loadRewritten, type RewrittenPiece } from './rewritten.ts'
import { planFrom } from './quantize.ts'
import { readStatistics } from './stored-statistics.ts'
import { tunedGraphOf } from './tuned-run.ts'
import { openPart, standalone, type OpenedPart } from './workpiece.ts'

export interface LoadInput {
  readonly run: Run
  /** Paths of the run's artifacts. */
  readonly quantized: string
  readonly statistics: string
}

export interface BoardInput {
  readonly board: string
  /** Absolute folder whose boards win. */
  readonly workspace: string
  /** Formats besides those of the board. */
  readonly formats: readonly string[]
  /** Rules of gates that a person accepted, with the reason. */
  readonly waived: Readonly<Record<string, string>>
  /** Absolute path of a .mlir of the board's importer, whose names the tables then take. */
  readonly names?: string
}

export interface SubjectInput extends LoadInput, BoardInput {}

/** What every board's bundle of a run is made from. */
export interface LoadedRun {
  readonly run: Run
  readonly piece: RewrittenPiece
  /** The float graph that was quantized, with every shape at the size of the samples; and its bytes. */
  readonly graph: Graph
  readonly workBytes: Uint8Array
  readonly floatNodes: readonly string[]
  readonly records: readonly TensorQuant[]
  readonly inputs: readonly ExportInput[]
  /** The quantized model. */
  readonly qdq: Uint8Array
  readonly qdqGraph: Graph
  readonly calibration: OpenedPart | undefined
  readonly first: Sample
  /** What the model's output is. */
  readonly expectation: Expectation
  /** Of the layers that lost most. */
  readonly histograms: readonly LayerHistogram[]
}

/** Reads all of a run that a bundle needs. No inference. Throws `model.changed`, `recipe.no-samples` and what reading throws. */
export async function loadRun({ run, quantized, statistics: path }: LoadInput, task: Task): Promise<LoadedRun> {
  const step = (done: number): void => task.report({ stage: 'read', done, total: 4, unit: 'steps' })
  step(0)
  const recipe = run.recipe as Recipe
  const piece = await loadRewritten(recipe)
  if (piece.file.sha256 !== run.model?.sha256) throw new Fault({ code: 'model.changed', where: recipe.model, what: 'the model file is not the one that the run was made of', next: 'Put the old file back, or run the recipe again.' })
  const judged = await readModel(quantized)
  step(1)
  const statistics = await readStatistics(path)
  const { workGraph: untuned, plan } = planFrom(piece, recipe, statistics, path)
  // A board's toolchain rounds the float weights itself: they are to be those that the scales were tuned with.
  const workGraph = await tunedGraphOf(untuned, run)
  step(2)
  const calibration = await openPart(piece, recipe, 'calibration', task)
  const opened = (await openPart(piece, recipe, 'evaluation', task)) ?? calibration
  if (!opened) throw new Fault({ code: 'recipe.no-samples', what: 'there are no samples to make golden vectors of', where: 'samples.evaluation', next: 'Set samples.evaluation.path in the recipe, or give --samples FOLDER.' })
  const first = await opened.samples.load(0)
  step(3)
  const sizes = Object.fromEntries(Object.entries(first.feeds).map(([input, { dims }]) => [input, [...dims]]))
  const workBytes = encodeModel(workGraph)
  const values = await inferValues(workBytes, sizes, recipe.model)
  const graph = { ...workGraph, values }
  const seen = new Map([...statistics.tensors].map(([tensor, { min, max }]) => [tensor, { min, max }]))
  const qdq = judged.externalFiles.length === 0 ? new Uint8Array(await readFile(quantized)) : standalone(judged)
  step(4)
  const records = recordsOf(graph, run.scales ?? [], seen, statistics.samples)
  return {
    run, piece, graph, workBytes, floatNodes: askedFor(plan.floatNodes), records, histograms: layerHistograms(run.layers ?? [], records, statistics.tensors), expectation: opened.expectation,
    inputs: graph.inputs.map(({ name }) => ({ name, dims: first.feeds[name]!.dims, preprocess: opened.samples.preprocess })), qdq, qdqGraph: judged.graph, calibration, first,
  }
}

export interface ReadySubject extends LoadedRun {
  readonly subject: Subject
  readonly formats: readonly ChosenFormat[]
  readonly checks: readonly Check[]
}

/** A loaded run for one board, and whether it is ready for it. Throws `input.unknown-board`, `input.unknown-format`. */
export async function subjectFor(loaded: LoadedRun, { board: name, workspace, formats: added, waived, names }: BoardInput): Promise<ReadySubject> {
  const { run, piece, records, inputs, calibration, first } = loaded
  const recipe = run.recipe as Recipe
  const board = await boardNamed(name, { workspace })
  const formats = formatsFor(board, added)
  const vendorNames = names === undefined ? undefined : await readNames(names, formats)
  const { graph, notLowered } = forBoard(loaded.graph, board)
  const nodes = new Map(graph.nodes.map((node) => [node.name, node]))
  const subject: Subject = {
    model: fileName(basename(recipe.model, extname(recipe.model))), board, run, records, inputs,
    graph: { ...graph, inputs: graph.inputs.map((input) => ({ ...input, dims: first.feeds[input.name]!.dims })) },
    floatNodes: loaded.floatNodes.flatMap((node) => (nodes.has(node) ? [{ node, op: nodes.get(node)!.op, output: nodes.get(node)!.outputs[0]! }] : [])),
    outputs: graph.outputs.map(({ name: output }) => output), samples: calibration?.samples.count ?? 0, layers: run.layers ?? [],
    overrides: Object.entries(quantizeOptions(recipe.quantize).layers).map(([layer, settings]) => ({ name: layer, settings: { ...settings } })), method: recipe.quantize.activations.method,
    ...(vendorNames ? { vendorNames } : {}),
  }
  const unproved = piece.rewritten.steps.filter(({ kind }) => kind === 'repair').map(({ rewrite }) => rewrite)
  return { ...loaded, subject, formats, checks: readiness(subject, formats, { notLowered, waived, unproved }) }
}

async function readNames(path: string, formats: readonly ChosenFormat[]): Promise<VendorNames> {
  if (!formats.some(({ format }) => format.names !== undefined)) throw new Fault({ code: 'input.bad-option', where: '--names', what: 'no format of this board has names of its own in a file', next: 'Leave it out, or export for a board of Sophon.' })
  const text = await readFile(path, 'utf8').catch((error: unknown) => { throw new Fault({ code: 'input.missing-file', where: path, what: 'the file with the names cannot be read', next: 'Check the path.' }, { cause: error }) })
  return mlirNames(text, path)
}

/** The same in one step. */
export const exportSubject = async (input: SubjectInput, task: Task): Promise<ReadySubject> => subjectFor(await loadRun(input, task), input)

/** The bundle holds the float model in an older opset than the one that was quantized: that both compute the same is to be proved. */
export const isLowered = ({ subject, piece }: ReadySubject): boolean => subject.graph.opsets.get('') !== piece.graph.opsets.get('')

export interface ModelFile {
  readonly path: string
  readonly bytes: Uint8Array
}

/** The models of a bundle: float, quantized, and with an axis on every pair where OpenVINO is to read it. */
export const modelFiles = ({ subject, formats, qdq, qdqGraph }: ReadySubject): ModelFile[] => [
  { path: 'model/model.onnx', bytes: encodeModel(subject.graph) }, { path: 'model/model.qdq.onnx', bytes: qdq },
  ...(formats.some(({ format }) => format.name === 'openvino') ? [{ path: 'model/model.qdq.openvino.onnx', bytes: encodeModel(axisOnEveryPair(qdqGraph)) }] : []),
]

/** Nodes that the recipe keeps in float, with those that only follow them; what our own kernels cannot compute on codes is the board's to decide. */
function askedFor(floatNodes: ReadonlyMap<string, string>): string[] {
  const own = new Set([...floatNodes].filter(([, why]) => why.endsWith('is not computed on codes') || why === 'not a float activation').map(([node]) => node))
  for (const [node, why] of floatNodes) {
    const [, above] = /^only moves what (.*) makes in float$/.exec(why) ?? /^is one with (.*), which is in float$/.exec(why) ?? []
    if (above !== undefined && own.has(above)) own.add(node)
  }
  return [...floatNodes.keys()].filter((node) => !own.has(node))
}

/** The graph in the newest opset that the board's tools read, where it can be written so. */
function forBoard(graph: Subject['graph'], board: BoardProfile): { graph: Subject['graph']; notLowered: readonly string[] } {
  const { is } = board.limits.opset
  if (is === 'unknown' || is.max === null) return { graph, notLowered: [] }
  const lowered = lowerOpset(graph, is.max)
  return 'graph' in lowered ? { graph: lowered.graph, notLowered: [] } : { graph, notLowered: lowered.refused }
}
