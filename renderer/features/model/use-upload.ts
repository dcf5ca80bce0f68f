import { useUpload, type Upload } from '../../use-upload.ts'

export interface ModelUpload extends Pick<Upload, 'progress' | 'names' | 'fault' | 'stop' | 'refuse'> {
  readonly take: (files: readonly File[]) => void
}

export interface CaffePair {
  readonly prototxt: string
  readonly caffemodel: string
}

export interface TakenFiles {
  readonly onModel: (path: string) => void
  readonly onCaffe: (pair: CaffePair) => void
  /** Weights for the model that is looked at; absent: there is none. */
  readonly onWeights: ((path: string) => void) | undefined
}

export const WEIGHT_ENDINGS = ['.pth', '.pt', '.ckpt', '.safetensors', '.npz'] as const

const ends = (endings: readonly string[]) => ({ name }: File): boolean => endings.some((ending) => name.toLowerCase().endsWith(ending))

/** Takes files into the workspace by what they are: a model with its weight files, a Caffe net, or weights for a graph. */
export function useModelUpload({ onModel, onCaffe, onWeights }: TakenFiles): ModelUpload {
  const upload = useUpload()
  function take(files: readonly File[]): void {
    if (files.length === 0) return
    const [model, prototxt, caffemodel, weights] = [['.onnx'], ['.prototxt'], ['.caffemodel'], WEIGHT_ENDINGS].map((endings) => files.findIndex(ends(endings))) as [number, number, number, number]
    if (model >= 0) return upload.start(files, (paths) => onModel(paths[model]!))
    if (prototxt >= 0 && caffemodel >= 0) return upload.start([files[prototxt]!, files[caffemodel]!], ([net, values]) => onCaffe({ prototxt: net!, caffemodel: values! }))
    const where = files.map(({ name }) => name).slice(0, 5).join(', ')
    upload.stop()
    if (prototxt >= 0 || caffemodel >= 0) return upload.refuse({ code: 'input.caffe-pair', what: prototxt >= 0 ? 'the .caffemodel of this net is missing' : 'the .prototxt of this net is missing', where, next: 'Give both files together.' })
    if (weights >= 0 && onWeights !== undefined) return upload.start([files[weights]!], ([path]) => onWeights(path!))
    upload.refuse(weights >= 0
      ? { code: 'input.no-model-file', what: 'these are weights, and there is no graph yet that could take them', where, next: 'Open the .onnx file first, then drop the weights on it.' }
      : { code: 'input.no-model-file', what: 'none of these files is an .onnx model', where, next: 'Give the .onnx file, together with its weight files where it has some.' })
  }
  return { ...upload, take }
}
