/** What an operator does, in the few kinds that people tell apart at a glance. */
export type Family = 'conv' | 'activation' | 'norm' | 'pool' | 'shape' | 'quantize' | 'math' | 'other'

export const FAMILIES: readonly Family[] = ['conv', 'activation', 'norm', 'pool', 'shape', 'quantize', 'math', 'other']

const OPERATORS: Readonly<Record<Exclude<Family, 'other'>, readonly string[]>> = {
  conv: ['Conv', 'ConvTranspose', 'ConvInteger', 'QLinearConv', 'DeformConv', 'Gemm', 'MatMul', 'MatMulInteger', 'QLinearMatMul', 'FusedConv', 'QGemm', 'Einsum', 'Attention', 'LSTM', 'GRU', 'RNN'],
  activation: [
    'Relu', 'LeakyRelu', 'PRelu', 'Clip', 'Sigmoid', 'HardSigmoid', 'HardSwish', 'Tanh', 'Elu', 'Selu', 'Celu', 'Gelu', 'FastGelu', 'Mish', 'Swish', 'Softplus', 'Softsign', 'Softmax',
    'LogSoftmax', 'ThresholdedRelu', 'Erf', 'QLinearSigmoid', 'QLinearLeakyRelu',
  ],
  norm: ['BatchNormalization', 'InstanceNormalization', 'LayerNormalization', 'GroupNormalization', 'RMSNormalization', 'LRN', 'LpNormalization', 'Dropout'],
  pool: [
    'MaxPool', 'AveragePool', 'GlobalAveragePool', 'GlobalMaxPool', 'LpPool', 'ReduceMean', 'ReduceMax', 'ReduceMin', 'ReduceSum', 'ReduceProd', 'ReduceL1', 'ReduceL2', 'ArgMax', 'ArgMin', 'TopK',
    'QLinearGlobalAveragePool', 'QLinearAveragePool',
  ],
  shape: [
    'Reshape', 'Transpose', 'Flatten', 'Squeeze', 'Unsqueeze', 'Concat', 'Split', 'Slice', 'Gather', 'GatherND', 'GatherElements', 'ScatterND', 'ScatterElements', 'Expand', 'Tile', 'Pad', 'Shape', 'Size',
    'Resize', 'Upsample', 'DepthToSpace', 'SpaceToDepth', 'Identity', 'Cast', 'Range', 'ConstantOfShape', 'Constant', 'QLinearConcat', 'NonMaxSuppression', 'GridSample',
  ],
  quantize: ['QuantizeLinear', 'DequantizeLinear', 'DynamicQuantizeLinear'],
  math: [
    'Add', 'Sub', 'Mul', 'Div', 'Pow', 'Sqrt', 'Exp', 'Log', 'Neg', 'Abs', 'Min', 'Max', 'Sum', 'Mean', 'Floor', 'Ceil', 'Round', 'Sign', 'Reciprocal', 'Sin', 'Cos', 'Equal', 'Less', 'Greater', 'Where',
    'And', 'Or', 'Not', 'Mod', 'CumSum', 'QLinearAdd', 'QLinearMul',
  ],
}

const FAMILY_OF = new Map(Object.entries(OPERATORS).flatMap(([family, ops]) => ops.map((op) => [op, family as Family] as const)))

export const familyOf = (op: string): Family => FAMILY_OF.get(op) ?? 'other'
