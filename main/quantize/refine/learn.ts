import { hashText, seededRandom } from '../../core/random.ts'
import { encodeModel } from '../../onnx/encode.ts'
import type { Tensor, ValueInfo } from '../../onnx/graph.ts'
import { elementCount, float32 } from '../../onnx/tensor.ts'
import { inferValues } from '../../runtime/values.ts'
import type { Quantized } from '../quantize.ts'
import { codedName, eachOf, type Bench } from './bench.ts'
import { columnsAt, drawPositions, positionCount } from './columns.ts'
import { addTo, noHessian } from './hessian.ts'
import { toRows, type MatrixLayer } from './layer.ts'
import { addOutputErrors, noOutputErrors, type OutputErrors } from './output-errors.ts'
import { openProducts } from './products.ts'
import { openWatch } from './watch.ts'
import { candidatesOf, type Candidates, type CandidateWishes, type WeightGrid } from './weights-of-layer.ts'

export interface LayerWish {
  readonly layer: MatrixLayer
  readonly grid: WeightGrid
  readonly wishes: CandidateWishes
}

/** What a layer's weights could become, and what each way costs on held-out columns; errors in the order of `names`. */
export interface LayerFinding {
  readonly layer: MatrixLayer
  readonly candidates: Candidates
  readonly held: Readonly<Record<keyof Candidates, Float64Array | undefined>> & { readonly signal: Float64Array }
}

/** Columns that a choice is made on: many times K, so that it does not learn the columns by heart (ALGORITHMS 5.10). */
export const columnsWanted = (products: number): number => Math.min(Math.max(8 * products, 4096), 32768)
export const HELD_COLUMNS = 2048

/** Bytes of Hessians, and of inputs of one picture, that one pass holds. */
const MEMORY_BYTES = 512 * 2 ** 20

const hessianBytes = ({ groups, products }: MatrixLayer): number => 8 * groups * products * products

/** Bytes of a layer's input for the first sample; a sixteenth of the room where its shape depends on the data. */
function inputBytes({ node }: MatrixLayer, values: ReadonlyMap<string, ValueInfo>): number {
  const dims = values.get(node.inputs[0]!)?.dims
  return dims?.every((dim) => typeof dim === 'number') ? 4 * elementCount(dims as readonly number[]) : MEMORY_BYTES / 16
}

/** Layers in order, as many a pass as memory leaves room for. `memoryBytes`: see MEMORY_BYTES. */
export async function inBatches({ graph, samples }: Bench, wishes: readonly LayerWish[], memoryBytes = MEMORY_BYTES): Promise<LayerWish[][]> {
  if (wishes.length === 0) return []
  const { feeds } = await samples.load(0)
  const values = await inferValues(encodeModel(graph), Object.fromEntries(Object.entries(feeds).map(([name, { dims }]) => [name, dims])))
  const batches: LayerWish[][] = []
  let room = 0
  for (const wish of wishes) {
    const bytes = hessianBytes(wish.layer) + inputBytes(wish.layer, values)
    if (batches.length === 0 || bytes > room) {
      batches.push([])
      room = memoryBytes
    }
    batches.at(-1)!.push(wish)
    room -= bytes
  }
  return batches
}

/** One pass over the pictures: Hessians of every layer's columns (behind codes) on those for choosing, candidates from them, errors on those held out. */
export async function learnLayers(bench: Bench, quantized: Quantized, wishes: readonly LayerWish[]): Promise<LayerFinding[]> {
  const { graph, split, threads } = bench
  const inputs = wishes.map(({ layer }) => layer.node.inputs[0]!)
  const simulated = await openWatch(quantized.graph, inputs.map((name) => codedName(quantized, name)), 'simulated', threads)
  const products = await openProducts(threads)
  try {
    const hessians = wishes.map(({ layer }) => noHessian(layer.groups, layer.products))
    for await (const sample of eachOf(bench, split.chosen)) {
      const values = await simulated.run(sample)
      for (const [index, { layer }] of wishes.entries()) {
        const { columns } = columnsOf(bench, layer, values[index]!, { sample: sample.index, wanted: columnsWanted(layer.products) / split.chosen.length })
        addTo(hessians[index]!.sums, await products.of(columns, columns, layer.groups, layer.products))
      }
    }
    const weights = wishes.map(({ layer }) => toRows(layer, float32(graph.initializers.get(layer.plan.tensor)!)))
    const found: Candidates[] = []
    for (const [index, { layer, grid, wishes: wish }] of wishes.entries()) {
      found.push(candidatesOf(layer, weights[index]!, grid, hessians[index]!, wish))
      await new Promise<void>((resolve) => setImmediate(resolve))
    }
    const lists = found.map((candidates) => KINDS.flatMap((kind) => (candidates[kind] ? [{ kind, coded: candidates[kind] }] : [])))
    const sums = wishes.map(({ layer }, index) => noOutputErrors(layer, lists[index]!.length))
    for await (const sample of eachOf(bench, split.held)) {
      const values = await simulated.run(sample)
      for (const [index, { layer }] of wishes.entries()) {
        const columns = columnsOf(bench, layer, values[index]!, { sample: sample.index, wanted: HELD_COLUMNS / split.held.length })
        addOutputErrors(sums[index]!, layer, weights[index]!, lists[index]!.map(({ coded }) => coded), columns)
      }
    }
    return wishes.map(({ layer }, index) => ({ layer, candidates: found[index]!, held: heldOf(sums[index]!, lists[index]!) }))
  } finally {
    await simulated.close()
    await products.close()
  }
}

const KINDS = ['nearest', 'searched', 'rounded', 'both'] as const

const heldOf = ({ signal, errors }: OutputErrors, list: readonly { readonly kind: keyof Candidates }[]): LayerFinding['held'] => ({
  nearest: undefined, searched: undefined, rounded: undefined, both: undefined, signal,
  ...Object.fromEntries(list.map(({ kind }, index) => [kind, errors[index]!])),
})

/** Some columns of a layer's input; positions drawn by seed, picture and layer. */
export function columnsOf({ seed }: Bench, layer: MatrixLayer, input: Tensor, { sample, wanted }: { sample: number; wanted: number }) {
  const positions = drawPositions(positionCount(layer, input.dims), Math.ceil(wanted), seededRandom(seed, sample, hashText(layer.node.name)))
  return { columns: columnsAt(layer, input, positions), positions: positions.length }
}
