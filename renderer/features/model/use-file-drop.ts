import { useEffect, useState } from 'react'
import { useStable } from '../../ui/use-stable.ts'

const hasFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') ?? false

/** Files that are dropped anywhere on the window. True while some are held above it. */
export function useFileDrop(onFiles: (files: readonly File[]) => void): boolean {
  const [above, setAbove] = useState(false)
  const take = useStable(onFiles)
  useEffect(() => {
    const over = (event: DragEvent): void => {
      if (!hasFiles(event)) return
      event.preventDefault()
      event.dataTransfer!.dropEffect = 'copy'
      setAbove(true)
    }
    const leave = (event: DragEvent): void => {
      if (event.relatedTarget === null) setAbove(false)
    }
    const drop = (event: DragEvent): void => {
      if (!hasFiles(event)) return
      event.preventDefault()
      setAbove(false)
      take([...(event.dataTransfer?.files ?? [])])
    }
    window.addEventListener('dragover', over)
    window.addEventListener('dragleave', leave)
    window.addEventListener('drop', drop)
    return () => {
      window.removeEventListener('dragover', over)
      window.removeEventListener('dragleave', leave)
      window.removeEventListener('drop', drop)
    }
  }, [take])
  return above
}
