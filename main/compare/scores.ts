import { Fault } from '../core/fault.ts'
import { didYouMean } from '../core/nearest.ts'
import type { Tensor } from '../onnx/graph.ts'
import { float32, isFloat } from '../onnx/tensor.ts'
import type { Expectation } from '../samples/expectation.ts'
import { pictureOf } from '../samples/picture.ts'
import type { Picture, Sample } from '../samples/sample.ts'
import { addErrors, cosine, decibels, noErrors, noiseRatio } from './errors.ts'
import { pictureQuality } from './protocol.ts'
import type { Protocol } from './protocol.ts'

/** What one version of the model gave for one sample. Non-float outputs (labels, indices) are left out. */
export interface VersionOutput {
  /** As the runtime gave them, all types. */
  readonly results: Readonly<Record<string, Tensor>>
  readonly values: ReadonlyMap<string, Float32Array>
  /** The output picture, levels neither rounded nor clipped; null for models that make none. */
  readonly picture: Picture | null
}

/**
 * The float outputs of a run, and the expected output as a picture where it is `wanted` as one.
 * Throws `model.not-finite` naming version, output, sample and index of the first NaN or infinity, `model.no-float-output`.
 */
export function versionOutput(results: Readonly<Record<string, Tensor>>, wanted: Expectation | null, version: string, sample: string): VersionOutput {
  const values = new Map<string, Float32Array>()
  for (const [name, tensor] of Object.entries(results)) {
    if (!isFloat(tensor.type)) continue
    const data = float32(tensor)
    const bad = data.findIndex((value) => !Number.isFinite(value))
    if (bad >= 0) {
      throw new Fault({
        code: 'model.not-finite',
        where: `output ${name}, sample ${sample}`,
        what: `the ${version} model gives ${data[bad]} at index ${bad}`,
        next: 'Check the weights of the model and the range that its input expects.',
      })
    }
    values.set(name, data)
  }
  if (values.size === 0) throw new Fault({ code: 'model.no-float-output', what: 'no output of the model is of a float type, so nothing can be compared' })
  return { results, values, picture: wanted === null ? null : pictureOf(results[wanted.output.name]!, wanted) }
}

/**
 * One sample's raw score, in the form that may be averaged: PSNR in dB, SSIM and cosine as they are, and for SQNR the noise
 * ratio. Several outputs count alike, or by the protocol's weights: their noise ratios (or cosines) are averaged. Throws `recipe.metric`
 * where the protocol names an output that is none.
 */
export function rawScore(protocol: Protocol, output: VersionOutput, float: VersionOutput | null, sample: Sample): number {
  if (protocol.kind === 'picture') {
    if (output.picture === null || sample.reference === undefined) throw noReference(protocol, sample)
    return pictureQuality(protocol, output.picture, sample.reference)
  }
  if (float === null) throw new Fault({ code: 'bug.no-float', what: `${protocol.id} was measured without the float model's outputs` })
  let [sum, weights] = [0, 0]
  for (const [name, weight] of protocol.outputs ?? [...float.values.keys()].map((each) => [each, 1] as const)) {
    const reference = float.values.get(name)
    if (!reference) throw new Fault({ code: 'recipe.metric', where: `output ${name}`, what: 'the model has no such float output', next: didYouMean(name, float.values.keys()) ?? 'Correct `samples.evaluation.metric.outputs`.' })
    const sums = noErrors()
    addErrors(sums, reference, output.values.get(name)!)
    sum += weight * (protocol.metric === 'sqnr' ? noiseRatio(sums) : cosine(sums))
    weights += weight
  }
  return sum / weights
}

const noReference = (protocol: Protocol, sample: Sample): Fault =>
  new Fault({
    code: 'samples.no-reference',
    where: `sample ${sample.id}`,
    what: `${protocol.id} needs a reference picture and this sample has none`,
    next: 'Give references (`samples.evaluation.reference`), or set `metric: sqnr`, which compares with the float model.',
  })

/** A raw score as it is shown: noise ratios become dB (within ±120); null stands for an infinite PSNR. */
export function shownScore(protocol: Protocol, raw: number): number | null {
  if (protocol.metric === 'sqnr') return decibels(1, raw)
  return Number.isFinite(raw) ? raw : null
}

/**
 * Mean over samples: of PSNR, SSIM and cosine as numbers (the mean of PSNR, not the PSNR of the mean error), of SQNR as
 * noise ratios that become dB at the end. Infinite PSNRs (identical pictures) are left out and counted; null: nothing is left.
 */
export function meanScore(protocol: Protocol, raws: readonly number[]): { readonly mean: number | null; readonly infinite: number } {
  const finite = raws.filter((raw) => Number.isFinite(raw))
  const mean = finite.reduce((sum, raw) => sum + raw, 0) / finite.length
  return { mean: finite.length === 0 ? null : shownScore(protocol, mean), infinite: raws.length - finite.length }
}
