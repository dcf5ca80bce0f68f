import { useEffect, useLayoutEffect, useMemo, useRef, useState, type PointerEvent, type RefObject } from 'react'
import type { Histogram } from '../../../preload/contract/index.ts'
import { useSay } from '../../texts/texts.ts'
import { fixed, grouped, significant } from '../../ui/format.ts'
import { useFrameSize } from '../../ui/use-frame-size.ts'
import type { Size } from '../../ui/view.ts'
import { moved, toPixel, toValue, valueAt, zoomed, type Bounds, type End, type Limits, type Window } from './axis.ts'
import { usePageColors } from './page-colors.ts'
import { paint, type Plot } from './paint.ts'
import { ThresholdHandle } from './threshold-handle.tsx'

export interface Mark {
  readonly name: string
  readonly range: Bounds
  readonly best: boolean
}

interface HistogramViewProps {
  readonly tensor: string
  readonly histogram: Histogram | undefined
  readonly whole: Window
  readonly window: Window
  readonly onWindow: (window: Window) => void
  /** Told how many bars fit, so that there are no more. */
  readonly onWidth: (plotWidth: number) => void
  readonly isLog: boolean
  readonly of: 'signed' | 'magnitude'
  readonly shows: 'tensor' | 'channels'
  readonly marks: readonly Mark[]
  /** Null: the tensor has no codes. */
  readonly range: Bounds | null
  /** Ends that can be moved. */
  readonly ends: readonly End[]
  readonly limits: Limits
  readonly step: number | null
  readonly describe: string
  readonly onMove: (end: End, value: number, free: boolean) => void
  readonly onDone: () => void
  readonly onKey: (end: End, key: string, shift: boolean) => boolean
  /** An end is about to be moved. */
  readonly onReach: (end: End) => void
}

const MARGIN = { left: 44, right: 14, top: 24, bottom: 26 }

/** Bars are three pixels apart, so that they and their gaps stay sharp. */
export const BAR_PIXELS = 3

const plotOf = ({ width, height }: Size): Plot => ({
  left: MARGIN.left, top: MARGIN.top, height: Math.max(20, height - MARGIN.top - MARGIN.bottom),
  width: Math.max(BAR_PIXELS * 8, Math.floor((width - MARGIN.left - MARGIN.right) / BAR_PIXELS) * BAR_PIXELS),
})

/** A histogram with the ends of the range on it, to be dragged. The wheel zooms, dragging the plot pans, a double click shows all. */
export function HistogramView(props: HistogramViewProps) {
  const { histogram, window, range, marks, of, isLog, shows, step, onWidth } = props
  const say = useSay()
  const colors = usePageColors()
  const { frame, size } = useFrameSize()
  const canvas = useRef<HTMLCanvasElement>(null)
  const plot = useMemo(() => (size === null ? null : plotOf(size)), [size])
  const plotWidth = plot?.width
  useEffect(() => {
    if (plotWidth !== undefined) onWidth(plotWidth)
  }, [plotWidth, onWidth])

  useLayoutEffect(() => {
    if (canvas.current === null || size === null || plot === null) return
    paint(canvas.current, size, size.ratio, { histogram, plot, window, range, step, isLog, of, shows, marks: marks.flatMap((mark) => placesOf(mark.range, of)), write: (value) => significant(value, 4) }, colors)
  }, [size, plot, colors, histogram, window, range, step, isLog, of, shows, marks])

  const probe = useProbe(plot, props)
  usePanAndZoom(frame, plot, props)
  return (
    <div className="histogram" ref={frame} onPointerMove={probe.onMove} onPointerLeave={probe.onLeave}>
      {size === null || plot === null ? null : (
        <>
          <canvas
            ref={canvas} role="img" aria-label={props.describe} width={Math.round(size.width * size.ratio)} height={Math.round(size.height * size.ratio)}
            style={{ width: size.width, height: size.height }}
          />
          <MarkLabels marks={marks} plot={plot} window={window} of={of} range={range} />
          {range === null ? null : props.ends.map((end) => (
            <ThresholdHandle
              key={end} end={end} name={say(end === 'hi' ? 'layers.high-end' : 'layers.low-end')} value={range[end]} limits={props.limits} plot={plot} place={toPixel(window, plot.width, placeOf(end, range[end], of))}
              valueAtPixel={(pixel) => placeOf(end, valueAt(window, plot.width, pixel), of)} onMove={props.onMove} onDone={props.onDone} onKey={props.onKey} onReach={props.onReach}
            />
          ))}
          <output className="histogram-probe number">{probe.text}</output>
        </>
      )}
      <HistogramTable tensor={props.tensor} histogram={histogram} />
    </div>
  )
}

