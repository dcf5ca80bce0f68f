import {
  averagePool19, axesToInput, batchNormalization14, batchNormalization9, clip11, gridSample20, groupNormalization21, pad11, resize11, resize13,
  roiAlign16, scan9, scatter11, slice10, softmax13, split13, split18, topK10, upsample10, upsample9,
} from './opset-changes.ts'
import type { Change } from './opset.ts'

type History = Readonly<Record<number, Change | 'same'>>

/** Versions that only allow more types, negative axes or new attributes whose default is the old meaning. */
const same = (...versions: number[]): History => Object.fromEntries(versions.map((version) => [version, 'same']))
const each = (operators: string, history: History): Record<string, History> => Object.fromEntries(operators.split(' ').map((op) => [op, history]))

/** Versions at which every operator that handles values without looking at them took in new types. */
const MOVER = [13, 19, 21, 23, 24, 25] as const

/**
 * Which versions after 7, up to 25, gave each ai.onnx operator a new definition (ONNX, "Operator Changelog"), and how a node of the
 * version before is rewritten. An operator that is not here cannot be raised.
 */
export const OPERATOR_HISTORY: Readonly<Record<string, History>> = {
  ...each('Abs Ceil Exp Floor Log Neg Reciprocal Sigmoid Sqrt Tanh Erf Sign NonZero LRN MeanVarianceNormalization', same(13)),
  ...each('Expand SpaceToDepth Tile', same(13)),
  ...each('Gather GatherElements', same(11, 13)),
  ...each('Acos Acosh Asin Asinh Atan Atanh Cos Cosh Sin Sinh Tan Elu Selu Softplus Softsign HardSigmoid ThresholdedRelu', same(22)),
  ...each('Round InstanceNormalization Det LpNormalization', same(22)),
  ...each('GlobalAveragePool GlobalMaxPool GlobalLpPool HardSwish Mish EyeLike', same(22)),
  ...each('And Or Xor Not BitShift ConvInteger MatMulInteger DynamicQuantizeLinear QLinearConv', same()),
  ...each('LayerNormalization Gelu Shrink Trilu Einsum Celu Range', same()),
  ...each('Add Sub Mul Div Relu CumSum', same(13, 14)),
  ...each('ArgMax ArgMin', same(11, 12, 13)),
  ...each('Equal Greater Less', same(9, 11, 13, 19)),
  ...each('GreaterOrEqual LessOrEqual LeakyRelu Where', same(16)),
  ...each('Max Min Mean Sum', same(8, 12, 13)),
  ...each('Gemm MatMul', same(9, 11, 13)),
  ...each('Concat DepthToSpace', same(11, 13)),
  ...each('Conv ConvTranspose', same(11, 22)),
  ...each('LSTM GRU RNN', same(14, 22)),
  ...each('Cast Flatten', same(9, 11, ...MOVER)),
  ...each('Transpose Size ConstantOfShape QuantizeLinear DequantizeLinear CastLike', same(20, ...MOVER)),
  ...each('Constant', same(9, 11, 12, ...MOVER)),
  ...each('Identity Reshape Shape', same(14, 15, 16, ...MOVER)),
  ...each('If Loop', same(11, 16, ...MOVER)),
  ...each('IsInf IsNaN', same(13, 20)),
  ...each('ScatterElements ScatterND', same(13, 16, 18)),
  ...each('Softmax LogSoftmax Hardmax', { ...same(11), 13: softmax13 }),
  ...each('Squeeze Unsqueeze', { ...same(11, ...MOVER), 13: axesToInput }),
  ...each('ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSumSquare', {
    ...same(11, 12, 13, 20), 18: axesToInput,
  }),
  AveragePool: { ...same(10, 11, 22), 19: averagePool19 },
  BatchNormalization: { ...same(15), 9: batchNormalization9, 14: batchNormalization14 },
  Clip: { ...same(12, 13), 11: clip11 },
  Dropout: same(10, 12, 13, 22),
  GatherND: same(12, 13),
  GridSample: { ...same(22), 20: gridSample20 },
  GroupNormalization: { 21: groupNormalization21 },
  LpPool: same(11, 18, 22),
  MaxPool: same(8, 10, 11, 12, 22),
  Mod: same(13),
  NonMaxSuppression: same(11),
  OneHot: same(11),
  PRelu: same(9, 16),
  Pad: { ...same(13, 18, 19, 21, 23, 24, 25), 11: pad11 },
  Pow: same(12, 13, 15),
  QLinearMatMul: same(21),
  ReduceSum: { ...same(11), 13: axesToInput },
  Resize: { ...same(18, 19), 11: resize11, 13: resize13 },
  RoiAlign: { ...same(22), 16: roiAlign16 },
  Scan: { ...same(11, 16, 19, 21, 23, 24, 25), 9: scan9 },
  Scatter: { 11: scatter11 },
  Slice: { ...same(11, 13), 10: slice10 },
  Split: { ...same(11), 13: split13, 18: split18 },
  TopK: { ...same(11, 24), 10: topK10 },
  Upsample: { 9: upsample9, 10: upsample10 },
}
