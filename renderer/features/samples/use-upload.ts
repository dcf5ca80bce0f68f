import type { SamplesPart } from '../../../preload/contract/index.ts'
import { setRecipe } from '../../project/project.ts'
import { useUpload, type Upload } from '../../use-upload.ts'
import { folderOfAll, isSampleFile } from './sample-files.ts'

export interface SamplesUpload extends Pick<Upload, 'progress' | 'fault' | 'stop' | 'refuse'> {
  /** Hands the files over and makes them the samples of the part. */
  readonly take: (files: readonly File[]) => void
}

export const useSamplesUpload = (part: SamplesPart): SamplesUpload => useFolderUpload((folder) => setRecipe(['samples', part, 'path'], folder))

/** Hands samples over; `put` gets the folder that they came to. */
export function useFolderUpload(put: (folder: string) => void): SamplesUpload {
  const upload = useUpload()
  function take(given: readonly File[]): void {
    const files = given.filter(({ name }) => isSampleFile(name))
    if (files.length > 0) upload.start(files, (paths) => put(folderOfAll(paths)))
    else if (given.length > 0) upload.refuse({ code: 'samples.kind', what: given.map(({ name }) => name).slice(0, 5).join(', ') })
  }
  return { ...upload, take }
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
