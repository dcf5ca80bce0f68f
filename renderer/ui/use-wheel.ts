import { useEffect, useRef, type RefObject } from 'react'

/** The wheel over an element, kept from scrolling the page: only a listener that is not passive can, which React's are. */
export function useWheel(element: RefObject<HTMLElement | null>, onWheel: (event: WheelEvent) => void): void {
  const latest = useRef(onWheel)
  useEffect(() => {
    latest.current = onWheel
  })
  useEffect(() => {
    const target = element.current
    if (target === null) return
    const listen = (event: WheelEvent): void => {
      event.preventDefault()
      latest.current(event)
    }
    target.addEventListener('wheel', listen, { passive: false })
    return () => target.removeEventListener('wheel', listen)
  }, [element])
}
