import { MAPS, type ColorMap } from './color-maps.ts'
import { GAINS, KINDS, type DifferenceKind, type DifferenceLook } from './difference.ts'
import { CHANNELS, type Channel, type Tone } from './levels.ts'
import type { Region } from './psnr.ts'
import { isSide, type Side } from './sides.ts'

export const MODES = ['split', 'two', 'four', 'onion', 'blink', 'difference'] as const
export type Mode = (typeof MODES)[number]

/** What is looked at, and how: all of it stands in the address. */
export interface Look extends DifferenceLook, Tone {
  /** Its number in the run; null: the worst. */
  readonly sample: number | null
  /** The run beside this one; '' where there is none. */
  readonly with: string
  readonly a: Side
  readonly b: Side
  readonly c: Side | null
  readonly d: Side | null
  readonly mode: Mode
  /** The dividing line lies instead of standing. */
  readonly lying: boolean
  /** Where it is, as a share of the frame. */
  readonly x: number
  /** Share of B in onion skin. */
  readonly mix: number
  /** Screen pixels a picture pixel; null: the whole picture fits. */
  readonly zoom: number | null
  /** The point of the picture in the middle of the frame, where `zoom` is set. */
  readonly cx: number
  readonly cy: number
  /** Pixels that clipping changes are marked. */
  readonly marks: boolean
  /** Lines between large pixels. */
  readonly grid: boolean
  readonly regions: readonly Region[]
}

export const FIRST_LOOK: Look = {
  sample: null, with: '', a: 'float', b: 'simulated', c: null, d: null, mode: 'split', lying: false, x: 0.5, mix: 0.5, zoom: null, cx: 0, cy: 0,
  kind: 'absolute', channel: 'max', gain: 64, map: 'viridis', over: null, stops: 0, offset: 0, marks: false, grid: true, regions: [],
}

export const MOST_REGIONS = 12

const NAMES = {
  sample: 'sample', with: 'with', a: 'a', b: 'b', c: 'c', d: 'd', mode: 'mode', lying: 'lying', x: 'x', mix: 'mix', zoom: 'zoom', cx: 'cx', cy: 'cy', kind: 'error', channel: 'channel',
  gain: 'gain', map: 'map', over: 'over', stops: 'ev', offset: 'offset', marks: 'clips', grid: 'grid', regions: 'r',
} as const satisfies Record<keyof Look, string>

const rounded = (value: number): string => String(Math.round(value * 1e4) / 1e4)

function written(value: Look[keyof Look]): string {
  if (value === null) return ''
  if (typeof value === 'boolean') return value ? '1' : '0'
  if (typeof value === 'number') return rounded(value)
  return typeof value === 'string' ? value : value.map(({ x, y, width, height }) => [x, y, width, height].join(',')).join(';')
}

/** The address of a look: only what is not as at first. Other keys of `known` stay. */
export function lookParameters(look: Look, known: URLSearchParams): URLSearchParams {
  const next = new URLSearchParams(known)
  for (const key of Object.keys(NAMES) as (keyof Look)[]) {
    const text = written(look[key])
    if (text === written(FIRST_LOOK[key]) || text === '') next.delete(NAMES[key])
    else next.set(NAMES[key], text)
  }
  return next
}

/** The look of an address; what it does not say, or says wrong, is as at first. */
export function lookOf(parameters: URLSearchParams): Look {
  const text = (key: keyof Look): string | null => parameters.get(NAMES[key])
  const among = <T extends string>(key: keyof Look, list: readonly T[], other: T): T => list.find((each) => each === text(key)) ?? other
  const number = <T>(key: keyof Look, low: number, high: number, other: T): number | T => {
    const found = text(key)
    const value = found === null || found === '' ? NaN : Number(found)
    return Number.isFinite(value) && value >= low && value <= high ? value : other
  }
  const side = <T>(key: keyof Look, other: T): Side | T => {
    const found = text(key)
    return isSide(found) ? found : other
  }
  const flag = (key: 'lying' | 'marks' | 'grid'): boolean => (text(key) === null ? FIRST_LOOK[key] : text(key) === '1')
  const first = FIRST_LOOK
  const gain = number('gain', 1, 256, first.gain)
  const sample = number('sample', 0, 1e6, null)
  return {
    sample: sample === null ? null : Math.round(sample), with: text('with') ?? '',
    a: side('a', first.a), b: side('b', first.b), c: side('c', null), d: side('d', null),
    mode: among<Mode>('mode', MODES, first.mode), lying: flag('lying'), x: number('x', 0, 1, first.x), mix: number('mix', 0, 1, first.mix),
    zoom: number('zoom', 0.001, 128, null), cx: number('cx', 0, 1e6, 0), cy: number('cy', 0, 1e6, 0),
    kind: among<DifferenceKind>('kind', KINDS, first.kind), channel: among<Channel>('channel', CHANNELS, first.channel),
    gain: GAINS.find((each) => each === gain) ?? first.gain, map: among<ColorMap>('map', MAPS, first.map), over: number('over', 0, 255, null),
    stops: number('stops', -8, 8, 0), offset: number('offset', -255, 255, 0), marks: flag('marks'), grid: flag('grid'), regions: regionsOf(text('regions') ?? ''),
  }
}

function regionsOf(text: string): readonly Region[] {
  return text.split(';').slice(0, MOST_REGIONS).flatMap((part) => {
    const found = /^(\d{1,6}),(\d{1,6}),([1-9]\d{0,5}),([1-9]\d{0,5})$/.exec(part)
    return found === null ? [] : [{ x: Number(found[1]), y: Number(found[2]), width: Number(found[3]), height: Number(found[4]) }]
  })
}

export const sameRegion = (one: Region, other: Region): boolean =>
  one.x === other.x && one.y === other.y && one.width === other.width && one.height === other.height

/** With one more region, the oldest going where there are too many. */
export const withRegion = (regions: readonly Region[], region: Region): readonly Region[] =>
  regions.some((each) => sameRegion(each, region)) ? regions : [...regions, region].slice(-MOST_REGIONS)

/** Half a stop, and eight levels, a key. */
export const brighter = ({ stops }: Tone, by: 1 | -1): number => Math.max(-8, Math.min(8, stops + by / 2))
export const lifted = ({ offset }: Tone, by: 1 | -1): number => Math.max(-248, Math.min(248, offset + by * 8))

/** The gain that follows. */
export function gainAfter(gain: number, by: 1 | -1): number {
  const index = GAINS.findIndex((each) => each === gain)
  return GAINS[Math.max(0, Math.min(GAINS.length - 1, index + by))]!
}

/** What follows in a list, from its end to its beginning. */
export const after = <T>(list: readonly T[], value: T): T => list[(list.indexOf(value) + 1) % list.length]!
