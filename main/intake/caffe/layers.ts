import { batchNorm, bias, eltwise, elu, lrn, normalize, power, prelu, relu, same, scale, softmax } from './arithmetic.ts'
import { convolution, deconvolution, innerProduct } from './convolution.ts'
import { pooling } from './pooling.ts'
import { priorBox } from './priors.ts'
import { concat, crop, flatten, permute, reshape, slice } from './shapes.ts'
import type { Convert } from './site.ts'

const copies: Convert = ({ inputs, tops, pass }) => {
  for (let top = 0; top < tops; top++) pass(inputs[0]!, top)
}

/** How each type of layer is turned into nodes. */
export const LAYERS: ReadonlyMap<string, Convert> = new Map(Object.entries({
  Convolution: convolution, ConvolutionDepthwise: convolution, DepthwiseConvolution: convolution, Deconvolution: deconvolution, InnerProduct: innerProduct,
  Pooling: pooling, BatchNorm: batchNorm, Scale: scale, Bias: bias, ReLU: relu, PReLU: prelu, ELU: elu, LRN: lrn, Normalize: normalize, Power: power,
  Sigmoid: same('Sigmoid'), TanH: same('Tanh'), AbsVal: same('Abs'), BNLL: same('Softplus'), Softmax: softmax, Eltwise: eltwise,
  Concat: concat, Slice: slice, Permute: permute, Flatten: flatten, Reshape: reshape, Crop: crop, PriorBox: priorBox,
  // Only training has anything to do there.
  Dropout: copies, Split: copies,
}))

/** Layers that compute nothing that a board needs: losses, measures, ends. */
export const ONLY_TRAINING: ReadonlySet<string> = new Set(['SoftmaxWithLoss', 'EuclideanLoss', 'HingeLoss', 'SigmoidCrossEntropyLoss', 'InfogainLoss', 'MultinomialLogisticLoss', 'ContrastiveLoss', 'MultiBoxLoss', 'SmoothL1Loss', 'Accuracy', 'DetectionEvaluate', 'Silence'])

/** Layers that read training data: a net for deployment begins with `input`. */
export const DATA: ReadonlySet<string> = new Set(['Data', 'AnnotatedData', 'ImageData', 'HDF5Data', 'MemoryData', 'WindowData', 'DummyData'])

/** Types of old files, as numbers are written by name. */
const OLD_TYPES: ReadonlyMap<string, string> = new Map(Object.entries({
  CONVOLUTION: 'Convolution', DECONVOLUTION: 'Deconvolution', INNER_PRODUCT: 'InnerProduct', POOLING: 'Pooling', RELU: 'ReLU', SIGMOID: 'Sigmoid', TANH: 'TanH', ABSVAL: 'AbsVal',
  BNLL: 'BNLL', POWER: 'Power', LRN: 'LRN', SOFTMAX: 'Softmax', ELTWISE: 'Eltwise', CONCAT: 'Concat', SLICE: 'Slice', FLATTEN: 'Flatten', SPLIT: 'Split', DROPOUT: 'Dropout',
  DATA: 'Data', IMAGE_DATA: 'ImageData', HDF5_DATA: 'HDF5Data', MEMORY_DATA: 'MemoryData', WINDOW_DATA: 'WindowData', DUMMY_DATA: 'DummyData',
  SOFTMAX_LOSS: 'SoftmaxWithLoss', EUCLIDEAN_LOSS: 'EuclideanLoss', ACCURACY: 'Accuracy', SILENCE: 'Silence',
}))

export const typeOf = (written: string, isOld: boolean): string => (isOld ? (OLD_TYPES.get(written) ?? written) : written)
