import { useQuery } from '@tanstack/react-query'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { IconArrowsMaximize, IconLink, IconZoomIn, IconZoomOut } from '@tabler/icons-react'
import type { PlannedTensor } from '../../../preload/contract/index.ts'
import { call, useCall } from '../../client.ts'
import { useSay } from '../../texts/texts.ts'
import { FaultNotice } from '../../ui/fault-notice.tsx'
import { significant } from '../../ui/format.ts'
import { Segmented } from '../../ui/segmented.tsx'
import { chartChange, type ChartView } from './address.ts'
import { keyedEnd, pixelValues, snapped, withEnd, zoomed, type Bounds, type End, type Window } from './axis.ts'
import { withDraft, type LayerDraft } from './draft.ts'
import { DraftFields } from './draft-fields.tsx'
import { BAR_PIXELS, HistogramView } from './histogram.tsx'
import { MethodList } from './method-list.tsx'
import { Readout } from './readout.tsx'
import type { LayerRow } from './rows.ts'
import { endsOf, gridWith, groupedMethods, limitsOf, rangeOf, type Method } from './shown-range.ts'
import { useEditorKeys } from './use-editor-keys.ts'
import { useAsked, useWhatIf, type Answer } from './what-if.ts'

/** What was seen of the tensor. */
export interface Seen {
  readonly min: number
  readonly max: number
  readonly count: number
  readonly channels: number
}

interface ThresholdEditorProps {
  readonly run: string
  readonly row: LayerRow
  readonly plan: PlannedTensor
  readonly seen: Seen
  readonly draft: LayerDraft | undefined
  readonly currentScale: number
  readonly view: ChartView
  readonly onView: (change: Partial<ChartView>) => void
  readonly onDraft: (draft: LayerDraft | null, tag?: string) => void
}

const NO_METHODS: readonly Method[] = []
/** Beyond the last value, so that a line at it can be taken. */
const ROOM = 0.03
/** Keys that follow one another within so long are one step of the history. */
const BURST_MS = 900

