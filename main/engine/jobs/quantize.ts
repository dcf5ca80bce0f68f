import { readFile } from 'node:fs/promises'
import { solveThreshold } from '../../calibrate/methods/index.ts'
import type { Statistics } from '../../calibrate/statistics.ts'
import { Fault } from '../../core/fault.ts'
import { writeFileAtomic } from '../../core/files.ts'
import type { CodeType } from '../../core/grid.ts'
import { sha256 } from '../../core/hash.ts'
import type { ProofFacts } from '../../core/run.ts'
import type { ScaleTable } from '../../core/scale-table.ts'
import { breathe, type Task } from '../../core/task.ts'
import { encodeModel } from '../../onnx/encode.ts'
import type { Graph } from '../../onnx/graph.ts'
import { prepareGraph } from '../../onnx/prepare.ts'
import type { PictureRanges } from '../../quantize/fixed-ranges.ts'
import { namedTensors } from '../../quantize/named-tensors.ts'
import { quantizeOptions, type QuantizeOptions } from '../../quantize/options.ts'
import { opsetFor } from '../../quantize/qdq.ts'
import { quantizePlanned, type Quantized } from '../../quantize/quantize.ts'
import type { ThresholdSource } from '../../quantize/scale-table.ts'
import type { Tuned } from '../../quantize/tuned.ts'
import { withSettings } from '../../recipe/changes.ts'
import type { Recipe } from '../../recipe/recipe.ts'
import type { FoldedNode } from '../../rewrite/affine.ts'
import { foldAffine } from '../../rewrite/fold-affine.ts'
import { hoistMean } from '../../rewrite/hoist-mean.ts'
import { noiseFeeds } from '../../rewrite/noise-feeds.ts'
import { proveModels } from '../../rewrite/prove.ts'
import { decodeTuned } from '../../tune/finetune/tuned-file.ts'
import { notesOnFloat } from './float-notes.ts'
import { quantizeRefined } from './refined.ts'
import { refineNotes } from './refine-notes.ts'
import { loadRewritten, settingsOf, type RewrittenPiece } from './rewritten.ts'
import { planOfSeen, type SeenPlan } from './seen-plan.ts'
import { readStatistics } from './stored-statistics.ts'
import { expectationFor, pictureRanges, type Workpiece } from './workpiece.ts'

export interface QuantizeInput {
  readonly recipe: Recipe
  /** Path of the Statistics file to read. */
  readonly statistics: string
  /** Where the quantized model is to be written. */
  readonly out: string
  /** Path of what the finetune job wrote, where the recipe asks for fine-tuning. */
  readonly tuned?: string
  /** Takes Statistics of another revision as far as their names fit; what they do not hold stays in float. */
  readonly allowMissing?: boolean
  /** For what looks at samples again; default 1. */
  readonly threads?: number
}

export interface QuantizeOutput {
  readonly table: ScaleTable
  readonly sha256: string
  readonly bytes: number
  readonly notes: readonly string[]
  /** Of what was folded into convolutions on the way. */
  readonly proofs: readonly ProofFacts[]
}

/** Statistics and recipe to a QDQ model on disk. */
export async function quantizeJob({ recipe, statistics, out, tuned, allowMissing = false, threads = 1 }: QuantizeInput, task: Task): Promise<QuantizeOutput> {
  const report = (done: number) => task.report({ stage: 'quantize', done, total: 3, unit: 'steps' })
  report(0)
  const piece = await loadRewritten(recipe)
  const seen = await readStatistics(statistics)
  if (recipe.quantize.finetune && tuned === undefined) throw new Fault({ code: 'bug.finetune', what: 'the recipe asks for fine-tuning, and no tuned values were handed over' })
  const values = tuned === undefined ? undefined : decodeTuned(await readFile(tuned), tuned)
  const { quantized, workGraph, folded, steps, refined } = await quantizeRefined(piece, recipe, seen, statistics, { allowMissing, threads, ...(values ? { tuned: values } : {}) }, task)
  report(1)
  await breathe(task)
  const proofs = workGraph === piece.graph ? [] : [await proveWorkGraph(piece, workGraph, folded)]
  report(2)
  const bytes = encodeModel(quantized.graph)
  await writeFileAtomic(out, bytes)
  report(3)
  return { table: quantized.table, sha256: sha256(bytes), bytes: bytes.byteLength, notes: [...steps, ...foldNotes(folded), ...refined.flatMap(refineNotes), ...(await notesOnFloat(workGraph, quantized.plan.floatNodes, piece, quantizeOptions(recipe.quantize)))], proofs }
}

export interface QuantizedPiece {
  readonly quantized: Quantized
  /** The float graph that was quantized: raised and folded. */
  readonly workGraph: Graph
  readonly folded: readonly FoldedNode[]
  readonly steps: readonly string[]
}