/** Over |x| the low end stands on the other side; the same turn leads back. */
const placeOf = (end: End, value: number, of: 'signed' | 'magnitude'): number => (of === 'magnitude' && end === 'lo' ? -value : value)

const placesOf = ({ lo, hi }: Bounds, of: 'signed' | 'magnitude'): number[] => (of === 'magnitude' ? [Math.max(-lo, hi)] : lo < 0 ? [lo, hi] : [hi])

const LABEL_PIXELS = 7

/** Names of the methods above their upper ends; where two would run into each other the one in force and the best are written. */
function MarkLabels({ marks, plot, window, of, range }: Pick<HistogramViewProps, 'marks' | 'window' | 'of' | 'range'> & { readonly plot: Plot }) {
  const isTaken = (mark: Mark): boolean => range !== null && mark.range.hi === range.hi && mark.range.lo === range.lo
  const placed: { readonly mark: Mark; readonly left: number; readonly half: number }[] = []
  for (const mark of marks.toSorted((a, b) => Number(isTaken(b)) - Number(isTaken(a)) || Number(b.best) - Number(a.best))) {
    const x = toPixel(window, plot.width, of === 'magnitude' ? Math.max(-mark.range.lo, mark.range.hi) : mark.range.hi)
    if (x < -1 || x > plot.width + 1) continue
    const half = (mark.name.length * LABEL_PIXELS) / 2
    const left = Math.max(half - plot.left + 4, Math.min(plot.width + MARGIN.right - half - 2, x))
    if (placed.every((other) => Math.abs(other.left - left) > other.half + half + 4)) placed.push({ mark, left, half })
  }
  return placed.map(({ mark, left }) => <span key={mark.name} className="histogram-mark" data-taken={isTaken(mark) || undefined} style={{ left: plot.left + left }}>{mark.name}</span>)
}

/** What is below the pointer, in words. */
function useProbe(plot: Plot | null, { histogram, window, shows }: HistogramViewProps) {
  const say = useSay()
  const [at, setAt] = useState<{ readonly x: number; readonly y: number } | null>(null)
  const onMove = (event: PointerEvent<HTMLDivElement>): void => {
    const box = event.currentTarget.getBoundingClientRect()
    setAt(event.buttons === 0 ? { x: event.clientX - box.left, y: event.clientY - box.top } : null)
  }
  let text = ''
  if (at !== null && plot !== null && histogram !== undefined && at.x >= plot.left && at.x <= plot.left + plot.width && at.y >= plot.top && at.y <= plot.top + plot.height) {
    const value = toValue(window, plot.width, at.x - plot.left)
    const { edges, counts, channelMin, channelMax, count, sampled } = histogram
    const bin = Math.floor(((value - edges[0]!) / (edges.at(-1)! - edges[0]!)) * counts.length)
    const channel = Math.min(channelMin.length - 1, Math.floor(((at.y - plot.top) / plot.height) * channelMin.length))
    const seen = sampled === 0 ? 0 : ((counts[bin] ?? 0) / sampled) * count
    text = shows === 'channels'
      ? say('layers.probe.channel', { channel, least: significant(channelMin[channel]), most: significant(channelMax[channel]) })
      : say('layers.probe', { value: significant(value), count: grouped(Math.round(seen)), percent: fixed((seen / Math.max(1, count)) * 100, 3) })
  }
  return { text, onMove, onLeave: () => setAt(null) }
}

