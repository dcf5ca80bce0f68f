import { CODE_LIMITS, type CodeType } from '../../core/grid.ts'
import { float32Scalar, integers } from '../../onnx/tensor.ts'
import { noGradient, type Site } from './site.ts'

/**
 * Rounding to codes, x' = s · (clamp(round(x / s) + z) - z), is taken as if it were none: the gradient passes where x lies
 * inside what the codes hold and is 0 outside. To the logarithm of s: x' - x inside and x' outside, times the gradient,
 * summed (Esser et al., Learned Step Size Quantization; in logarithms, so that s stays above 0 and steps are relative).
 * The node's scale must be one number, its zero point a constant.
 */
export function straightThrough(site: Site): (string | undefined)[] {
  const { node, gradient, tape, forward, links, wants } = site
  const [x, scale, zeroPoint] = node.inputs as [string, string, string]
  const zero = forward.graph.initializers.get(zeroPoint)
  const rounded = links.consumers.get(node.outputs[0]!)?.find(({ op }) => op === 'DequantizeLinear')?.outputs[0]
  if (!zero || zero.dims.length > 0 || rounded === undefined) throw noGradient(node, 'fine-tuning knows the gradient of a QuantizeLinear with one scale, a constant zero point and a DequantizeLinear behind it')
  const [z] = integers(zero) as [number]
  const ends = CODE_LIMITS[zero.type as CodeType].map((code) => tape.add('Mul', [scale, tape.constant(float32Scalar(code - z))]))
  const inside = tape.add('Equal', [tape.add('Clip', [x, ...ends]), x])
  const nothing = tape.constant(float32Scalar(0))
  const through = wants(0) ? tape.add('Where', [inside, gradient, nothing]) : undefined
  if (!wants(1)) return [through]
  const moved = tape.add('Sub', [rounded, tape.add('Where', [inside, x, nothing])])
  const row = (tensor: string, dims: readonly number[]) => tape.add('Reshape', [tensor, tape.list(dims)])
  const product = tape.add('MatMul', [row(gradient, [1, -1]), row(moved, [-1, 1])])
  return [through, row(product, [])]
}
