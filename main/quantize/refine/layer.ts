import type { WeightPlan } from '../../core/plan.ts'
import { intAttribute } from '../../onnx/attribute.ts'
import type { Graph, Node } from '../../onnx/graph.ts'
import type { QuantizePlan } from '../plan.ts'

/** A layer as rows of weights on columns of inputs: output (row, position) = Σ_k weight(row, k) · column(position, k). */
export interface MatrixLayer {
  readonly node: Node
  readonly plan: WeightPlan
  /** Shape of the weight. */
  readonly dims: readonly number[]
  readonly groups: number
  /** Rows of one group: output channels. */
  readonly rows: number
  /** Products of one output, K. */
  readonly products: number
  /** False: the weight is stored as [K, rows]. */
  readonly rowMajor: boolean
}

/** Why a layer's weights cannot be looked at as rows. */
export interface NoMatrix {
  readonly node: Node
  readonly plan: WeightPlan
  readonly why: string
}

export const isMatrix = (layer: MatrixLayer | NoMatrix): layer is MatrixLayer => !('why' in layer)

/** Its Hessian alone would take 8 · K² bytes: 162 MiB here. */
export const MOST_PRODUCTS = 4608

/** Every layer with a coded weight in topological order, as rows and columns where it can be. */
export function matrixLayers(graph: Graph, plan: QuantizePlan): (MatrixLayer | NoMatrix)[] {
  const weights = new Map(plan.weights.map((weight) => [weight.tensor, weight]))
  const readers = Map.groupBy(graph.nodes.filter(({ name, inputs }) => !plan.floatNodes.has(name) && weights.has(inputs[1] ?? '')), ({ inputs }) => inputs[1]!)
  return [...readers].map(([tensor, [node, ...others]]) =>
    others.length > 0 ? { node: node!, plan: weights.get(tensor)!, why: `its weight is read by ${others.length + 1} layers` } : matrixOf(graph, node!, weights.get(tensor)!))
}

function matrixOf(graph: Graph, node: Node, plan: WeightPlan): MatrixLayer | NoMatrix {
  const { dims } = graph.initializers.get(plan.tensor)!
  const shape = shapeOf(node, dims)
  if (typeof shape === 'string') return { node, plan, why: shape }
  if (shape.products > MOST_PRODUCTS) return { node, plan, why: `${shape.products} products an output are more than ${MOST_PRODUCTS}` }
  return { node, plan, dims, ...shape }
}

function shapeOf(node: Node, dims: readonly number[]): Pick<MatrixLayer, 'groups' | 'rows' | 'products' | 'rowMajor'> | string {
  switch (node.op) {
    case 'Conv': {
      if (dims.length !== 3 && dims.length !== 4) return 'it is a convolution over more than two axes'
      const groups = intAttribute(node, 'group', 1)
      return { groups, rows: dims[0]! / groups, products: dims.slice(1).reduce((product, size) => product * size, 1), rowMajor: true }
    }
    case 'Gemm': {
      if (intAttribute(node, 'transA', 0) === 1) return 'it reads its input transposed'
      const [first, second] = dims as [number, number]
      return intAttribute(node, 'transB', 0) === 1 ? { groups: 1, rows: first, products: second, rowMajor: true } : { groups: 1, rows: second, products: first, rowMajor: false }
    }
    case 'MatMul':
      return dims.length === 2 ? { groups: 1, rows: dims[1]!, products: dims[0]!, rowMajor: false } : 'its weight is not one matrix'
    default:
      return `a ${node.op} has no columns`
  }
}

/** Values of a weight as rows, float64 [groups · rows, K]. */
export function toRows({ groups, rows, products, rowMajor }: MatrixLayer, values: ArrayLike<number>): Float64Array {
  const all = groups * rows
  if (rowMajor) return Float64Array.from(values)
  const turned = new Float64Array(values.length)
  for (let row = 0; row < all; row++) for (let k = 0; k < products; k++) turned[row * products + k] = values[k * all + row]!
  return turned
}

/** Rows as the weight stores them. */
export function fromRows({ groups, rows, products, rowMajor }: MatrixLayer, values: ArrayLike<number>): Int32Array {
  const all = groups * rows
  if (rowMajor) return Int32Array.from(values)
  const turned = new Int32Array(values.length)
  for (let row = 0; row < all; row++) for (let k = 0; k < products; k++) turned[k * all + row] = values[row * products + k]!
  return turned
}
