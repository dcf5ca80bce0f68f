import { useLayoutEffect, useRef, useState, type RefObject } from 'react'
import type { Size } from './view.ts'

/** In CSS pixels. */
export interface FrameSize extends Size {
  /** Device pixels a CSS pixel. */
  readonly ratio: number
}

/** The size of an element as it is and as it changes; null before it is laid out. */
export function useFrameSize(): { readonly frame: RefObject<HTMLDivElement | null>; readonly size: FrameSize | null } {
  const frame = useRef<HTMLDivElement>(null)
  const [size, setSize] = useState<FrameSize | null>(null)
  useLayoutEffect(() => {
    const element = frame.current
    if (element === null) return
    const look = (): void => {
      const next = { width: element.clientWidth, height: element.clientHeight, ratio: devicePixelRatio }
      setSize((known) => (known?.width === next.width && known.height === next.height && known.ratio === next.ratio ? known : next))
    }
    look()
    const watch = new ResizeObserver(look)
    watch.observe(element)
    // A window that moves to another screen has other pixels, and elements of the same size.
    window.addEventListener('resize', look)
    return () => {
      watch.disconnect()
      window.removeEventListener('resize', look)
    }
  }, [])
  return { frame, size }
}
