import { Fault } from '../core/fault.ts'
import { seededRandom } from '../core/random.ts'
import type { Expectation } from './expectation.ts'
import { geometryOf, sizeAfter } from './geometry.ts'
import type { Geometry } from './geometry.ts'
import type { Candidate } from './inspect-pictures.ts'
import { stemOf } from './pair-references.ts'
import type { Preprocess } from './sample.ts'
import type { Unusable } from './unusable.ts'

/** One sample: which picture, and what is done to it. */
export interface Choice {
  readonly id: string
  readonly candidate: Candidate
  readonly geometry: Geometry
}

/** Keeps the draw of pictures apart from the draws of crops, which use (seed, sample). */
const DRAW = 0x5ca1e

/** `count` of `total` positions by a shuffle that depends on the seed and the total alone, ascending. */
export function drawIndices(total: number, count: number, seed: number): number[] {
  const random = seededRandom(seed, DRAW, total)
  const order = Array.from({ length: total }, (_, index) => index)
  for (let at = 0; at < count; at++) {
    const other = at + Math.floor(random() * (total - at))
    ;[order[at], order[other]] = [order[other]!, order[at]!]
  }
  return order.slice(0, count).toSorted((a, b) => a - b)
}

/** Stems, or where two are alike the paths without extension, or with it. */
function idsOf(names: readonly string[]): Map<string, string> {
  const forms = [stemOf, (name: string) => name.replace(/\.[^./]*$/, ''), (name: string) => name]
  const unique = forms.map((form) => {
    const counts = new Map<string, number>()
    for (const name of names) counts.set(form(name), (counts.get(form(name)) ?? 0) + 1)
    return counts
  })
  return new Map(names.map((name) => [name, forms.find((form, index) => unique[index]!.get(form(name)) === 1)?.(name) ?? name]))
}

/** Whether the final size is one that the input takes; else both sizes in words. */
function misfit(size: readonly [number, number], expectation: Expectation, layout: Preprocess['layout']): string | undefined {
  const dims = expectation.input!.dims
  const wanted = layout === 'nchw' ? [dims?.[2], dims?.[3]] : [dims?.[1], dims?.[2]]
  const fits = wanted.every((dim, axis) => typeof dim !== 'number' || dim === size[axis])
  const shown = wanted.map((dim) => (typeof dim === 'number' ? dim : 'any'))
  return fits ? undefined : `it comes to ${size[1]}×${size[0]} pixels, the model takes ${shown[1]}×${shown[0]} only`
}

/**
 * Which samples are made of the usable pictures. Pictures that a step cannot be applied to are added to `unusable`, and the
 * choice is then to be made again without them.
 */
export function chooseSamples(
  candidates: readonly Candidate[], spec: { readonly count?: number; readonly seed?: number }, preprocess: Preprocess, expectation: Expectation, unusable: Unusable,
): Choice[] {
  const { count = candidates.length, seed = 0 } = spec
  if (count > candidates.length && preprocess.crop?.mode !== 'random') {
    throw new Fault({
      code: 'samples.count', where: 'count', what: `${count} samples are asked for, there are ${candidates.length} pictures`,
      next: 'Give `preprocess.crop` with mode random to take several parts of each picture, or a smaller count.',
    })
  }
  const ids = idsOf(candidates.map(({ name }) => name))
  const pictures = count < candidates.length ? drawIndices(candidates.length, count, seed).map((at) => candidates[at]!) : candidates
  const several = count > pictures.length
  const fixed = expectation.input!.size.value !== null
  const choices: Choice[] = []
  for (let index = 0; index < count; index++) {
    const candidate = pictures[index % pictures.length]!
    const geometry = geometryOf(candidate.size, preprocess, fixed, seed, index)
    if ('refused' in geometry) {
      unusable.add(candidate.name, candidate.path, 'samples.size', geometry.refused)
      continue
    }
    const wrong = misfit(sizeAfter(candidate.size, geometry), expectation, preprocess.layout)
    if (wrong !== undefined) unusable.add(candidate.name, candidate.path, 'samples.size', wrong)
    else choices.push({ id: `${ids.get(candidate.name)}${several ? `#${Math.floor(index / pictures.length) + 1}` : ''}`, candidate, geometry })
  }
  return choices
}
