import { Scalar, stringify } from 'yaml'

/** Numbers and words as vendors' readers take them. */

/** Fixed point with seven digits, never an exponent (above 1e21 `toFixed` would write one), never −0. */
export function plainDecimal(value: number): string {
  if (!Number.isFinite(value)) throw new RangeError(`${value} has no decimal digits`)
  const fixed = Math.abs(value) >= 1e21 ? `${BigInt(value)}.0000000` : value.toFixed(7)
  return /^-0\.0+$/.test(fixed) ? fixed.slice(1) : fixed
}

/** Big-endian bytes of a float32 in hex, as TensorRT's calibration caches hold them. */
export function float32Hex(value: number): string {
  const view = new DataView(new ArrayBuffer(4))
  view.setFloat32(0, value)
  return view.getUint32(0).toString(16).padStart(8, '0')
}

/** The shortest decimal that reads back as this float32. */
export function shortFloat(value: number): string {
  const wanted = Math.fround(value)
  for (let digits = 1; digits < 10; digits++) {
    const text = Number(wanted.toPrecision(digits))
    if (Math.fround(text) === wanted) return String(text + 0)
  }
  return String(wanted + 0)
}

/** A Python string literal. */
export const python = (text: string): string => JSON.stringify(text).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029')

export const pretty = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`

/** A list of values a channel as `[1, 2, 3]`. */
export const listed = (values: readonly number[], between = ', '): string => values.map((value) => String(Number(value.toPrecision(10)) + 0)).join(between)

/** A name in a YAML file: quoted, so that PyYAML takes `on`, `12:30` and `1_0` for what they are. */
export function quoted(text: string): Scalar<string> {
  const scalar = new Scalar(text)
  scalar.type = Scalar.QUOTE_DOUBLE
  return scalar
}

/** Names with what is said of each. */
export const byName = (entries: Iterable<readonly [name: string, value: unknown]>): Map<Scalar<string>, unknown> => new Map([...entries].map(([name, value]) => [quoted(name), value]))

/** What PyYAML refuses or takes for the end of a line; only quoted names can hold it. */
const UNPRINTABLE = /[\u007f-\u009f\u2028\u2029\ufeff]/g

/** YAML whose names are quoted, which PyYAML (1.1) and newer readers take alike. */
export const yamlText = (document: unknown): string =>
  stringify(document, { lineWidth: 0, aliasDuplicateObjects: false }).replaceAll(UNPRINTABLE, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
