import { useLayoutEffect, useRef, useState, type RefObject } from 'react'

export interface Size {
  readonly width: number
  readonly height: number
  /** Device pixels a CSS pixel. */
  readonly ratio: number
}

/** The size of an element, whole CSS pixels, kept up to date; null until it is known. */
export function useSize<Element extends HTMLElement>(): readonly [RefObject<Element | null>, Size | null] {
  const element = useRef<Element>(null)
  const [size, setSize] = useState<Size | null>(null)
  useLayoutEffect(() => {
    const watched = element.current
    if (watched === null) return
    const look = (): void => {
      const next = { width: watched.clientWidth, height: watched.clientHeight, ratio: window.devicePixelRatio }
      setSize((known) => (known?.width === next.width && known.height === next.height && known.ratio === next.ratio ? known : next))
    }
    look()
    const observer = new ResizeObserver(look)
    observer.observe(watched)
    window.addEventListener('resize', look)
    return () => {
      observer.disconnect()
      window.removeEventListener('resize', look)
    }
  }, [])
  return [element, size]
}
