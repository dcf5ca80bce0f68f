import { useUpload, type Upload } from '../../use-upload.ts'

export interface ModelUpload extends Pick<Upload, 'progress' | 'names' | 'fault' | 'stop' | 'refuse'> {
  readonly take: (files: readonly File[]) => void
}

/** Takes a model with its weight files into the workspace and tells its path. */
export function useModelUpload(onModel: (path: string) => void): ModelUpload {
  const upload = useUpload()
  function take(files: readonly File[]): void {
    if (files.length === 0) return
    const model = files.findIndex(({ name }) => /\.onnx$/i.test(name))
    if (model >= 0) return upload.start(files, (paths) => onModel(paths[model]!))
    upload.stop()
    upload.refuse({ code: 'input.no-model', what: 'none of these files is an .onnx model', where: files.map(({ name }) => name).slice(0, 5).join(', '), next: 'Give the .onnx file, together with its weight files where it has some.' })
  }
  return { ...upload, take }
}
