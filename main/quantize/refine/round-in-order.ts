import type { WeightPlan } from '../../core/plan.ts'
import { workingCodes } from '../../core/qparams.ts'
import type { ScaleRow } from '../../core/scale-table.ts'
import { float32, integers } from '../../onnx/tensor.ts'
import type { Quantized } from '../quantize.ts'
import { TUNED_METHOD } from '../tuned.ts'
import { codedName, rowsByTensor, type Bench } from './bench.ts'
import { frontOf, type Front, type FrontStep } from './front.ts'
import { addTo, noHessian, type Hessian } from './hessian.ts'
import { isMatrix, matrixLayers, toRows, type MatrixLayer } from './layer.ts'
import { columnsOf, columnsWanted, HELD_COLUMNS } from './learn.ts'
import { addOutputErrors, noOutputErrors, type CodedRows } from './output-errors.ts'
import { openProducts, type Products } from './products.ts'
import { constantOf, gained, percent } from './refine-weights.ts'
import type { LayerRefinement } from './report.ts'
import { roundRow } from './round-row.ts'
import { targetRows } from './target-rows.ts'
import { channelsOf } from './weights-of-layer.ts'
import { withConstants } from './with-constants.ts'

/** Its target needs a system of K equations solved: seconds here. */
const MOST_UNKNOWNS = 2304

export interface RoundingOutcome {
  readonly quantized: Quantized
  readonly layers: readonly LayerRefinement[]
}

/**
 * Rounding towards the asymmetric target (ALGORITHMS 5.10): layer by layer in topological order, what a layer makes of its inputs as they come
 * with everything before it on codes shall be what the float layer makes of float inputs, so that it makes up for what was lost before it.
 * A layer keeps it where that error falls on held-out columns.
 */
export async function roundInOrder(bench: Bench, start: Quantized, isWanted: (weight: WeightPlan) => boolean): Promise<RoundingOutcome> {
  const fronts = { float: frontOf(bench), coded: frontOf(bench) }
  const products = await openProducts(bench.threads)
  const layers: LayerRefinement[] = []
  let quantized = start
  try {
    for (const layer of matrixLayers(bench.graph, start.plan).filter(({ plan }) => isWanted(plan))) {
      const row = rowsByTensor(quantized.table).get(layer.plan.tensor)!
      const kept = !isMatrix(layer) ? layer.why : row.method === TUNED_METHOD ? 'fine-tuning chose its codes' : layer.products > MOST_UNKNOWNS ? `${layer.products} products an output are more than ${MOST_UNKNOWNS}` : undefined
      if (kept !== undefined) {
        layers.push({ node: layer.node.name, before: null, after: null, changed: 0, channels: 0, kept })
        for (let index = 0; index < bench.samples.count; index++) await bench.counter.step()
        continue
      }
      const found = await roundedLayer(bench, fronts, products, quantized, layer as MatrixLayer, row)
      layers.push(found.layer)
      if (found.rounded) quantized = withConstants(bench.coded, quantized, new Map([[row.tensor, constantOf(layer as MatrixLayer, found.rounded, row, row.method, found.reason)]]))
    }
  } finally {
    await products.close()
  }
  return { quantized, layers }
}

interface Fronts {
  readonly float: Front
  readonly coded: Front
}

async function roundedLayer(bench: Bench, fronts: Fronts, products: Products, quantized: Quantized, layer: MatrixLayer, row: ScaleRow) {
  const input = layer.node.inputs[0]!
  const name = codedName(quantized, input)
  const steps = { float: await fronts.float.open(bench.graph, input, input), coded: await fronts.coded.open(quantized.graph, name, name) }
  try {
    const weights = toRows(layer, float32(bench.graph.initializers.get(row.tensor)!))
    const { own, cross } = await learned(bench, products, layer, steps)
    const current = currentRows(layer, row, integers(quantized.constants.get(row.tensor)!.codes))
    const rounded = roundedRows(layer, row, current, targetRows(weights, layer, own, cross), own)
    const sums = noOutputErrors(layer, 2)
    for (const index of bench.split.held) {
      const { float, coded, positions } = await columnsFor(bench, layer, steps, index, HELD_COLUMNS / bench.split.held.length)
      addOutputErrors(sums, layer, weights, [current, rounded], { columns: coded, wanted: float, positions })
    }
    const [signal, before, after] = [sums.signal, ...sums.errors].map((errors) => errors.reduce((sum, error) => sum + error, 0)) as [number, number, number]
    const channels = channelsOf(layer, row.scale).length
    const ratio = (error: number): number => (error === 0 ? 0 : error / signal)
    const base = { node: layer.node.name, before: ratio(before), channels }
    if (!(after < before)) {
      const kept = before === 0 ? 'its outputs have no error' : `its error on held-out columns would grow by ${percent(after / before - 1)}`
      return { layer: { ...base, after: ratio(before), changed: 0, kept } }
    }
    const reason = [row.reason, `rounded towards the outputs of the float network, ${gained(before, after)} on held-out columns`].filter(Boolean).join('; ')
    return { layer: { ...base, after: ratio(after), changed: channels, kept: '' }, rounded, reason }
  } finally {
    await steps.float.close()
    await steps.coded.close()
  }
}

type Steps = Readonly<Record<'float' | 'coded', FrontStep>>

/** Columns of a sample at the same positions, of float inputs and of those behind codes. */
async function columnsFor(bench: Bench, layer: MatrixLayer, steps: Steps, index: number, wanted: number) {
  const [real, made] = [await steps.float.fetch(index), await steps.coded.fetch(index)]
  const [float, coded] = [real, made].map((value) => columnsOf(bench, layer, value, { sample: index, wanted })) as [ReturnType<typeof columnsOf>, ReturnType<typeof columnsOf>]
  await bench.counter.step()
  return { float: float.columns, coded: coded.columns, positions: coded.positions }
}

/** Over the pictures for choosing: Σ x̂ x̂ᵀ of coded inputs, and Σ x x̂ᵀ of float ones with them. */
async function learned(bench: Bench, products: Products, layer: MatrixLayer, steps: Steps): Promise<{ own: Hessian; cross: Hessian }> {
  const [own, cross] = [noHessian(layer.groups, layer.products), noHessian(layer.groups, layer.products)]
  const { chosen } = bench.split
  for (const index of chosen) {
    const { float, coded } = await columnsFor(bench, layer, steps, index, columnsWanted(layer.products) / chosen.length)
    addTo(own.sums, await products.of(coded, coded, layer.groups, layer.products))
    addTo(cross.sums, await products.of(float, coded, layer.groups, layer.products))
  }
  return { own, cross }
}

function currentRows(layer: MatrixLayer, row: ScaleRow, codes: ArrayLike<number>): CodedRows {
  const zero = row.zeroPoint[0]!
  return {
    codes: Int16Array.from(toRows(layer, codes), (code) => code - zero),
    steps: Float64Array.from({ length: layer.groups * layer.rows }, (_, index) => row.scale[layer.plan.axis === null ? 0 : index]!),
  }
}

function roundedRows({ rows, products, plan }: MatrixLayer, row: ScaleRow, { steps }: CodedRows, target: Float64Array, own: Hessian): CodedRows {
  const [least, most] = workingCodes(plan.grid).map((code) => code - row.zeroPoint[0]!) as [number, number]
  const codes = new Int16Array(target.length)
  for (const [index, step] of steps.entries()) {
    codes.set(roundRow(target.subarray(index * products, (index + 1) * products), { step, least, most }, own, Math.floor(index / rows)), index * products)
  }
  return { codes, steps }
}
