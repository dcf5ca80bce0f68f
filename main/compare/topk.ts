import { Fault } from '../core/fault.ts'
import { shortHash } from '../core/hash.ts'
import { didYouMean } from '../core/nearest.ts'
import type { TopkSettings } from '../core/score.ts'
import type { Sample } from '../samples/sample.ts'
import { meanOf, type Measure } from './measure.ts'
import type { VersionOutput } from './scores.ts'

/** The right class of a sample, as an index of the output, and where that is written. */
export interface ClassLabel {
  readonly label: number
  readonly where: string
}

export interface TopkFacts {
  /** The output that is judged where the settings name none. */
  readonly output: string
  /** By sample id. Absent: only the agreement with the float model is measured. */
  readonly labels?: ReadonlyMap<string, ClassLabel>
}

/** Whether an index is among the `k` largest; of equal values the lower index is larger. */
export function isAmongLargest(values: ArrayLike<number>, index: number, k: number): boolean {
  const own = values[index]!
  let larger = 0
  for (let other = 0; other < values.length && larger < k; other++) if (values[other]! > own || (values[other] === own && other < index)) larger++
  return larger < k
}

/** Index of the largest value; of equal ones the lowest. */
export function argmax(values: ArrayLike<number>): number {
  let best = 0
  for (let index = 1; index < values.length; index++) if (values[index]! > values[best]!) best = index
  return best
}

/**
 * `topK/labels@…` where there are labels, in percent of samples, then `agreement/topK`: the float model's largest class among the K largest.
 * Ties go to the lower index. Throws `recipe.metric` or `samples.labels` when a sample does not fit.
 */
export function topkMeasures(settings: TopkSettings, facts: TopkFacts): Measure<boolean>[] {
  const name = settings.output ?? facts.output
  const suffix = settings.output === undefined ? '' : `/${encodeURIComponent(name)}`
  const { labels } = facts
  const digest = labels && shortHash([...labels].map(([id, { label }]) => [id, label]))
  const measure = (id: string, k: number, isRelative: boolean, right: (float: VersionOutput, sample: Sample, classes: number) => number): Measure<boolean> => ({
    id: `${id}${suffix}`, unit: '%', isRelative, needsPicture: false, keepsSamples: isRelative && k === settings.k[0],
    evidence(output, float, sample) {
      const values = valuesOf(output, name)
      if (k > values.length) throw new Fault({ code: 'recipe.metric', where: `output ${name}`, what: `it has ${values.length} classes, the largest ${k} are asked for`, next: 'Give a smaller `k`, or name the output of the classes.' })
      return isAmongLargest(values, right(float, sample, values.length), k)
    },
    total: (hits) => meanOf(hits.map((hit) => (hit ? 100 : 0))),
  })
  const labelled = labels === undefined ? [] : settings.k.map((k) => measure(`top${k}/labels@${digest}`, k, false, (_, sample, classes) => labelOf(labels, sample, classes)))
  return [...labelled, ...settings.k.map((k) => measure(`agreement/top${k}`, k, true, (float) => argmax(valuesOf(float, name))))]
}

function valuesOf(output: VersionOutput, name: string): Float32Array {
  const values = output.values.get(name)
  if (values) return values
  throw new Fault({ code: 'recipe.metric', where: `output ${name}`, what: 'the model has no such float output', next: didYouMean(name, output.values.keys()) ?? 'Correct `samples.evaluation.metric.output`.' })
}

function labelOf(labels: ReadonlyMap<string, ClassLabel>, sample: Sample, classes: number): number {
  const found = labels.get(sample.id)
  if (!found) throw new Fault({ code: 'bug.label', where: sample.id, what: 'the sample has no label' })
  if (found.label >= 0 && found.label < classes) return found.label
  throw new Fault({ code: 'samples.labels', where: found.where, what: `class ${found.label} is none of the ${classes} that the model tells apart`, next: 'Correct the label, or set `metric.offset` where the model counts otherwise.' })
}
