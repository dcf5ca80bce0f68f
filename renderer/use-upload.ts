import { useCallback, useEffect, useRef, useState } from 'react'
import { uploadFiles, type UploadProgress } from './upload.ts'

export interface Upload {
  /** Null: nothing is on its way. */
  readonly progress: UploadProgress | null
  readonly names: readonly string[]
  /** Null where nothing is wrong. */
  readonly fault: unknown
  /** Hands files over; what was on its way before is stopped. */
  readonly start: (files: readonly File[], onPaths: (paths: readonly string[]) => void) => void
  /** Says why nothing was handed over, or with null that it was read. */
  readonly refuse: (fault: unknown) => void
  readonly stop: () => void
}

/** One upload at a time. It ends with the screen that it belongs to: nobody could see or stop it afterwards. */
export function useUpload(): Upload {
  const [work, setWork] = useState<{ readonly names: readonly string[]; readonly progress: UploadProgress } | null>(null)
  const [fault, setFault] = useState<unknown>(null)
  const running = useRef<AbortController>(null)
  const stop = useCallback(() => running.current?.abort(), [])
  useEffect(() => stop, [stop])

  async function send(files: readonly File[], onPaths: (paths: readonly string[]) => void): Promise<void> {
    stop()
    const abort = new AbortController()
    running.current = abort
    setFault(null)
    const names = files.map(({ name }) => name)
    try {
      const { paths } = await uploadFiles(files, (progress) => { if (running.current === abort) setWork({ names, progress }) }, abort.signal)
      if (!abort.signal.aborted) onPaths(paths)
    } catch (error) {
      if (!abort.signal.aborted) setFault(error)
    } finally {
      if (running.current === abort) setWork(null)
    }
  }
  return { progress: work?.progress ?? null, names: work?.names ?? [], fault, start: (files, onPaths) => void send(files, onPaths), refuse: setFault, stop }
}
