export const MAPS = ['viridis', 'cividis', 'grey'] as const
export type ColorMap = (typeof MAPS)[number]

/** Ten colours of each map, evenly spread; both rise in lightness and stay apart for every kind of colour vision. */
const STOPS: Readonly<Record<ColorMap | 'signed', readonly string[]>> = {
  viridis: ['440154', '482878', '3e4989', '31688e', '26828e', '1f9e89', '35b779', '6ece58', 'b5de2b', 'fde725'],
  cividis: ['00224e', '123570', '3b496c', '575d6d', '707173', '8a8678', 'a59c74', 'c3b369', 'e1cc55', 'fee838'],
  grey: ['000000', 'ffffff'],
  signed: ['8fd3ff', '2f8fe0', '14406b', '000000', '6b3f00', 'e08a1f', 'ffd9a0'],
}

const STEPS = 256
const tables = new Map<string, Uint8Array>()

/** 256 colours, RGB one after the other: of a map from nothing to most, of 'signed' from most below to most above. */
export function colorsOf(map: ColorMap | 'signed'): Uint8Array {
  const known = tables.get(map)
  if (known) return known
  const stops = STOPS[map].map((text) => [0, 2, 4].map((at) => Number.parseInt(text.slice(at, at + 2), 16)))
  const table = new Uint8Array(STEPS * 3)
  for (let step = 0; step < STEPS; step++) {
    const place = (step / (STEPS - 1)) * (stops.length - 1)
    const index = Math.min(stops.length - 2, Math.floor(place))
    for (let channel = 0; channel < 3; channel++) {
      const [from, to] = [stops[index]![channel]!, stops[index + 1]![channel]!]
      table[step * 3 + channel] = Math.round(from + (to - from) * (place - index))
    }
  }
  tables.set(map, table)
  return table
}

/** The map as a CSS gradient, from left to right. */
export const gradientOf = (map: ColorMap | 'signed'): string => `linear-gradient(to right, ${STOPS[map].map((color) => `#${color}`).join(', ')})`
