import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import type { RawPicture, ReplyOf, SamplePictures } from '../../../preload/contract/index.ts'
import { call, useCall, type Versions } from '../../client.ts'
import { drop } from '../../ui/format.ts'
import type { Faces } from './sides.ts'

export type SampleList = ReplyOf<'pictures.list'>
export type ListedSample = SampleList['samples'][number]

/** What quantization cost a sample: what is lost against float, or what is measured where float itself has no number. */
export const lossOf = ({ scores }: { readonly scores: Versions }): number | null => drop(scores.float, scores.simulated) ?? (scores.simulated === null ? null : -scores.simulated)

/** The greatest loss first, samples without a number last. */
export const worstFirst = (samples: readonly ListedSample[]): readonly ListedSample[] =>
  samples.toSorted((a, b) => (lossOf(b) ?? -Infinity) - (lossOf(a) ?? -Infinity) || a.index - b.index)

/** Raw pictures are large: those of a sample that was left go soon. */
const KEPT_MS = 4000

/** Two runs of one model have the same float side: it is shown once. */
const sameLevels = (one: RawPicture, other: RawPicture | undefined): boolean =>
  other !== undefined && one.data.length === other.data.length && one.data.every((level, at) => level === other.data[at])

const usePictures = (run: string, sample: number | null) =>
  useQuery({
    queryKey: ['pictures.show', { run, sample }], enabled: sample !== null && run !== '', staleTime: Infinity, gcTime: KEPT_MS, placeholderData: keepPreviousData,
    queryFn: ({ signal }) => call('pictures.show', { run, sample: sample ?? 0 }, signal),
  })

export interface ShownSample {
  /** What is known: of the sample before, while those of the chosen one are made. */
  readonly shown: SamplePictures | undefined
  readonly isOld: boolean
  /** Pictures of the run and, under names of their own, of the run beside it. */
  readonly faces: Faces | null
  readonly other: SamplePictures | undefined
  readonly error: Error | null
  /** What is wrong with the run beside this one. */
  readonly otherError: Error | null
  /** The run beside this one was not compared on this sample. */
  readonly isMissingInOther: boolean
}

/** One sample of a run, with the same sample of another run where one stands beside it. */
export function useShownSample(run: string, sample: ListedSample | undefined, beside: string): ShownSample {
  const mine = usePictures(run, sample?.index ?? null)
  const list = useCall('pictures.list', { run: beside }, { enabled: beside !== '' })
  const index = list.data?.samples.find((each) => each.sample === sample?.sample)?.index ?? null
  const theirs = usePictures(beside, index)
  const shown = mine.data
  // Never two samples beside each other.
  const other = beside !== '' && theirs.data?.sample === shown?.sample ? theirs.data : undefined
  const faces = useMemo((): Faces | null => {
    if (shown === undefined) return null
    const { float, simulated, fused } = other?.pictures ?? {}
    return { ...shown.pictures, ...(float && !sameLevels(float, shown.pictures.float) && { 'other-float': float }), ...(simulated && { 'other-simulated': simulated }), ...(fused && { 'other-fused': fused }) }
  }, [shown, other])
  return {
    shown, isOld: mine.isPlaceholderData, faces, other, error: mine.error, otherError: beside === '' ? null : (list.error ?? theirs.error),
    isMissingInOther: beside !== '' && list.data !== undefined && sample !== undefined && index === null,
  }
}