/** A tensor's histogram with its range on it, to be moved: everything it says comes from stored statistics. */
export function ThresholdEditor({ run, row, plan, seen, draft, currentScale, view, onView, onDraft }: ThresholdEditorProps) {
  const say = useSay()
  const tensor = plan.seenAs
  const ownGrid = gridWith(plan.grid ?? { type: 'uint8', symmetric: false, reduced: false }, undefined)
  const grid = gridWith(plan.grid ?? { type: 'uint8', symmetric: false, reduced: false }, draft?.bits)
  const thresholds = useCall('statistics.thresholds', { run, tensor, grid })
  const methods = thresholds.data?.methods ?? NO_METHODS
  const whatIf = useWhatIf({ run, tensor, grid })
  const whatWas = useWhatIf({ run, tensor, grid: ownGrid })

  const hasCodes = plan.grid !== null
  const was = useMemo(() => ({ lo: row.lo ?? 0, hi: row.hi ?? 0 }), [row.lo, row.hi])
  const kept = useMemo(() => rangeOf(row, draft, methods, currentScale), [row, draft, methods, currentScale])
  const [live, setLive] = useState<Bounds | null>(null)
  // The last move before the hand lets go may not be drawn yet.
  const dragged = useRef<Bounds | null>(null)
  const range = live ?? kept
  const [isLocked, setLocked] = useState(grid.symmetric)
  const locks = isLocked || grid.symmetric
  const ends = endsOf(seen, kept)
  const isTwoSided = ends.length === 2
  const limits = useMemo(() => limitsOf(seen, was), [seen, was])
  const marks = useMemo(() => groupedMethods(methods), [methods])

  const whole = useMemo(() => wholeWindow(seen, was, kept, view.of), [seen, was, kept, view.of])
  const [zoom, putZoom] = useZoom(view.zoom, onView)
  const setZoom = (next: Window | null): void => putZoom(next === null || (next.from <= whole.from && next.to >= whole.to) ? null : next)
  const window = zoom ?? whole
  const [plotWidth, setPlotWidth] = useState(0)
  const histogram = useHistogram({ run, tensor, of: view.of, bins: Math.max(8, Math.floor(plotWidth / BAR_PIXELS)), window, ready: plotWidth > 0 })

  useAsked(whatIf, useMemo(() => [kept, ...marks.map((mark) => mark.range)], [kept, marks]))
  useAsked(whatWas, useMemo(() => [was], [was]))
  const answer = useLatest(whatIf.at(range), tensor)
  const before = whatWas.at(was)

  const snaps = useCallback((end: End) => [was[end], ...methods.map((method) => (locks ? Math.sign(end === 'hi' ? 1 : -1) * Math.max(-method.lo, method.hi) : method[end]))], [was, methods, locks])
  const placed = (end: End, value: number): number => (view.of === 'magnitude' && end === 'lo' ? -value : value)
  /** Asks for every place that the end can be dragged to, before the hand gets there. */
  const onReach = (end: End): void => {
    const values = [...pixelValues(window, plotWidth).map((value) => placed(end, value)), ...snaps(end)]
    whatIf.ask(values.map((value) => withEnd(kept, end, value, limits, locks)))
  }
  const onMove = (end: End, value: number, isFree: boolean): void => {
    dragged.current = withEnd(kept, end, isFree ? value : snapped(value, snaps(end), (window.to - window.from) / plotWidth), limits, locks)
    setLive(dragged.current)
  }
  const take = (next: Bounds, tag = ''): void => {
    dragged.current = null
    setLive(null)
    const isOwn = next.lo === was.lo && next.hi === was.hi
    onDraft(withDraft(draft, isOwn ? { lo: undefined, hi: undefined, method: undefined, scale: undefined } : { lo: next.lo, hi: next.hi }), tag)
  }
  const burst = useBurst()
  const onKey = (end: End, key: string, shift: boolean): boolean => {
    const value = keyedEnd(key, shift, kept, end, limits)
    if (value === null) return false
    take(withEnd(kept, end, value, limits, locks), `key ${end} ${burst()}`)
    return true
  }
  const takeMethod = (method: Method): void => {
    if (!hasCodes) return
    if (plan.fixed !== null) take({ lo: method.lo, hi: method.hi })
    else onDraft(withDraft(draft, { method: method.name, scale: undefined }))
  }
  const toggleLock = (): void => {
    if (grid.symmetric || !isTwoSided) return
    setLocked(!isLocked)
    if (!isLocked) take(withEnd(kept, 'hi', Math.max(-kept.lo, kept.hi), limits, true))
  }
  useEditorKeys({ onDigit: (digit) => { const method = methods[digit]; if (method !== undefined) takeMethod(method) }, onLock: toggleLock })
  const onTyped = (end: End, value: number): void => take(withEnd(kept, end, value, { least: Math.min(limits.least, value), most: Math.max(limits.most, value) }, locks))

  return (
    <>
      <div className="chart-tools">
        <Segmented label={say('layers.height')} value={view.isLog ? 'log' : 'linear'} choices={[{ value: 'linear', name: say('layers.linear') }, { value: 'log', name: say('layers.log') }]} onChange={(next) => onView({ isLog: next === 'log' })} />
        {seen.min < 0 ? <Segmented label={say('layers.of')} value={view.of} choices={[{ value: 'signed', name: 'x' }, { value: 'magnitude', name: '|x|' }]} onChange={(of) => { setZoom(null); onView({ of }) }} /> : null}
        {seen.channels > 1 ? <Segmented label={say('layers.shows')} value={view.shows} choices={[{ value: 'tensor', name: say('layers.of-tensor') }, { value: 'channels', name: say('layers.of-channels') }]} onChange={(shows) => onView({ shows })} /> : null}
        <span className="bar-space" />
        {isTwoSided && hasCodes ? <button type="button" className="tool" aria-pressed={locks} disabled={grid.symmetric} onClick={toggleLock} aria-label={say('layers.symmetric')} title={`${say('layers.symmetric')}  S`}><IconLink size={15} aria-hidden /></button> : null}
        <button type="button" className="tool" onClick={() => setZoom(zoomed(window, 2, (window.from + window.to) / 2, whole))} disabled={zoom === null} aria-label={say('layers.zoom-out')} title={say('layers.zoom-out')}><IconZoomOut size={15} aria-hidden /></button>
        <button type="button" className="tool" onClick={() => setZoom(zoomed(window, 0.5, middleOf(window, range, ends), whole))} aria-label={say('layers.zoom-in')} title={say('layers.zoom-in')}><IconZoomIn size={15} aria-hidden /></button>
        <button type="button" className="tool" onClick={() => setZoom(null)} disabled={zoom === null} aria-label={say('layers.zoom-all')} title={say('layers.zoom-all')}><IconArrowsMaximize size={15} aria-hidden /></button>
      </div>
      <HistogramView
        tensor={row.tensor} histogram={histogram.data} whole={whole} window={window} onWindow={setZoom} onWidth={setPlotWidth} isLog={view.isLog} of={view.of} shows={seen.channels > 1 ? view.shows : 'tensor'}
        marks={marks} range={hasCodes ? range : null} ends={ends} limits={limits} step={hasCodes ? (answer?.step ?? null) : null}
        describe={say('layers.histogram.alt', { tensor: row.tensor, low: significant(seen.min), high: significant(seen.max) })}
        onMove={onMove} onDone={() => { if (dragged.current !== null) take(dragged.current) }} onKey={onKey} onReach={onReach}
      />
      {draft?.float === true ? <p className="readout-float">{say('layers.becomes-float')}</p> : plan.float === null || draft?.float === false ? null : <p className="readout-float">{say('layers.stays-float')} {plan.float}</p>}
      {!hasCodes ? null : (
        <Readout range={range} was={was} ends={ends} answer={answer} before={before} isOld={whatIf.at(range) === undefined} isChanged={live !== null || draft !== undefined} values={seen.count} onType={onTyped} />
      )}
      <DraftFields row={row} draft={draft} methods={methods.map(({ name }) => name)} currentScale={currentScale} onChange={(change) => onDraft(withDraft(draft, change))} />
      {[thresholds.error, histogram.error, whatIf.fault()].filter(Boolean).slice(0, 1).map((fault) => <FaultNotice key="fault" fault={fault} />)}
      {!hasCodes ? null : <MethodList methods={methods} taken={draft?.method ?? (draft === undefined ? row.method : '')} isOneSided={!isTwoSided} rule={plan.fixed} onTake={takeMethod} />}
    </>
  )
}

