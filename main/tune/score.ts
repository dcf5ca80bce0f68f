import { addErrors, noErrors, noiseRatio } from '../compare/errors.ts'
import type { Measure } from '../compare/measure.ts'
import { versionOutput, type VersionOutput } from '../compare/scores.ts'
import type { Tensor } from '../onnx/graph.ts'
import type { Expectation } from '../samples/expectation.ts'
import type { Sample } from '../samples/sample.ts'

/** What one version of a model came to on one sample. */
export interface SampleScore {
  /** Noise over signal, mean over outputs. */
  readonly nsr: number
  /** Of the task's measure. */
  readonly evidence: unknown
}

export interface Total {
  readonly nsr: number
  /** Null where the measure has no number. */
  readonly score: number | null
}

type Results = Readonly<Record<string, Tensor>>

/** Scores versions of a model sample by sample, against the float model's outputs and by the task's measure. */
export interface Scorer {
  readonly protocol: string
  /** The float model's own outputs of a sample come first. */
  setFloat(sample: number, results: Results): Promise<void>
  hasFloat(sample: number): boolean
  score(version: string, sample: number, results: Results): Promise<SampleScore>
  total(scores: readonly SampleScore[]): Total
  /** Of the float model on the first samples; null where the measure compares with it. */
  floatScore(samples: number): number | null
  /** Standard error of the mean loss against float over samples; null where single samples have no number, or there is but one. */
  scoreError(scores: readonly SampleScore[]): number | null
}

/** `samples` are those that results will be given of, by index. */
export function openScorer(measure: Measure, expectation: Expectation, samples: readonly Sample[]): Scorer {
  const wanted = measure.needsPicture ? expectation : null
  const floats = new Map<number, { readonly output: VersionOutput; readonly evidence: unknown }>()
  return {
    protocol: measure.id,
    hasFloat: (sample) => floats.has(sample),
    async setFloat(sample, results) {
      const output = versionOutput(results, wanted, 'float', samples[sample]!.id)
      floats.set(sample, { output, evidence: measure.isRelative ? null : await measure.evidence(output, output, samples[sample]!) })
    },
    async score(version, sample, results) {
      const float = floats.get(sample)!.output
      const output = versionOutput(results, wanted, version, samples[sample]!.id)
      return { nsr: outputNsr(float, output), evidence: await measure.evidence(output, float, samples[sample]!) }
    },
    total: (scores) => ({ nsr: mean(scores.map(({ nsr }) => nsr)), score: measure.total(scores.map(({ evidence }) => evidence)).mean }),
    floatScore: (count) => (measure.isRelative ? null : measure.total(samples.slice(0, count).map((_, index) => floats.get(index)!.evidence)).mean),
    scoreError(scores) {
      const losses = scores.map(({ evidence }, index) => {
        const [own, float] = [measure.total([evidence]).mean, measure.isRelative ? 0 : measure.total([floats.get(index)!.evidence]).mean]
        return own === null || float === null ? null : float - own
      })
      if (losses.length < 2 || losses.some((loss) => loss === null)) return null
      const middle = mean(losses as number[])
      return Math.sqrt((losses as number[]).reduce((sum, loss) => sum + (loss - middle) ** 2, 0) / (losses.length - 1) / losses.length)
    },
  }
}

/** Outputs count alike: their noise ratios are averaged (ALGORITHMS 8.1). */
export function outputNsr(float: VersionOutput, output: VersionOutput): number {
  return mean([...float.values].map(([name, reference]) => nsrOf(reference, output.values.get(name)!)))
}

export function nsrOf(reference: Float32Array, values: Float32Array): number {
  const sums = noErrors()
  addErrors(sums, reference, values)
  return noiseRatio(sums)
}

export const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
