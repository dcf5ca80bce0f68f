import { Fault } from '../core/fault.ts'
import { didYouMean } from '../core/nearest.ts'
import type { Expectation } from '../samples/expectation.ts'
import type { Picture } from '../samples/sample.ts'
import { planesOf, roundedPicture, shaved } from './planes.ts'
import type { Plane } from './planes.ts'
import { psnr } from './psnr.ts'
import { ssim } from './ssim.ts'

/** Output picture against the sample's reference picture. */
export interface PictureProtocol {
  readonly kind: 'picture'
  readonly id: string
  readonly metric: 'psnr' | 'ssim'
  readonly color: 'y' | 'rgb'
  /** Pixels left out on every side. */
  readonly shave: number
  readonly unit: 'dB' | 'ratio'
}

/** All outputs against those of the float model; needs no reference. */
export interface OutputProtocol {
  readonly kind: 'output'
  readonly id: string
  readonly metric: 'sqnr' | 'cosine'
  /** Name and weight of the outputs that count. Absent: all alike. */
  readonly outputs?: readonly (readonly [name: string, weight: number])[]
  readonly unit: 'dB' | 'ratio'
}

export type Protocol = PictureProtocol | OutputProtocol

/** Metric names of a recipe. */
export const METRICS = ['psnr-y', 'psnr-rgb', 'ssim-y', 'ssim-rgb', 'sqnr', 'cosine'] as const

export type Metric = (typeof METRICS)[number]

const PICTURE_ID = /^(psnr|ssim)-(?:(y)\/shave(\d{1,4})\/studio|(rgb)\/shave(\d{1,4}))$/
const OUTPUT_ID = /^(sqnr|cosine)\/output(?:\(([^()]+)\))?$/
/** An output with its weight, as `boxes*2`; names as encodeURIComponent writes them. */
const WEIGHTED = /^([^,*]+)(?:\*([\d.e+-]+))?$/

