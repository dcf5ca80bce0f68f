import { useRef, useState } from 'react'
import type { SamplesPart } from '../../../preload/contract/index.ts'
import { setRecipe } from '../../project/project.ts'
import { uploadFiles, type UploadProgress } from '../../upload.ts'
import { folderOfAll, isSampleFile } from './sample-files.ts'

export interface Upload {
  /** Null: nothing is on its way. */
  readonly progress: UploadProgress | null
  readonly fault: unknown
  /** Hands the files over and makes them the samples of the part. */
  readonly start: (files: readonly File[]) => void
  readonly stop: () => void
}

export function useUpload(part: SamplesPart): Upload {
  const [progress, setProgress] = useState<UploadProgress | null>(null)
  const [fault, setFault] = useState<unknown>(null)
  const stopper = useRef<AbortController>(null)

  async function send(given: readonly File[]): Promise<void> {
    const files = given.filter(({ name }) => isSampleFile(name))
    if (files.length === 0) {
      setFault({ code: 'samples.kind', what: given.map(({ name }) => name).slice(0, 5).join(', ') })
      return
    }
    const controller = new AbortController()
    stopper.current = controller
    setFault(null)
    try {
      const { paths } = await uploadFiles(files, setProgress, controller.signal)
      setRecipe(['samples', part, 'path'], folderOfAll(paths))
    } catch (error) {
      if (!controller.signal.aborted) setFault(error)
    } finally {
      setProgress(null)
    }
  }
  return { progress, fault, start: (files) => void send(files), stop: () => stopper.current?.abort() }
}

/** What was dropped, folders looked through. */
export async function droppedFiles(transfer: DataTransfer): Promise<readonly File[]> {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null)
  return (await Promise.all(entries.map(filesOf))).flat()
}

async function filesOf(entry: FileSystemEntry): Promise<readonly File[]> {
  if (entry.isFile) return [await new Promise<File>((resolve, reject) => { (entry as FileSystemFileEntry).file(resolve, reject) })]
  const reader = (entry as FileSystemDirectoryEntry).createReader()
  const found: File[] = []
  // A reader gives a hundred at a time and nothing when it is through.
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => { reader.readEntries(resolve, reject) })
    if (some.length === 0) return found
    for (const inner of some) found.push(...(await filesOf(inner)))
  }
}
