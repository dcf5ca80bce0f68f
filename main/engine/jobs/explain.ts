import { viewOf } from '../../calibrate/methods/view.ts'
import { Fault } from '../../core/fault.ts'
import { didYouMean } from '../../core/nearest.ts'
import type { ScaleRow } from '../../core/scale-table.ts'
import { topology } from '../../onnx/topology.ts'
import { absorbedTensors } from '../../quantize/absorb.ts'
import { decisionOf, decisionOfConstant, decisionOfFloat, type Decision } from '../../quantize/explain.ts'
import { quantizeOptions } from '../../quantize/options.ts'
import { layerLines } from '../../quantize/overrides.ts'
import { behind } from '../../quantize/plan.ts'
import { withSettings } from '../../recipe/changes.ts'
import { tuningKeys } from '../../recipe/tuning-keys.ts'
import { tuningOf, type MadeRun, type TensorTuning } from './explain-tuning.ts'
import { benchOf, chainsOf, type Bench, type PlannedRun } from './layer-plan.ts'
import { withNewNames } from './quantize.ts'
import { settingsOf } from './rewritten.ts'
import { judge, marksOf, type MethodMark } from './what-if.ts'

export interface ExplainInput extends PlannedRun {
  /** A tensor, a layer, or a constant of the model. */
  readonly tensor: string
  /** The run that was made with this recipe, where it asks for tuning. */
  readonly made?: MadeRun
}

/** Why a tensor is quantized as it is. */
export interface TensorExplanation extends Decision {
  /** The name that was asked for. */
  readonly asked: string
  /** The tensor that carries its codes: what comes out behind the Relu of a convolution. */
  readonly tensor: string
  readonly kind: ScaleRow['kind'] | 'float'
  /** The node that computes it, and the operators computed as one; '' and none for an input or a constant. */
  readonly layer: string
  readonly ops: readonly string[]
  /** Tensors that share its scale, in topological order; itself alone where it shares with none. */
  readonly group: readonly string[]
  /** The row of the scale table; null in float. */
  readonly row: ScaleRow | null
  /** The tensor whose Statistics the figures are of; null where there are none. */
  readonly seenAs: string | null
  /** What the range that stands does to the values seen; null without Statistics. */
  readonly now: { readonly clippedPercent: number; readonly predictedSqnrDb: number } | null
  /** What every method would pick on these Statistics and this grid; empty without them. */
  readonly methods: readonly MethodMark[]
  /** What tuning changed of what is said here, which is the state before it; null where the recipe asks for none. */
  readonly tuning: TensorTuning | null
}

/** Explains one tensor of a quantization that can be made again. Throws `input.unknown-tensor` with the nearest names. */
export async function explainJob({ tensor, made, ...planned }: ExplainInput): Promise<TensorExplanation> {
  const bench = await benchOf(planned)
  const told = explained(tensor, planned, bench)
  const { quantized } = bench.made
  const constants = [...quantized.plan.weights, ...quantized.plan.biases].filter(({ node }) => told.kind === 'activation' && node === told.layer).map((constant) => constant.tensor)
  return { ...told, tuning: told.kind === 'float' ? null : await tuningOf(tuningKeys(planned.recipe), [told.tensor, ...constants], quantized, made) }
}

function explained(asked: string, planned: PlannedRun, bench: Bench): Omit<TensorExplanation, 'tuning'> {
  const { workGraph, quantized: { plan, table } } = bench.made
  const links = topology(workGraph)
  const absorbed = absorbedTensors(workGraph, links, (node) => !plan.floatNodes.has(node.name), planned.recipe.quantize.sums)
  const named = nameIn(bench, asked)
  const constant = table.find((row) => row.tensor === named && row.kind !== 'activation')
  const recipe = withSettings(planned.recipe, settingsOf(bench.piece))
  const options = withNewNames(quantizeOptions(recipe.quantize), bench.piece.rewritten.renamed)
  const lines = layerLines(workGraph, options.layers, (name) => behind(name, absorbed))
  if (constant) return ofConstant(asked, constant, bench, (layer) => decisionOfConstant(constant, behind(workGraph.nodes.find(({ name }) => name === layer)!.outputs[0]!, absorbed), lines))
  const tensor = behind(named, absorbed)
  const own = plan.tensors.find((each) => each.tensor === tensor)
  const chain = chainsOf(links, absorbed)(tensor)
  const place = { asked, tensor, layer: chain[0]?.name ?? '', ops: chain.map(({ op }) => op) }
  const node = links.producer.get(tensor)
  const seenAs = own ? (own.seenAs ?? tensor) : tensor
  const seen = bench.seen.tensors.get(seenAs)
  if (!own) {
    const reason = (node && plan.floatNodes.get(node.name)) ?? (links.outputs.has(tensor) ? 'it leaves as an accumulator: no codes are made of it' : 'no quantized layer reads it, so it carries no codes')
    return { ...place, kind: 'float', group: [tensor], row: null, seenAs: null, now: null, methods: [], ...decisionOfFloat(reason) }
  }
  const row = table.find((each) => each.kind === 'activation' && each.tensor === tensor)!
  const group = plan.tensors.filter((each) => each.group === own.group).map((each) => each.tensor)
  const figures = seen && seen.sampled > 0 ? { seenAs, now: nowOf(judge(viewOf(seen), row, own.grid)), methods: marksOf(seen, own.grid, { p: options.activations.percentile }) } : { seenAs: null, now: null, methods: [] }
  return { ...place, kind: 'activation', group, row, ...figures, ...decisionOf(plan, own, row, lines, options) }
}

const nowOf = ({ clippedPercent, predictedSqnrDb }: ReturnType<typeof judge>) => ({ clippedPercent, predictedSqnrDb })

/** A weight or bias has no range to be found: its largest value decides, or what its layer multiplies. */
function ofConstant(asked: string, row: ScaleRow, { made: { quantized: { plan } } }: Bench, decisionFor: (layer: string) => Decision): Omit<TensorExplanation, 'tuning'> {
  const weight = plan.weights.find(({ tensor }) => tensor === row.tensor)
  const layer = weight?.node ?? plan.biases.find(({ tensor }) => tensor === row.tensor)?.node ?? ''
  return {
    asked, tensor: row.tensor, kind: row.kind, layer, ops: [], group: [row.tensor], row, seenAs: null, now: null, methods: [],
    ...decisionFor(layer),
  }
}

/** The tensor of the graph that is quantized which a name means: rewrites and folding may have moved it. */
function nameIn({ piece, made: { workGraph, folded, quantized: { table } } }: Bench, asked: string): string {
  const outputOf = (node: string): string | undefined => workGraph.nodes.find(({ name }) => name === node)?.outputs[0]
  const tensors = new Set([...workGraph.inputs.map(({ name }) => name), ...workGraph.nodes.flatMap(({ outputs }) => outputs), ...table.map(({ tensor }) => tensor)])
  const name = piece.rewritten.renamed.get(asked) ?? asked
  if (tensors.has(name)) return name
  const made = outputOf(name)
  if (made !== undefined) return made
  // What was folded into a convolution is explained by that convolution.
  const before = piece.graph.nodes.find((node) => node.name === name || node.outputs.includes(name))
  const into = before && folded.find(({ node }) => node === before.name)?.into
  const carrier = into === undefined ? undefined : outputOf(into)
  if (carrier !== undefined) return carrier
  throw new Fault({
    code: 'input.unknown-tensor', where: asked, what: 'the model has no such tensor or layer',
    next: didYouMean(asked, [...tensors, ...workGraph.nodes.map((node) => node.name)]) ?? 'Give a name that `scalewright inspect` lists.',
  })
}
