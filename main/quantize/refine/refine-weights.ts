import type { BiasPlan, WeightPlan } from '../../core/plan.ts'
import type { ScaleRow } from '../../core/scale-table.ts'
import { tensorOfNumbers } from '../../onnx/tensor.ts'
import { TUNED_METHOD } from '../tuned.ts'
import type { QuantizePlan } from '../plan.ts'
import type { Quantized } from '../quantize.ts'
import { biasFloors, type CodedConstant } from '../weights.ts'
import { rowsByTensor, type Bench } from './bench.ts'
import { fromRows, isMatrix, matrixLayers, type NoMatrix } from './layer.ts'
import { inBatches, learnLayers, type LayerFinding, type LayerWish } from './learn.ts'
import type { CodedRows } from './output-errors.ts'
import type { LayerRefinement } from './report.ts'
import { channelsOf, type CandidateWishes } from './weights-of-layer.ts'

/** What is wished for a weight. */
export type WeightWishes = (weight: WeightPlan) => CandidateWishes

/** The layers to be looked at, pass by pass, and those that cannot be. */
export async function weightWork(bench: Bench, quantized: Quantized, wishes: WeightWishes): Promise<{ batches: LayerWish[][]; skipped: readonly NoMatrix[] }> {
  const rows = rowsByTensor(quantized.table)
  const wanted = matrixLayers(bench.graph, quantized.plan).filter(({ plan }) => Object.values(wishes(plan)).some(Boolean))
  const isTuned = ({ plan }: { plan: WeightPlan }) => rows.get(plan.tensor)!.method === TUNED_METHOD
  const able = wanted.filter(isMatrix).filter((layer) => !isTuned(layer))
  const skipped = wanted.flatMap((layer): NoMatrix[] => (!isMatrix(layer) ? [layer] : isTuned(layer) ? [{ ...layer, why: 'fine-tuning chose its codes' }] : []))
  const works = able.map((layer): LayerWish => {
    const { scale, zeroPoint } = rows.get(layer.plan.tensor)!
    return { layer, wishes: wishes(layer.plan), grid: { scale, zeroPoint, floors: floorsOf(bench, quantized.plan, rows, layer.plan.tensor) } }
  })
  return { batches: await inBatches(bench, works), skipped }
}

function floorsOf({ graph }: Bench, plan: QuantizePlan, rows: ReadonlyMap<string, ScaleRow>, weight: string): number[] {
  const own = plan.biases.filter((bias: BiasPlan) => bias.weight === weight)
  const weightPlan = plan.weights.find(({ tensor }) => tensor === weight)!
  const lists = own.map((bias) => biasFloors(graph, bias, weightPlan, rows.get(bias.input)!))
  return lists.length === 0 ? [] : lists[0]!.map((_, channel) => Math.max(...lists.map((list) => list[channel]!)))
}

export async function findWeights(bench: Bench, quantized: Quantized, batches: readonly LayerWish[][]): Promise<LayerFinding[]> {
  const found: LayerFinding[] = []
  for (const batch of batches) found.push(...(await learnLayers(bench, quantized, batch)))
  return found
}

/** A layer's weight after a step, with what was gained; `constant` is absent where it stays as it was. */
export interface WeightChoice {
  readonly layer: LayerRefinement
  readonly weight: string
  readonly constant?: CodedConstant
}

const total = (errors: Float64Array): number => errors.reduce((sum, error) => sum + error, 0)
const over = (noise: number, signal: number): number => (noise === 0 ? 0 : noise / signal)

