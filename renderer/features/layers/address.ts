import type { Window } from './axis.ts'
import type { ErrorMode } from './rows.ts'

export const KINDS = ['activation', 'weight', 'bias', 'all'] as const
export type KindChoice = (typeof KINDS)[number]

/** How the histogram is looked at, as it stands in the address. */
export interface ChartView {
  readonly isLog: boolean
  readonly of: 'signed' | 'magnitude'
  readonly shows: 'tensor' | 'channels'
  /** Null: all that was seen. */
  readonly zoom: Window | null
}

/** What the address says of this screen. */
export interface LayersAddress {
  readonly q: string
  readonly sort: string
  readonly mode: ErrorMode
  readonly kind: KindChoice
  /** Null: the first columns. */
  readonly columns: readonly string[] | null
  /** Key of the row that is looked at: a tensor's name, behind its kind where it is no activation. */
  readonly tensor: string
  readonly chart: ChartView
  /** The job that makes a child of this run. */
  readonly job: string | null
}

const windowOf = (text: string | null): Window | null => {
  const [from = NaN, to = NaN] = (text ?? '').split('..').map(Number)
  return text !== null && Number.isFinite(from) && Number.isFinite(to) && from < to ? { from, to } : null
}

export function readAddress(parameters: URLSearchParams): LayersAddress {
  const columns = parameters.get('columns')
  const kind = KINDS.find((each) => each === parameters.get('kind')) ?? 'activation'
  return {
    q: parameters.get('q') ?? '', sort: parameters.get('sort') ?? '', mode: parameters.get('mode') === 'alone' ? 'alone' : 'accumulated', kind,
    columns: columns === null ? null : columns.split(',').filter(Boolean), tensor: parameters.get('tensor') ?? '', job: parameters.get('job'),
    chart: { isLog: parameters.get('y') !== 'linear', of: parameters.get('x') === 'magnitude' ? 'magnitude' : 'signed', shows: parameters.get('show') === 'channels' ? 'channels' : 'tensor', zoom: windowOf(parameters.get('zoom')) },
  }
}

/** The address's keys for a change of how the chart is looked at. */
export function chartChange({ isLog, of, shows, zoom }: Partial<ChartView>): Record<string, string> {
  return {
    ...(isLog === undefined ? {} : { y: isLog ? '' : 'linear' }),
    ...(of === undefined ? {} : { x: of === 'magnitude' ? of : '' }),
    ...(shows === undefined ? {} : { show: shows === 'channels' ? shows : '' }),
    ...(zoom === undefined ? {} : { zoom: zoom === null ? '' : `${Number(zoom.from.toPrecision(6))}..${Number(zoom.to.toPrecision(6))}` }),
  }
}

/** A row's name in the address, and its key from there. */
export const nameInAddress = (key: string): string => (key.startsWith('activation ') ? key.slice('activation '.length) : key)
export const keyInAddress = (name: string): string => (/^(?:weight|bias) /.test(name) ? name : `activation ${name}`)
