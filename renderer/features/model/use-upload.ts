import { useEffect, useRef, useState } from 'react'
import { uploadFiles, type UploadProgress } from '../../upload.ts'

export interface UploadWork {
  readonly names: readonly string[]
  readonly progress: UploadProgress
  readonly cancel: () => void
}

/** Takes a model with its weight files into the workspace and tells its path. */
export function useModelUpload(onModel: (path: string) => void) {
  const [work, setWork] = useState<UploadWork | null>(null)
  const [fault, setFault] = useState<unknown>(null)
  const running = useRef<AbortController>(null)
  useEffect(() => () => running.current?.abort(), [])

  async function take(files: readonly File[]): Promise<void> {
    if (files.length === 0) return
    running.current?.abort()
    setFault(null)
    const model = files.find(({ name }) => /\.onnx$/i.test(name))
    if (model === undefined) {
      setWork(null)
      setFault({ code: 'input.no-model', what: 'none of these files is an .onnx model', where: files.map(({ name }) => name).slice(0, 5).join(', '), next: 'Give the .onnx file, together with its weight files where it has some.' })
      return
    }
    const abort = new AbortController()
    running.current = abort
    const names = files.map(({ name }) => name)
    const show = (progress: UploadProgress): void => setWork({ names, progress, cancel: () => abort.abort() })
    try {
      const { paths } = await uploadFiles(files, show, abort.signal)
      setWork(null)
      onModel(paths[files.indexOf(model)]!)
    } catch (error) {
      if (running.current !== abort) return
      setWork(null)
      if (!abort.signal.aborted) setFault(error)
    }
  }

  return { work, fault, take, forget: () => setFault(null) }
}