/** Searched steps, for every channel whose error on held-out columns falls. */
export function chooseSteps({ layer, candidates, held }: LayerFinding, row: ScaleRow): WeightChoice {
  const channels = channelsOf(layer, row.scale)
  const full = candidates.nearest
  const searched = candidates.searched!
  const better = new Set(channels.filter((members) => {
    const sum = (errors: Float64Array) => members.reduce((all, member) => all + errors[member]!, 0)
    return searched.steps[members[0]!] !== full.steps[members[0]!] && sum(held.searched!) < sum(held.nearest!)
  }).flat())
  const before = over(total(held.nearest!), total(held.signal))
  const base = { node: layer.node.name, before, channels: channels.length }
  const taken = channels.filter(([first]) => better.has(first!)).length
  if (taken === 0) return { weight: layer.plan.tensor, layer: { ...base, after: before, changed: 0, kept: 'no other step is better on held-out columns' } }
  const mixed = mixedRows(layer.products, full, searched, (index) => better.has(index))
  const after = over(held.nearest!.reduce((sum, error, index) => sum + (better.has(index) ? held.searched![index]! : error), 0), total(held.signal))
  const found = `${taken} of ${channels.length} steps found by the error of the layer's outputs, ${gained(before, after)} on held-out columns`
  return { weight: layer.plan.tensor, layer: { ...base, after, changed: taken, kept: '' }, constant: constantOf(layer, mixed, row, 'search', [row.reason, found].filter(Boolean).join('; ')) }
}

/** Codes by output error, where the layer's error on held-out columns falls. `current`: the row with the steps in force. */
export function chooseRounding({ layer, candidates, held }: LayerFinding, current: ScaleRow): WeightChoice {
  const channels = channelsOf(layer, current.scale)
  const steps = Float64Array.from({ length: layer.groups * layer.rows }, (_, row) => current.scale[layer.plan.axis === null ? 0 : row]!)
  const isSearched = (index: number) => candidates.both !== undefined && steps[index] !== candidates.nearest.steps[index]
  const rounded = mixedRows(layer.products, candidates.rounded!, candidates.both ?? candidates.rounded!, isSearched)
  const sumOf = (plain: Float64Array, searched: Float64Array | undefined) => plain.reduce((sum, error, index) => sum + (isSearched(index) ? searched![index]! : error), 0)
  const signal = total(held.signal)
  const before = over(sumOf(held.nearest!, held.searched), signal)
  const after = over(sumOf(held.rounded!, held.both), signal)
  const base = { node: layer.node.name, before, channels: channels.length }
  if (!(after < before)) return { weight: layer.plan.tensor, layer: { ...base, after: before, changed: 0, kept: before === 0 ? 'its outputs have no error' : `its error on held-out columns would grow by ${percent(after / before - 1)}` } }
  const reason = [current.reason, `rounded by the error of the layer's outputs, ${gained(before, after)} on held-out columns`].filter(Boolean).join('; ')
  return { weight: layer.plan.tensor, layer: { ...base, after, changed: channels.length, kept: '' }, constant: constantOf(layer, rounded, current, current.method, reason) }
}

/** Rows of one way or the other. */
function mixedRows(products: number, plain: CodedRows, other: CodedRows, takesOther: (row: number) => boolean): CodedRows {
  const codes = plain.codes.slice()
  const steps = plain.steps.slice()
  for (let row = 0; row < steps.length; row++) {
    if (!takesOther(row)) continue
    steps[row] = other.steps[row]!
    codes.set(other.codes.subarray(row * products, (row + 1) * products), row * products)
  }
  return { codes, steps }
}

export function constantOf(layer: LayerFinding['layer'], { codes, steps }: CodedRows, row: ScaleRow, method: string, reason: string): CodedConstant {
  const zero = row.zeroPoint[0]!
  const scale = layer.plan.axis === null ? [steps[0]!] : Array.from(steps)
  return { row: { ...row, scale, method, reason }, codes: tensorOfNumbers(layer.plan.grid.type, layer.dims, fromRows(layer, Int32Array.from(codes, (code) => code + zero))) }
}

export const percent = (share: number): string => `${Number((100 * share).toPrecision(2))} %`

/** What became of an error, in words. */
export const gained = (before: number, after: number): string => `${percent(1 - after / before)} less noise`
