import { stringAttribute } from './attribute.ts'
import type { Graph, Node } from './graph.ts'

/** Facts about operators that calibration, quantization and the boards share. Only ai.onnx operators are known. */

const MOVERS = new Set([
  'Reshape', 'Flatten', 'Transpose', 'Squeeze', 'Unsqueeze', 'Identity', 'Dropout', 'DepthToSpace', 'SpaceToDepth',
  'MaxPool', 'Slice', 'Split', 'Gather', 'Expand', 'Tile',
])

/**
 * True where every output value is one of the values of input 0, so that scale and zero point can be shared:
 * movers, nearest Resize, and Concat of copies of one tensor.
 */
export function isPassThrough(node: Node): boolean {
  if (node.domain !== '') return false
  if (MOVERS.has(node.op)) return node.outputs.filter((name) => name !== '').length === 1 || node.op === 'Split'
  if (node.op === 'Resize' || node.op === 'Upsample') return stringAttribute(node, 'mode', 'nearest') === 'nearest' && stringAttribute(node, 'coordinate_transformation_mode', '') !== 'tf_crop_and_resize'
  return node.op === 'Concat' && new Set(node.inputs).size === 1
}

/** Activations that the operator before them absorbs: only their output gets a range. */
export const FUSED_ACTIVATIONS: ReadonlySet<string> = new Set(['Relu', 'Clip'])

/** Operators with weights that accumulate products: the ones that boards compute in integers. */
export const COMPUTE: ReadonlySet<string> = new Set(['Conv', 'ConvTranspose', 'Gemm', 'MatMul'])

/** Operators whose outputs are integers or truth values whatever goes in. */
const INTEGER_RESULTS = new Set([
  'Shape', 'Size', 'ArgMax', 'ArgMin', 'NonZero', 'Equal', 'Greater', 'GreaterOrEqual', 'Less', 'LessOrEqual', 'Not', 'And',
  'Or', 'Xor', 'IsNaN', 'IsInf', 'NonMaxSuppression', 'BitShift',
])

/** Operators that hand the element type of input 0 on even though their other inputs are of another type. */
const CAST = 'Cast'
const FLOAT_CODES = new Set([1, 10, 11, 16])

/**
 * Names of the tensors that hold floating-point activations: graph inputs and node outputs whose value depends on a
 * graph input or that are computed, without initializers. Types that the file does not give follow from the operators.
 */
export function floatActivations(graph: Graph): Set<string> {
  const isFloat = (type: string) => type === 'float32' || type === 'float16' || type === 'bfloat16' || type === 'float64'
  const float = new Set<string>()
  const known = (name: string) => float.has(name) || isFloat(graph.initializers.get(name)?.type ?? 'undefined')
  for (const input of graph.inputs) if (isFloat(input.type)) float.add(input.name)
  for (const node of graph.nodes) {
    for (const [index, output] of node.outputs.entries()) {
      if (output === '') continue
      const stated = graph.values.get(output)
      if (stated && stated.type !== 'undefined') {
        if (isFloat(stated.type)) float.add(output)
        continue
      }
      if (INTEGER_RESULTS.has(node.op) || (node.op === 'TopK' && index === 1)) continue
      if (node.op === CAST || node.op === 'ConstantOfShape' || node.op === 'Constant') {
        const to = node.attributes.get('to')
        if (to?.kind === 'int' && FLOAT_CODES.has(Number(to.value))) float.add(output)
        continue
      }
      // Where chooses between inputs 1 and 2; everything else takes its type from its first input.
      const source = node.inputs[node.op === 'Where' ? 1 : 0]
      if (source === undefined ? false : known(source)) float.add(output)
    }
  }
  return float
}

const ARITHMETIC = new Set(['Add', 'Sub', 'Mul', 'Div'])
const SUMS = new Set(['Add', 'Sub', 'Sum', 'Concat'])
const LINEAR = new Set([...COMPUTE, 'BatchNormalization', 'AveragePool', 'GlobalAveragePool', 'ReduceMean', 'Resize', 'Upsample', 'Pad'])

/** Elementwise arithmetic of one activation with a constant: a scale layer or a part of one. A constant over x is none. */
export function isAffine(graph: Graph, node: Node): boolean {
  if (node.domain !== '' || !ARITHMETIC.has(node.op) || node.inputs.length !== 2) return false
  const [first, second] = node.inputs.map((name) => graph.initializers.has(name))
  return first !== second && !(node.op === 'Div' && first)
}

/** Tensors that are a linear (affine) function of the graph inputs. MaxPool and the activations end it. */
export function linearTensors(graph: Graph): Set<string> {
  const linear = new Set(graph.inputs.map((input) => input.name))
  for (const node of graph.nodes) {
    const moving = node.inputs.filter((name) => name !== '' && !graph.initializers.has(name))
    const keeps = SUMS.has(node.op) || isAffine(graph, node) || ((LINEAR.has(node.op) || isPassThrough(node)) && node.op !== 'MaxPool' && moving.length === 1)
    if (node.domain === '' && keeps && moving.every((name) => linear.has(name))) for (const output of node.outputs) linear.add(output)
  }
  return linear
}
