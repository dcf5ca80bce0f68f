import type { Statistics } from '../../calibrate/statistics.ts'
import type { CodeType } from '../../core/grid.ts'
import { canonicalJson } from '../../core/hash.ts'
import type { ScaleRow } from '../../core/scale-table.ts'
import type { Graph, Node } from '../../onnx/graph.ts'
import { floatActivations } from '../../onnx/operators.ts'
import { topology, usedTensors, type Topology } from '../../onnx/topology.ts'
import { absorbedTensors } from '../../quantize/absorb.ts'
import type { Recipe } from '../../recipe/recipe.ts'
import { quantizeFrom, type QuantizedPiece } from './quantize.ts'
import { loadRewritten, type RewrittenPiece } from './rewritten.ts'
import { readStatistics } from './stored-statistics.ts'

/** A recorded quantization that can be made again without inference. */
export interface PlannedRun {
  readonly recipe: Recipe
  /** Path of the Statistics file; its content never changes. */
  readonly statistics: string
}

/** How one activation of the model is treated, and what it depends on. */
export interface PlannedTensor {
  readonly tensor: string
  readonly node: string
  /** The node that computes it: the convolution before a Relu. The one to be named where it is to compute in float. '' for an input of the model. */
  readonly layer: string
  /** Operators computed as one, in order: `Conv`, `Relu`. Empty for an input of the model. */
  readonly ops: readonly string[]
  /** First tensor of those that share this one's scale; its own name where it shares with none. */
  readonly group: string
  /** The tensor whose Statistics tell its range: what is only moved is not looked at twice. */
  readonly seenAs: string
  /** Rule that knows the range without looking (`clip-grid` …): methods do nothing here. */
  readonly fixed: string | null
  /** Codes it is put on; null: none. */
  readonly grid: { readonly type: CodeType; readonly symmetric: boolean; readonly reduced: boolean } | null
  /** Codes of the weights that its layer multiplies with; null: none. */
  readonly weights: CodeType | null
  /** Why what makes it computes in float; it may carry codes all the same, for the quantized layers that read it. */
  readonly float: string | null
}

export interface Bench {
  readonly key: string
  readonly piece: RewrittenPiece
  readonly seen: Statistics
  readonly made: QuantizedPiece
}

// One run is worked on for a while: its model and Statistics stay until another one is asked for.
let bench: Bench | undefined

/** The quantization of a run made again; the last one stays in memory. */
export async function benchOf({ recipe, statistics }: PlannedRun): Promise<Bench> {
  const key = JSON.stringify([recipe, statistics])
  if (bench?.key === key) return bench
  const piece = await loadRewritten(recipe)
  const seen = await readStatistics(statistics)
  bench = { key, piece, seen, made: quantizeFrom(piece, recipe, seen, statistics) }
  return bench
}

/** Every activation of a run's model in topological order: those on codes, and those that its recipe or an operator leaves in float. */
export async function layerPlanJob(planned: PlannedRun): Promise<readonly PlannedTensor[]> {
  const { workGraph, quantized } = (await benchOf(planned)).made
  const { plan } = quantized
  const links = topology(workGraph)
  const absorbed = absorbedTensors(workGraph, links, (node) => !plan.floatNodes.has(node.name), planned.recipe.quantize.sums)
  const chainOf = chainsOf(links, absorbed)
  const coded = new Map(plan.tensors.map((tensor) => [tensor.tensor, tensor]))
  const rules = new Map(plan.tensors.flatMap(({ group, fixed }) => (fixed ? [[group, fixed.method] as const] : [])))
  const activations = floatActivations(workGraph)
  const weightTypes = new Map(plan.weights.map(({ tensor: weight, grid }) => [weight, grid.type]))
  const names = [...workGraph.inputs.map((input) => input.name), ...workGraph.nodes.flatMap((node) => node.outputs)]
  return names.flatMap((tensor): PlannedTensor[] => {
    const found = coded.get(tensor)
    const node = links.producer.get(tensor)
    if (found) {
      const { type, symmetric, reduced = false } = found.grid
      const seenAs = coded.get(found.group)?.seenAs ?? found.group
      const chain = chainOf(tensor)
      return [{ tensor, node: found.node, layer: chain[0]?.name ?? '', ops: chain.map(({ op }) => op), group: found.group, seenAs, fixed: rules.get(found.group) ?? null, grid: { type, symmetric, reduced },
        weights: plan.floatNodes.has(chain[0]?.name ?? '') ? null : (chain.flatMap(({ inputs }) => inputs.flatMap((input) => weightTypes.get(input) ?? []))[0] ?? null), float: plan.floatNodes.get(found.node) ?? null }]
    }
    const why = node && activations.has(tensor) ? plan.floatNodes.get(node.name) : undefined
    return why === undefined ? [] : [{ tensor, node: node!.name, layer: node!.name, ops: [node!.op], group: tensor, seenAs: tensor, fixed: null, grid: null, weights: null, float: why }]
  })
}

