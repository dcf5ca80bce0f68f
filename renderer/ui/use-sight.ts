import { useCallback, useLayoutEffect, useRef, useState, type RefObject } from 'react'
import { flushSync } from 'react-dom'

/** Rows that are drawn above and below those that are seen. */
const SPARE = 8
/** The window of drawn rows moves by so many at once, so that most scroll events change nothing. */
const STEP = 4

export interface Sight {
  readonly scroller: RefObject<HTMLDivElement | null>
  /** Rows that are drawn: `first` to below `end`. */
  readonly first: number
  readonly end: number
  /** Rows that fit into the view. */
  readonly fits: number
  /** More than are ever drawn at once. */
  readonly slots: number
  /** The table is wider than its scroller. */
  readonly isWide: boolean
  /** Scrolls as little as brings a row into view, or to the top with 0. */
  readonly bring: (index: number) => void
}

/** Which of `count` rows of one height are in sight of their scroller, whose head of the same height stays in view. */
export function useSight(count: number, rowHeight: number): Sight {
  const scroller = useRef<HTMLDivElement>(null)
  const [view, setView] = useState({ top: 0, height: 600 })
  const [isWide, setWide] = useState(false)

  useLayoutEffect(() => {
    const element = scroller.current
    if (element === null) return
    const look = (): void => {
      const top = Math.floor(element.scrollTop / rowHeight / STEP) * STEP
      const height = element.clientHeight
      // Drawn before the frame is: rows that come with the next frame leave a gap in this one.
      flushSync(() => setView((known) => (known.top === top && known.height === height ? known : { top, height })))
    }
    const watch = new ResizeObserver(() => {
      look()
      setWide(element.scrollWidth > element.clientWidth)
    })
    watch.observe(element)
    if (element.firstElementChild !== null) watch.observe(element.firstElementChild)
    element.addEventListener('scroll', look, { passive: true })
    return () => {
      watch.disconnect()
      element.removeEventListener('scroll', look)
    }
  }, [rowHeight])

  const bring = useCallback((index: number): void => {
    const element = scroller.current
    if (element === null) return
    const [start, room] = [index * rowHeight, element.clientHeight - 2 * rowHeight]
    if (index === 0) element.scrollTop = 0
    else if (start < element.scrollTop) element.scrollTop = start
    else if (start > element.scrollTop + room) element.scrollTop = start - room
  }, [rowHeight])

  const fits = Math.max(1, Math.floor(view.height / rowHeight) - 1)
  const end = Math.min(count, view.top + fits + STEP + SPARE)
  return { scroller, first: Math.max(0, Math.min(view.top, count - 1) - SPARE), end, fits, slots: fits + STEP + 2 * SPARE + 1, isWide, bring }
}
