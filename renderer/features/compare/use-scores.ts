import { useMemo } from 'react'
import type { SamplePictures } from '../../../preload/contract/index.ts'
import { headroomOf, pairFacts, type Headroom, type PairFacts } from './analysis.ts'
import { measureOf, regionPsnr, wholeOf, type Region } from './psnr.ts'
import { isOther, sidesOf, versionOf, type Faces, type Side } from './sides.ts'
import { useWork } from './use-work.ts'

/** In dB, or in the unit of the run's protocol where it is no PSNR; null: no number. */
export type Scores = Readonly<Partial<Record<Side, number | null>>>

/** What the run recorded of each side; of bicubic, and of a run with another protocol, PSNR measured here by the same formula. */
export function useScores(faces: Faces, shown: SamplePictures, other: SamplePictures | undefined): Scores {
  const recorded = useMemo((): Scores => {
    const same = other !== undefined && other.protocol === shown.protocol ? other.scores : null
    return Object.fromEntries(sidesOf(faces).flatMap((side) => {
      const version = versionOf(side)
      if (version === 'reference' || version === 'bicubic') return []
      const score = (isOther(side) ? same : shown.scores)?.[version]
      return score === null || score === undefined ? [] : [[side, score]]
    }))
  }, [faces, shown, other])
  const isPsnr = shown.protocol.startsWith('psnr')
  const measured = useWork(isPsnr && faces.reference !== undefined ? async (signal) => {
    const found: Partial<Record<Side, number | null>> = {}
    for (const side of sidesOf(faces)) {
      if (side === 'reference' || recorded[side] !== undefined) continue
      found[side] = await regionPsnr(faces[side]!, faces.reference!, wholeOf(faces[side]!), measureOf(shown.protocol), signal)
    }
    return found
  } : null, [faces, shown, recorded])
  return useMemo(() => ({ ...recorded, ...measured }), [recorded, measured])
}

export interface RegionScore {
  readonly a: number | null
  readonly b: number | null
}

/** PSNR of each region for both sides against the reference; without one, of B against A. Null until measured. */
export function useRegionScores(faces: Faces, regions: readonly Region[], a: Side, b: Side, protocol: string): readonly RegionScore[] | null {
  return useWork(regions.length === 0 ? null : async (signal) => {
    const measure = measureOf(protocol)
    const scores: RegionScore[] = []
    const of = async (side: Side, region: Region): Promise<number | null> => {
      const [output, reference] = [faces[side], faces.reference]
      return output === undefined || reference === undefined || side === 'reference' ? null : regionPsnr(output, reference, region, measure, signal)
    }
    for (const region of regions) {
      if (faces.reference !== undefined) scores.push({ a: await of(a, region), b: await of(b, region) })
      else scores.push({ a: null, b: faces[a] && faces[b] ? await regionPsnr(faces[b], faces[a], region, { ...measure, shave: 0 }, signal) : null })
    }
    return scores
  }, [faces, regions, a, b, protocol])
}

/** How the two sides differ; null until measured. */
export function usePairFacts(faces: Faces, a: Side, b: Side): PairFacts | null {
  const [first, second] = [faces[a], faces[b]]
  return useWork(first === undefined || second === undefined ? null : (signal) => pairFacts(first, second, signal), [first, second])
}

/** What clipping takes from each side; null until measured. */
export function useHeadroom(faces: Faces): readonly (readonly [Side, Headroom])[] | null {
  return useWork(async (signal) => {
    const found: (readonly [Side, Headroom])[] = []
    for (const side of sidesOf(faces)) found.push([side, await headroomOf(faces[side]!, signal)])
    return found
  }, [faces])
}