/** The same without files, for jobs that quantize many times. */
export function quantizeFrom(piece: RewrittenPiece, asking: Recipe, statistics: Statistics, where: string, allowMissing = false, tuned?: Tuned): QuantizedPiece {
  const recipe = withSettings(asking, settingsOf(piece))
  const asked = withNewNames(quantizeOptions(recipe.quantize), piece.rewritten.renamed)
  const expectation = expectationFor(piece, recipe, recipe.samples.calibration ?? recipe.samples.evaluation)
  const { graph, steps } = raised(piece.graph, asked)
  const { workGraph, folded, pictures } = foldConstants(graph, asked, pictureRanges(expectation))
  const { plan, options, notes } = planOfSeen({ graph: workGraph, options: asked, pictures, statistics, observed: { graph: piece.graph, sha256: piece.graphSha256 }, where, allowMissing })
  const thresholds: ThresholdSource = (tensor, method, grid) => {
    const tensorStatistics = statistics.tensors.get(tensor)
    return tensorStatistics && solveThreshold(method, tensorStatistics, grid, { p: options.activations.percentile })
  }
  return { quantized: quantizePlanned(workGraph, plan, options, thresholds, tuned), workGraph, folded, steps: [...steps, ...notes] }
}

/** The graph that is quantized and what of it on which grids, before any threshold is solved. */
export function planFrom(piece: RewrittenPiece, asking: Recipe, statistics: Statistics, where: string): SeenPlan & { readonly workGraph: Graph } {
  const recipe = withSettings(asking, settingsOf(piece))
  const asked = withNewNames(quantizeOptions(recipe.quantize), piece.rewritten.renamed)
  const expectation = expectationFor(piece, recipe, recipe.samples.calibration ?? recipe.samples.evaluation)
  const { workGraph, pictures } = foldConstants(raised(piece.graph, asked).graph, asked, pictureRanges(expectation))
  return { workGraph, ...planOfSeen({ graph: workGraph, options: asked, pictures, statistics, observed: { graph: piece.graph, sha256: piece.graphSha256 }, where, allowMissing: true }) }
}

/** Constant arithmetic goes into the convolutions beside it; what a mean shift leaves behind lies on the picture's own grid. */
function foldConstants(graph: Graph, options: QuantizeOptions, pictures: PictureRanges): { workGraph: Graph; folded: readonly FoldedNode[]; pictures: PictureRanges } {
  const keep = namedTensors(graph, options)
  if (options.fold === 'off') return { workGraph: graph, folded: [], pictures }
  const behind = foldAffine(graph, keep)
  const inputs = new Map(pictures.inputs)
  let workGraph = behind.graph
  const folded = [...behind.folded]
  for (const [input, { lo, hi }] of pictures.inputs) {
    if (lo !== 0 || options.input !== 'auto') continue
    const hoisted = hoistMean(workGraph, input, hi, keep)
    workGraph = hoisted.graph
    folded.push(...hoisted.folded)
    for (const plane of hoisted.planes) inputs.set(plane, { lo: -hoisted.centre, hi: hi - hoisted.centre })
  }
  return { workGraph, folded, pictures: { ...pictures, inputs } }
}

/** Overrides follow tensors that a rewrite gave another name. */
export const withNewNames = (options: QuantizeOptions, renamed: ReadonlyMap<string, string>): QuantizeOptions =>
  ({ ...options, layers: Object.fromEntries(Object.entries(options.layers).map(([name, layer]) => [renamed.get(name) ?? name, layer])) })

/** Folding rounds every weight once: 1e-4 of the output's range is far above that and far below a code. */
const FOLDING_TOLERANCE = 1e-4

/** The graph that is quantized against the one that was observed: raised to another opset, folded, or both. */
async function proveWorkGraph(piece: Workpiece, workGraph: Graph, folded: readonly FoldedNode[]): Promise<ProofFacts> {
  const nodes = folded.map(({ node }) => node)
  const rewrite = folded.length === 0 ? 'raise-opset' : 'fold-affine'
  const inputs = [0, 1].map((seed) => noiseFeeds(piece.guess, seed))
  const session = { mode: 'float', threads: 1, where: piece.file.path } as const
  const proof = await proveModels(piece.graphBytes, encodeModel(workGraph), inputs, session, { rewrite, nodes, relativeTolerance: FOLDING_TOLERANCE })
  if (proof.verdict !== 'broken') return proof
  throw folded.length === 0
    ? new Fault({
      code: 'model.preparation-broken', where: piece.file.path, what: `raised to opset ${workGraph.opsets.get('')} the model gives other values (by ${proof.maxAbs})`,
      next: 'Use 8 bits, or export the model again with opset 21 or newer, and report this model.',
    })
    : new Fault({
      code: 'model.folding-broken', where: piece.file.path, what: `folding ${nodes.join(', ')} into convolutions changes the outputs by ${proof.maxAbs}`,
      next: 'Switch it off (quantize.fold: off), and report this model.',
    })
}

/** 16- and 4-bit codes need a newer opset than the statistics were taken on; names stay. */
function raised(graph: Graph, options: QuantizeOptions): { graph: Graph; steps: readonly string[] } {
  const types: CodeType[] = [options.activations.type, options.weights.type]
  for (const { bits, weight_bits } of Object.values(options.layers)) if (bits === 16 || (weight_bits ?? 8) !== 8) types.push('int16')
  const opset = opsetFor(types)
  if ((graph.opsets.get('') ?? 0) >= opset) return { graph, steps: [] }
  return prepareGraph(graph, { opset })
}

const foldNotes = (folded: readonly FoldedNode[]): string[] =>
  folded.length === 0 ? [] : [`Folded into convolutions: ${folded.map(({ node, into }) => `${node} into ${into}`).join(', ')}.`]

