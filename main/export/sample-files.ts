import sharp from 'sharp'
import { pixelFormula } from '../samples/spellings.ts'
import type { Tensor } from '../onnx/graph.ts'
import { float32, isFloat, tensor } from '../onnx/tensor.ts'
import { encodeNpy } from '../samples/npy.ts'
import { encodeNpz } from '../samples/npz.ts'
import type { Preprocess, Sample } from '../samples/sample.ts'
import { numbered, type ExportInput, type SampleLayout } from './subject.ts'

export interface SampleFile {
  readonly path: string
  readonly bytes: Uint8Array
}

/** Layout of tools that say nothing: .npy of what the model takes. */
export const PLAIN_SAMPLES: SampleLayout = { kind: 'npy', folder: (input) => `calibration/${input.replaceAll(/[^\w.-]/g, '_')}` }

/** One calibration sample as a board's tools read it. */
export async function sampleFiles({ feeds }: Sample, index: number, inputs: readonly ExportInput[], layout: SampleLayout): Promise<SampleFile[]> {
  if (layout.kind === 'npz') return [{ path: `${layout.folder('')}/${numbered(index)}.npz`, bytes: encodeNpz(feeds) }]
  const [only] = inputs
  if (layout.kind === 'png' && inputs.length === 1 && only?.preprocess) return [{ path: `${layout.folder(only.name)}/${numbered(index)}.png`, bytes: await png(pixelsOf(feeds[only.name]!, only.preprocess), only.preprocess) }]
  return inputs.map(({ name, preprocess }) => {
    const folder = layout.kind === 'png' ? `calibration/${name.replaceAll(/[^\w.-]/g, '_')}` : layout.folder(name)
    const feed = feeds[name]!
    const wanted = (layout.kind === 'raw' || layout.kind === 'pixels-npy') && preprocess ? pixelsOf(feed, preprocess) : feed
    const isRaw = layout.kind === 'raw' || layout.kind === 'tensor-raw'
    return { path: `${folder}/${numbered(index)}.${isRaw ? (preprocess ? rawSuffix(layout.kind, preprocess) : 'raw') : 'npy'}`, bytes: isRaw ? rawBytes(wanted) : encodeNpy(wanted) }
  })
}

const rawSuffix = (kind: SampleLayout['kind'], { color, layout }: Preprocess): string => (kind === 'tensor-raw' || color === 'y' ? 'raw' : `${color}${layout === 'nchw' ? 'chw' : ''}`)

function rawBytes(values: Tensor): Uint8Array {
  const data = isFloat(values.type) ? float32(values) : values.data
  if (Array.isArray(data)) throw new TypeError('texts have no raw bytes')
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
}

/** A whole level this near is what was meant: normalisation and back loses less. */
const NEAR = 1e-3

/** The pixels 0..255 that became this input, in its own layout and order of colours, as float32. */
function pixelsOf(feed: Tensor, preprocess: Preprocess): Tensor {
  const { mean, scale } = pixelFormula(preprocess)
  const values = isFloat(feed.type) ? float32(feed) : Float32Array.from(feed.data as ArrayLike<number>)
  const channels = mean.length
  const size = values.length / channels
  const channelOf = preprocess.layout === 'nchw' ? (index: number) => Math.floor(index / size) % channels : (index: number) => index % channels
  const pixels = values.map((value, index) => {
    const channel = channelOf(index)
    const pixel = value / scale[channel]! + mean[channel]!
    return Math.abs(pixel - Math.round(pixel)) < NEAR ? Math.round(pixel) + 0 : pixel
  })
  return tensor('float32', feed.dims, pixels)
}

/** Pixels as a PNG: red first, whole levels. */
async function png(pixels: Tensor, { color, layout }: Preprocess): Promise<Uint8Array> {
  const values = float32(pixels)
  const channels = color === 'y' ? 1 : 3
  const [height, width] = (layout === 'nchw' ? pixels.dims.slice(2) : pixels.dims.slice(1, 3)) as [number, number]
  const bytes = new Uint8ClampedArray(width * height * channels)
  for (let at = 0; at < width * height; at++) {
    for (let channel = 0; channel < channels; channel++) {
      const from = color === 'bgr' ? channels - 1 - channel : channel
      bytes[at * channels + channel] = values[layout === 'nchw' ? from * width * height + at : at * channels + from]!
    }
  }
  return new Uint8Array(await sharp(bytes, { raw: { width, height, channels } }).png({ compressionLevel: 6, adaptiveFiltering: false }).toBuffer())
}
