import { Fault } from '../core/fault.ts'
import { samplesSha256Of, sortSamples } from './observed-samples.ts'
import type { Statistics } from './statistics.ts'
import { mergeTensorStatistics } from './tensor-tally.ts'

/**
 * Statistics of parts as those of one pass over all their pictures, bit for bit, in any order.
 * Throws `input.statistics-*` when the parts are of different models or protocols, or share a picture.
 */
export function mergeStatistics(parts: readonly Statistics[]): Statistics {
  const first = parts[0]
  if (first === undefined) throw new Fault({ code: 'input.statistics-none', what: 'there are no statistics to merge', next: 'Give at least one statistics file.' })
  for (const part of parts.slice(1)) checkSameKind(first, part)
  const observed = sortSamples(parts.flatMap((part) => part.observed))
  for (let index = 1; index < observed.length; index++) {
    const [before, sample] = [observed[index - 1]!, observed[index]!]
    if (before.id !== sample.id || before.sha256 !== sample.sha256) continue
    throw new Fault({
      code: 'input.statistics-overlap',
      where: `sample '${sample.id}'`,
      what: 'two of the statistics to merge hold this sample, which would count twice',
      next: 'Merge statistics of disjoint sets of samples.',
    })
  }
  const tensors = [...first.tensors.keys()].map((name) => [name, mergeTensorStatistics(parts.map((part) => part.tensors.get(name)!))] as const)
  return { ...first, samplesSha256: samplesSha256Of(observed), samples: observed.length, observed, tensors: new Map(tensors) }
}

function checkSameKind(a: Statistics, b: Statistics): void {
  const differ = (what: string, x: string, y: string): never => {
    throw new Fault({ code: 'input.statistics-differ', what: `the statistics to merge differ in ${what}: ${x} and ${y}`, next: 'Merge only statistics that were observed in the same way.' })
  }
  if (a.modelSha256 !== b.modelSha256) differ('the model', a.modelSha256.slice(0, 12), b.modelSha256.slice(0, 12))
  if (a.protocol !== b.protocol) differ('the protocol', `'${a.protocol}'`, `'${b.protocol}'`)
  if (a.valuesPerTensor !== b.valuesPerTensor) differ('values per tensor', String(a.valuesPerTensor), String(b.valuesPerTensor))
  const only = [...new Set(a.tensors.keys()).symmetricDifference(new Set(b.tensors.keys()))]
  if (only.length > 0) differ('the tensors watched', `${a.tensors.size}`, `${b.tensors.size}, for one '${only[0]}'`)
}
