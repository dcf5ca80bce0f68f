/** What stands where there is no number. */
export const NOTHING = '–'
/** As wide as a plus sign, unlike the hyphen. */
const MINUS = '−'

type Maybe = number | null | undefined

const isMissing = (value: Maybe): value is null | undefined => value === null || value === undefined || Number.isNaN(value)

const withMinus = (text: string): string => (/^-[0.]*$/.test(text) ? text.slice(1) : text.replace(/^-/, MINUS))

function written(value: number, write: (value: number) => string): string {
  if (value === Infinity) return '∞'
  return value === -Infinity ? `${MINUS}∞` : withMinus(write(value))
}

/** A number with so many digits after the point: `33.495`, `−0.041`. */
export const fixed = (value: Maybe, digits: number): string => (isMissing(value) ? NOTHING : written(value, (each) => each.toFixed(digits)))

/** A change, always with its sign: `+0.018`, `−0.061`; no change is `0.000`. */
export function signed(value: Maybe, digits: number): string {
  const text = fixed(value, digits)
  return !isMissing(value) && value > 0 && /[1-9∞]/.test(text) ? `+${text}` : text
}

/** Below this a number is written with its power of ten. */
const SMALL = 1e-4

/** So many significant digits; whole numbers as they are: `0.8278`, `1.380`, `352`, `−1.90e−6`. */
export const significant = (value: Maybe, digits = 4): string =>
  isMissing(value) ? NOTHING : written(value, (each) => {
    if (Number.isInteger(each) && Math.abs(each) < 1e6) return String(each)
    return (Math.abs(each) < SMALL ? each.toExponential(Math.min(digits, 3) - 1) : each.toPrecision(digits)).replace('e-', `e${MINUS}`).replace('e+', 'e')
  })

/** A cosine: six digits, cut rather than rounded, so that only 1 itself reads as 1. */
export function cosine(value: Maybe): string {
  if (isMissing(value)) return NOTHING
  return value === 1 ? '1' : withMinus((Math.trunc(value * 1e6) / 1e6).toFixed(6))
}

const GROUPED = new Intl.NumberFormat('en')
/** A whole number in groups of three: `42,540`. */
export const grouped = (value: Maybe): string => (isMissing(value) ? NOTHING : withMinus(GROUPED.format(value)))

const BYTE_UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const

/** Decimal units, one digit after the point: `44.3 kB`. */
export function bytes(size: Maybe): string {
  if (isMissing(size)) return NOTHING
  const power = Math.max(0, Math.min(Math.floor(Math.log10(Math.max(1, size)) / 3), BYTE_UNITS.length - 1))
  return `${(size / 1000 ** power).toFixed(power === 0 ? 0 : 1)} ${BYTE_UNITS[power]}`
}

/** Large counts in short: `33.5 k`, `545.6 M`, `1.2 G`. */
export function short(value: Maybe): string {
  if (isMissing(value)) return NOTHING
  const power = value < 1000 ? 0 : Math.min(Math.floor(Math.log10(value) / 3), 3)
  return power === 0 ? String(value) : `${(value / 1000 ** power).toFixed(1)} ${['', 'k', 'M', 'G'][power]}`
}

/** A length of time: `0:05`, `12:40`, `1:02:03`. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds))
  const two = (value: number): string => String(value).padStart(2, '0')
  const hours = Math.floor(whole / 3600)
  const minutes = Math.floor(whole / 60) % 60
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`
}

/** How long something took: `7.1 s`, from a minute on `1:12`. */
export const duration = (seconds: number): string => (seconds < 59.95 ? `${seconds.toFixed(1)} s` : clock(seconds))

/** A moment in the person's own time: `2026-11-21 06:22`. Sorts as it reads. */
export function moment(iso: string, withSeconds = false): string {
  const date = new Date(iso)
  const two = (value: number): string => String(value).padStart(2, '0')
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}${withSeconds ? `:${two(date.getSeconds())}` : ''}`
}

/** `sample_x2` of `/models/sample_x2.onnx`. */
export const modelName = (path: string | null | undefined): string => (path ? fileName(path).replace(/\.onnx$/i, '') : NOTHING)

export const fileName = (path: string): string => path.split(/[\\/]/).findLast((part) => part !== '') ?? path

/** The end of a run's id, where ids differ. */
export const shortRun = (run: string): string => run.slice(-6).toLowerCase()

/** Float less quantized: positive where quality is lost. */
export const drop = (float: Maybe, quantized: Maybe): number | null => (isMissing(float) || isMissing(quantized) ? null : float - quantized)

/** Digits after the point that mean something in a unit of quality. */
export const digitsOf = (unit: string): number => (unit === 'dB' ? 3 : unit === '%' ? 2 : 5)

/** The unit of a protocol's numbers, by its id. */
export function unitOf(protocol: string): 'dB' | '%' | 'ratio' {
  if (/^(psnr|sqnr)/.test(protocol)) return 'dB'
  if (/^(agreement\/|top\d|ap)/.test(protocol)) return '%'
  const own = /^score\/.*\/(%|dB)$/.exec(protocol)?.[1]
  return own === '%' || own === 'dB' ? own : 'ratio'
}

/** The measure without how it was taken: `PSNR-Y` of `psnr-y/shave2/studio`, `TOP1 vs float` of `agreement/top1`, a score's own name. */
export function protocolName(protocol: string): string {
  const [name = protocol, how = ''] = protocol.split('/')
  if (name === 'agreement') return `${how.toUpperCase()} vs float`
  if (name === 'score') return decodeURIComponent(how.split('@')[0]!)
  const outputs = /^output\((.+)\)$/.exec(protocol.slice(name.length + 1))?.[1]
  return `${name.toUpperCase()}${outputs === undefined ? '' : ` ${decodeURIComponent(outputs)}`}`
}