function wholeWindow({ min, max }: Seen, was: Bounds, kept: Bounds, of: ChartView['of']): Window {
  const [low, high] = [Math.min(min, was.lo, kept.lo, 0), Math.max(max, was.hi, kept.hi, 0)]
  if (of === 'magnitude') return { from: 0, to: (Math.max(-low, high) || 1) * (1 + ROOM) }
  const room = (high - low || 1) * ROOM
  return { from: low < 0 ? low - room : 0, to: high > 0 ? high + room : low < 0 ? 0 : room / ROOM }
}

/** Zooming in by a key goes to an end of the range, where the question is. */
const middleOf = (window: Window, range: Bounds, ends: readonly End[]): number => {
  const at = range[ends.includes('hi') ? 'hi' : 'lo']
  return at >= window.from && at <= window.to ? at : (window.from + window.to) / 2
}

interface HistogramWish {
  readonly run: string
  readonly tensor: string
  readonly of: ChartView['of']
  readonly bins: number
  readonly window: Window
  readonly ready: boolean
}

/** Bars of the window; those of the window before stay until they come. */
const useHistogram = ({ run, tensor, of, bins, window: { from, to }, ready }: HistogramWish) =>
  useQuery({
    queryKey: ['statistics.histogram', { run, tensor, of, bins, from, to }] as const,
    queryFn: ({ signal }) => call('statistics.histogram', { run, tensor, of, bins, from, to }, signal),
    enabled: ready,
    placeholderData: (known, query) => (query?.queryKey[1].tensor === tensor && query.queryKey[1].of === of ? known : undefined),
  })

/** What was last known, while the next is on its way; not across tensors. */
function useLatest(answer: Answer | undefined, tensor: string): Answer | undefined {
  const [held, setHeld] = useState({ tensor, answer })
  if (held.tensor !== tensor || (answer !== undefined && held.answer !== answer)) setHeld({ tensor, answer })
  return answer ?? (held.tensor === tensor ? held.answer : undefined)
}

const TELL_ZOOM_MS = 300

const textOf = (zoom: Window | null): string => chartChange({ zoom })['zoom'] ?? ''

/** The zoom in force, told to the address once it rests; another address (Back, a link) brings its own. */
function useZoom(told: Window | null, onView: (change: Partial<ChartView>) => void): readonly [Window | null, (zoom: Window | null) => void] {
  const toldText = textOf(told)
  const [held, setHeld] = useState({ zoom: told, known: toldText, sent: toldText })
  if (held.known !== toldText) setHeld({ ...held, zoom: toldText === held.sent ? held.zoom : told, known: toldText })
  const tell = useRef(onView)
  useEffect(() => {
    tell.current = onView
  })
  const { zoom } = held
  useEffect(() => {
    if (textOf(zoom) === toldText) return
    const timer = setTimeout(() => {
      setHeld((now) => ({ ...now, sent: textOf(zoom) }))
      tell.current({ zoom })
    }, TELL_ZOOM_MS)
    return () => clearTimeout(timer)
  }, [zoom, toldText])
  return [zoom, (next) => setHeld((now) => ({ ...now, zoom: next }))]
}

/** A number that stays the same while keys follow one another fast. */
function useBurst(): () => number {
  const last = useRef({ at: -Infinity, burst: 0 })
  return () => {
    const now = performance.now()
    last.current = { at: now, burst: now - last.current.at > BURST_MS ? last.current.burst + 1 : last.current.burst }
    return last.current.burst
  }
}