/** The nodes computed as one that end in a tensor, in order. */
export function chainsOf(links: Topology, absorbed: ReadonlyMap<string, string>): (tensor: string) => Node[] {
  const sources = new Map([...absorbed].map(([source, target]) => [target, source]))
  const chainOf = (tensor: string): Node[] => {
    const source = sources.get(tensor)
    const own = links.producer.get(tensor)
    return [...(source === undefined ? [] : chainOf(source)), ...(own === undefined ? [] : [own])]
  }
  return chainOf
}

export interface BelowInput extends PlannedRun {
  /** The recipe with the changes. */
  readonly changed: Recipe
  /** Tensors that the changes name. */
  readonly named: readonly string[]
}

/** What a change of a run's recipe reaches, told from the plan alone. */
export interface Below {
  /** Activations that get other codes. */
  readonly changed: readonly string[]
  /** Activations whose values in the quantized model may change: the changed ones and all that is computed from them. */
  readonly below: readonly string[]
  /** Whether a tensor gets codes of another type, or goes to or from float: then the model costs other time. */
  readonly typesChanged: boolean
  /** Named tensors that stay exactly as they are. `gone`: folded away or not in the model; `float`: it stays in float; `same`: other reasons. */
  readonly idle: readonly { readonly tensor: string; readonly why: 'gone' | 'float' | 'same'; readonly reason: string }[]
}

/** Plans the run again with the changes and compares the tables. Throws the faults of a recipe that does not fit the model. */
export async function belowJob({ changed: recipe, named, ...planned }: BelowInput): Promise<Below> {
  const { piece, seen, made } = await benchOf(planned)
  const next = quantizeFrom(piece, recipe, seen, planned.statistics)
  const [before, after] = [rowsOf(made), rowsOf(next)]
  const tensors = [...new Set([...before.keys(), ...after.keys()])]
  const differ = tensors.filter((key) => codes(before.get(key)) !== codes(after.get(key)))
  const isRefolded = canonicalJson(made.folded) !== canonicalJson(next.folded) || made.workGraph.opsets.get('') !== next.workGraph.opsets.get('')
  const activations = next.quantized.plan.tensors.map((plan) => plan.tensor)
  const reached = isRefolded ? new Set(activations) : reachedFrom(next.workGraph, new Set(differ.map((key) => key.slice(key.indexOf(' ') + 1))))
  const floated = named.filter((tensor) => isInFloat(made, tensor) !== isInFloat(next, tensor))
  const changed = [...new Set([...differ.filter((key) => key.startsWith('activation ')).map((key) => key.slice('activation '.length)), ...floated])]
  const moved = new Set(changed)
  return {
    changed,
    below: activations.filter((tensor) => reached.has(tensor)),
    typesChanged: isRefolded || floated.length > 0 || tensors.some((key) => before.get(key)?.type !== after.get(key)?.type),
    idle: named.filter((tensor) => !moved.has(tensor)).map((tensor) => idleOf(tensor, next, after.get(`activation ${tensor}`))),
  }
}

const isInFloat = ({ quantized, workGraph }: QuantizedPiece, tensor: string): boolean =>
  quantized.plan.floatNodes.has(topology(workGraph).producer.get(tensor)?.name ?? '')

function idleOf(tensor: string, { quantized, workGraph }: QuantizedPiece, row: ScaleRow | undefined): Below['idle'][number] {
  const node = topology(workGraph).producer.get(tensor)
  const float = node && quantized.plan.floatNodes.get(node.name)
  if (row) return { tensor, why: 'same', reason: row.reason }
  return float === undefined ? { tensor, why: 'gone', reason: '' } : { tensor, why: 'float', reason: float }
}

const rowsOf = ({ quantized }: QuantizedPiece): Map<string, ScaleRow> => new Map(quantized.table.map((row) => [`${row.kind} ${row.tensor}`, row]))

/** What of a row is in the model. */
const codes = (row: ScaleRow | undefined): string => (row ? canonicalJson([row.type, row.axis, row.scale, row.zeroPoint]) : '')

/** The tensors and everything computed from them. */
function reachedFrom(graph: Graph, tensors: ReadonlySet<string>): Set<string> {
  const reached = new Set(tensors)
  const isFed = (node: Node): boolean => [...usedTensors(node)].some((name) => reached.has(name))
  for (const node of graph.nodes) if (isFed(node)) for (const output of node.outputs) reached.add(output)
  return reached
}