const escaped = (name: string): string => encodeURIComponent(name).replace(/[()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)

/** The protocol of certain outputs: `cosine/output(scores,boxes*2)`. */
export const outputProtocol = (metric: 'sqnr' | 'cosine', outputs?: Readonly<Record<string, number>>): Protocol =>
  parseProtocol(`${metric}/output${outputs === undefined ? '' : `(${Object.entries(outputs).map(([name, weight]) => `${escaped(name)}${weight === 1 ? '' : `*${weight}`}`).join(',')})`}`)

/** The protocol of an id such as `psnr-y/shave3/studio`. Throws `recipe.unknown-protocol`. */
export function parseProtocol(id: string): Protocol {
  const output = OUTPUT_ID.exec(id)
  if (output) {
    const metric = output[1] === 'sqnr' ? 'sqnr' : 'cosine'
    const outputs = output[2]?.split(',').map((text) => {
      const [, name, weight] = WEIGHTED.exec(text) ?? []
      return [decodeURIComponent(name ?? ''), Number(weight ?? 1)] as const
    })
    return { kind: 'output', id, metric, unit: metric === 'sqnr' ? 'dB' : 'ratio', ...(outputs ? { outputs } : {}) }
  }
  const picture = PICTURE_ID.exec(id)
  if (!picture) {
    throw new Fault({
      code: 'recipe.unknown-protocol',
      what: `«${id}» is no protocol of quality`,
      next: 'Protocols are psnr-y/shaveN/studio, ssim-y/shaveN/studio, psnr-rgb/shaveN, ssim-rgb/shaveN, sqnr/output and cosine/output.',
    })
  }
  const metric = picture[1] === 'psnr' ? 'psnr' : 'ssim'
  const color = picture[2] === undefined ? 'rgb' : 'y'
  return { kind: 'picture', id, metric, color, shave: Number(picture[3] ?? picture[5]), unit: metric === 'psnr' ? 'dB' : 'ratio' }
}

/**
 * The protocol of a recipe's metric. `shave` defaults to the upscale factor, as the papers on Set5 and BSD100 do; it has
 * no meaning for `sqnr` and `cosine`. Throws `recipe.unknown-metric`, `recipe.bad-shave` or `recipe.shave-needed`.
 */
export function protocolOf(metric: string, shave: number | undefined, upscale: number | null): Protocol {
  if (!(METRICS as readonly string[]).includes(metric)) {
    throw new Fault({ code: 'recipe.unknown-metric', what: `«${metric}» is no metric`, next: didYouMean(metric, METRICS) })
  }
  if (metric === 'sqnr' || metric === 'cosine') return parseProtocol(`${metric}/output`)
  if (shave === undefined && upscale === null) {
    throw new Fault({
      code: 'recipe.shave-needed',
      what: 'the upscale factor of the model is not known, so neither is the usual shave',
      next: 'Set `samples.evaluation.shave`.',
    })
  }
  const border = shave ?? Math.round(upscale!)
  if (!Number.isInteger(border) || border < 0 || border > 9999) {
    throw new Fault({ code: 'recipe.bad-shave', what: `a shave of ${border} pixels is not possible`, next: 'Give a whole number from 0 on.' })
  }
  return parseProtocol(`${metric}/shave${border}${metric.endsWith('-y') ? '/studio' : ''}`)
}

/**
 * Protocol ids for a model: the recipe's metric first (by default PSNR-Y for pictures with references, else SQNR against
 * the float model), then the others of its kind. Throws `recipe.metric-needs-picture`, and what protocolOf throws.
 */
export function protocolsFor(
  expectation: Expectation,
  references: boolean,
  wish: { readonly metric?: string | undefined; readonly shave?: number | undefined },
): string[] {
  const { kind, channels, factor, name } = expectation.output
  const picture = kind.value === 'picture'
  const main = protocolOf(wish.metric ?? (picture && references ? 'psnr-y' : 'sqnr'), wish.shave, factor.value)
  if (main.kind === 'output') return [...new Set([main.id, 'sqnr/output', 'cosine/output'])]
  if (!picture) {
    throw new Fault({
      code: 'recipe.metric-needs-picture',
      where: `output ${name}`,
      what: `${main.id} compares pictures, and the model's output is none: ${kind.how}`,
      next: 'Use `metric: sqnr` or `metric: cosine`, or say `output: { kind: picture }` if it is one.',
    })
  }
  const others = channels.value === 3 ? ['psnr-y', 'psnr-rgb', 'ssim-y'] : ['psnr-y', 'ssim-y']
  return [...new Set([main.id, ...others.map((metric) => protocolOf(metric, main.shave, factor.value).id)])]
}

/**
 * Quality of one output picture. The output is rounded half to even and clipped to 0..255; both pictures are cropped
 * from the top left to their common size, then shaved. PSNR of identical pictures is Infinity.
 */
export function pictureQuality(protocol: PictureProtocol, output: Picture, reference: Picture): number {
  const width = Math.min(output.width, reference.width)
  const height = Math.min(output.height, reference.height)
  refuseOtherSize(output, reference)
  const planes = (picture: Picture): Plane[] => planesOf(shaved(picture, width, height, protocol.shave), protocol.color)
  const ours = planes(roundedPicture(output))
  const theirs = planes(reference)
  if (protocol.metric === 'psnr') return psnr(ours, theirs)
  return ours.reduce((sum, plane, index) => sum + ssim(plane, theirs[index]!), 0) / ours.length
}

/** Cropping evens out a few pixels of padding; a reference of another magnification would give a number without meaning. */
function refuseOtherSize(output: Picture, reference: Picture): void {
  const apart = (a: number, b: number) => Math.max(a, b) >= 1.5 * Math.min(a, b)
  if (!apart(output.width, reference.width) && !apart(output.height, reference.height)) return
  throw new Fault({
    code: 'samples.reference-size',
    what: `the model's output is ${output.width}×${output.height}, the reference ${reference.width}×${reference.height}`,
    next: 'Pair the samples with references of the size that the model makes.',
  })
}