const WHEEL_FACTOR = 1.0016

function usePanAndZoom(frame: RefObject<HTMLDivElement | null>, plot: Plot | null, props: HistogramViewProps): void {
  const latest = useRef({ plot, props })
  useLayoutEffect(() => {
    latest.current = { plot, props }
  })
  useEffect(() => {
    const element = frame.current
    if (element === null) return
    let from: { readonly x: number; readonly window: Window } | null = null
    const isPlot = (event: Event): boolean => event.target instanceof HTMLCanvasElement
    const onWheel = (event: WheelEvent): void => {
      const { plot, props } = latest.current
      if (plot === null) return
      event.preventDefault()
      const at = toValue(props.window, plot.width, event.clientX - element.getBoundingClientRect().left - plot.left)
      const sideways = Math.abs(event.deltaX) > Math.abs(event.deltaY)
      props.onWindow(sideways ? moved(props.window, (event.deltaX / plot.width) * (props.window.to - props.window.from), props.whole) : zoomed(props.window, WHEEL_FACTOR ** event.deltaY, at, props.whole))
    }
    const onDown = (event: globalThis.PointerEvent): void => {
      if (!isPlot(event) || event.button !== 0) return
      from = { x: event.clientX, window: latest.current.props.window }
      element.setPointerCapture(event.pointerId)
    }
    const onMove = (event: globalThis.PointerEvent): void => {
      const { plot, props } = latest.current
      if (from === null || plot === null) return
      props.onWindow(moved(from.window, ((from.x - event.clientX) / plot.width) * (from.window.to - from.window.from), props.whole))
    }
    const onUp = (): void => {
      from = null
    }
    // Whoever captured the pointer is the target of its clicks.
    const onDouble = (event: MouseEvent): void => {
      if (isPlot(event) || event.target === element) latest.current.props.onWindow(latest.current.props.whole)
    }
    const listeners: readonly (readonly [string, (event: never) => void])[] = [
      ['wheel', onWheel], ['pointerdown', onDown], ['pointermove', onMove], ['pointerup', onUp], ['pointercancel', onUp], ['dblclick', onDouble],
    ]
    for (const [name, listener] of listeners) element.addEventListener(name, listener as EventListener, { passive: false })
    return () => {
      for (const [name, listener] of listeners) element.removeEventListener(name, listener as EventListener)
    }
  }, [frame])
}

const TABLE_ROWS = 24

/** The same for who does not see the picture, in fewer bins. */
function HistogramTable({ tensor, histogram }: Pick<HistogramViewProps, 'tensor' | 'histogram'>) {
  const say = useSay()
  if (histogram === undefined) return null
  const { edges, counts } = histogram
  const width = Math.ceil(counts.length / TABLE_ROWS)
  const rows = Array.from({ length: Math.ceil(counts.length / width) }, (_, row) => {
    const end = Math.min(counts.length, (row + 1) * width)
    return { from: edges[row * width]!, to: edges[end]!, count: counts.slice(row * width, end).reduce((sum, each) => sum + each, 0) }
  })
  return (
    <table className="unseen">
      <caption>{say('layers.histogram', { tensor })}</caption>
      <thead><tr><th scope="col">{say('low')}</th><th scope="col">{say('high')}</th><th scope="col">{say('layers.values')}</th></tr></thead>
      <tbody>{rows.map(({ from, to, count }) => <tr key={from}><td>{significant(from)}</td><td>{significant(to)}</td><td>{grouped(Math.round(count))}</td></tr>)}</tbody>
    </table>
  )
}
