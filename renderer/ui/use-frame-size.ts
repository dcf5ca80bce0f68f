import { useLayoutEffect, useRef, useState, type RefObject } from 'react'
import type { Size } from './view.ts'

/** The size of an element in CSS pixels, as it is and as it changes; null before it is laid out. */
export function useFrameSize(): { readonly frame: RefObject<HTMLDivElement | null>; readonly size: Size | null } {
  const frame = useRef<HTMLDivElement>(null)
  const [size, setSize] = useState<Size | null>(null)
  useLayoutEffect(() => {
    const element = frame.current
    if (element === null) return
    const watch = new ResizeObserver(() => setSize({ width: element.clientWidth, height: element.clientHeight }))
    watch.observe(element)
    return () => watch.disconnect()
  }, [])
  return { frame, size }
}
