import { MAPS } from './color-maps.ts'
import { KINDS } from './difference.ts'
import { CHANNELS } from './levels.ts'
import { after, brighter, gainAfter, lifted, type Look, type Mode } from './look.ts'
import type { StageActs } from './stage-acts.ts'
import type { ChangeLook } from './use-look.ts'
import type { Value } from './value.ts'

interface LetterActs {
  readonly look: Look
  readonly change: ChangeLook
  readonly stage: Value<StageActs | null>
  readonly swap: () => void
  readonly point: () => void
  readonly play: () => void
  readonly tile: () => void
  readonly sample: (by: number) => void
  readonly worst: () => void
  readonly region: () => void
}

/** Modes that X goes through. */
const CYCLE: readonly Mode[] = ['split', 'two', 'four', 'onion', 'blink']

let before: Mode = 'split'

/** Into the difference and back to what was there before. */
export function toggledDifference(mode: Mode): Mode {
  if (mode === 'difference') return before
  before = mode
  return 'difference'
}

/** What each letter does; capital: with Shift. */
export const lettersOf = ({ look, change, stage, swap, point, play, tile, sample, worst, region }: LetterActs): Readonly<Record<string, () => void>> => ({
  f: () => stage.get()?.fit(),
  1: () => stage.get()?.whole(),
  s: swap,
  d: () => change({ mode: toggledDifference(look.mode) }),
  x: () => change({ mode: after(CYCLE, look.mode) }),
  b: play,
  l: () => change({ lying: !look.lying }),
  n: () => sample(1),
  p: () => sample(-1),
  w: worst,
  W: tile,
  e: () => change({ stops: brighter(look, 1) }),
  E: () => change({ stops: brighter(look, -1) }),
  o: () => change({ offset: lifted(look, 1) }),
  O: () => change({ offset: lifted(look, -1) }),
  0: () => change({ stops: 0, offset: 0 }),
  h: () => (look.mode === 'difference' ? change({ map: after(MAPS, look.map) }) : change({ mode: toggledDifference(look.mode) })),
  m: () => change({ kind: after(KINDS, look.kind) }),
  k: () => change({ channel: after(CHANNELS, look.channel) }),
  t: () => change({ over: look.over === null ? 1 : null }),
  ',': () => change({ gain: gainAfter(look.gain, -1) }),
  '.': () => change({ gain: gainAfter(look.gain, 1) }),
  r: region,
  c: point,
  v: () => change({ marks: !look.marks }),
  G: () => change({ grid: !look.grid }),
})
