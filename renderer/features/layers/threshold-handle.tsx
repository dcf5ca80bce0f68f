import { useRef, type KeyboardEvent, type PointerEvent } from 'react'
import { significant } from '../../ui/format.ts'
import type { End, Limits } from './axis.ts'
import type { Plot } from './paint.ts'

interface ThresholdHandleProps {
  readonly end: End
  readonly name: string
  readonly value: number
  readonly limits: Limits
  readonly plot: Plot
  /** Pixels from the left of the plot; may lie outside of it. */
  readonly place: number
  readonly valueAtPixel: (pixel: number) => number
  readonly onMove: (end: End, value: number, free: boolean) => void
  readonly onDone: () => void
  readonly onKey: (end: End, key: string, shift: boolean) => boolean
  readonly onReach: (end: End) => void
}

/** One end of the range as a line with a knob: dragged, or moved by keys. */
export function ThresholdHandle({ end, name, value, limits, plot, place, valueAtPixel, onMove, onDone, onKey, onReach }: ThresholdHandleProps) {
  // Where on the line it was taken, so that it does not jump.
  const grip = useRef<number | null>(null)
  const shown = Math.max(0, Math.min(plot.width, place))
  const pixelOf = (event: PointerEvent<HTMLDivElement>): number => event.clientX - event.currentTarget.parentElement!.getBoundingClientRect().left - plot.left

  function onPointerDown(event: PointerEvent<HTMLDivElement>): void {
    if (event.button !== 0) return
    event.currentTarget.setPointerCapture(event.pointerId)
    grip.current = pixelOf(event) - shown
    onReach(end)
  }
  function onPointerMove(event: PointerEvent<HTMLDivElement>): void {
    if (grip.current === null) return
    const pixel = Math.max(0, Math.min(plot.width, pixelOf(event) - grip.current))
    onMove(end, valueAtPixel(pixel), event.altKey)
  }
  function onPointerUp(): void {
    if (grip.current === null) return
    grip.current = null
    onDone()
  }
  function onKeyDown(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    if (onKey(end, event.key, event.shiftKey)) event.preventDefault()
  }
  return (
    <div
      className="threshold" role="slider" tabIndex={0} aria-label={name} aria-orientation="horizontal" aria-valuemin={Math.min(end === 'lo' ? limits.least : 0, value)} aria-valuemax={Math.max(end === 'lo' ? 0 : limits.most, value)} aria-valuenow={value} aria-valuetext={significant(value, 5)}
      data-end={end} data-outside={place < 0 ? 'left' : place > plot.width ? 'right' : undefined}
      style={{ left: plot.left + shown, top: plot.top, height: plot.height }}
      onPointerDown={onPointerDown} onPointerMove={onPointerMove} onPointerUp={onPointerUp} onPointerCancel={onPointerUp} onPointerEnter={() => onReach(end)} onFocus={() => onReach(end)} onKeyDown={onKeyDown}
    />
  )
}
