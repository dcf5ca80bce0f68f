import type { TextKey } from '../../texts/texts.ts'
import type { ColorMap } from './color-maps.ts'
import type { DifferenceKind } from './difference.ts'
import type { Channel } from './levels.ts'
import type { Mode } from './look.ts'

export const MODE_TEXTS: Readonly<Record<Mode, TextKey>> = {
  split: 'compare.split', two: 'compare.two', four: 'compare.four', onion: 'compare.onion', blink: 'compare.blink', difference: 'compare.difference',
}

export const KIND_TEXTS: Readonly<Record<DifferenceKind, TextKey>> = {
  signed: 'compare.signed', absolute: 'compare.absolute', squared: 'compare.squared', relative: 'compare.relative',
}

export const CHANNEL_TEXTS: Readonly<Record<Channel, TextKey>> = {
  max: 'compare.channel-max', y: 'compare.channel-y', r: 'compare.channel-r', g: 'compare.channel-g', b: 'compare.channel-b',
}

export const MAP_TEXTS: Readonly<Record<ColorMap, TextKey>> = { viridis: 'compare.viridis', cividis: 'compare.cividis', grey: 'compare.grey' }
