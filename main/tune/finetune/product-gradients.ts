import { floatAttribute, intAttribute } from '../../onnx/attribute.ts'
import { float32Scalar } from '../../onnx/tensor.ts'
import { noGradient, type Site } from './site.ts'

/** y = alpha · op(A) · op(B) + beta · C */
export function gemm({ node, gradient, tape, forward, wants }: Site): (string | undefined)[] {
  const [a, b, c] = node.inputs as [string, string, string | undefined]
  const [transA, transB] = [intAttribute(node, 'transA', 0), intAttribute(node, 'transB', 0)]
  const alpha = floatAttribute(node, 'alpha', 1)
  const beta = floatAttribute(node, 'beta', 1)
  const left = !wants(0) ? undefined : transA === 1 ? tape.add('Gemm', [b, gradient], { alpha, transA: transB, transB: 1 }) : tape.add('Gemm', [gradient, b], { alpha, transB: 1 - transB })
  const right = !wants(1) ? undefined : transB === 1 ? tape.add('Gemm', [gradient, a], { alpha, transA: 1, transB: transA }) : tape.add('Gemm', [a, gradient], { alpha, transA: 1 - transA })
  if (c === undefined || !wants(2)) return [left, right]
  const [from, to] = [forward.dims(node.outputs[0]!), forward.dims(c)]
  const padded = [...from.slice(to.length).map(() => 1), ...to]
  const axes = from.flatMap((size, axis) => (size === padded[axis] ? [] : [axis]))
  const summed = axes.length === 0 ? gradient : tape.add('ReduceSum', [gradient, tape.list(axes)], { keepdims: 1 })
  const shaped = tape.add('Reshape', [summed, tape.list(to)])
  return [left, right, beta === 1 ? shaped : tape.add('Mul', [shaped, tape.constant(float32Scalar(beta))])]
}

/** y = A · B with a matrix B, and any number of axes before the last two of A. */
export function matmul({ node, gradient, tape, forward, wants }: Site): (string | undefined)[] {
  const [a, b] = node.inputs as [string, string]
  const [from, matrix] = [forward.dims(a), forward.dims(b)]
  if (matrix.length !== 2 || from.length < 2) throw noGradient(node, 'fine-tuning knows the gradient of a MatMul whose second operand is a matrix')
  const [inner, outer] = matrix as [number, number]
  const rows = (tensor: string, width: number) => tape.add('Reshape', [tensor, tape.list([-1, width])])
  return [
    wants(0) ? tape.add('MatMul', [gradient, tape.add('Transpose', [b], { perm: [1, 0] })]) : undefined,
    wants(1) ? tape.add('Gemm', [rows(a, inner), rows(gradient, outer)], { transA: 1 }) : undefined,
  ]
}
