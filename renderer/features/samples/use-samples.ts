import { keepPreviousData, useQuery, type UseQueryResult } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import type { SamplePreview, SamplesCoverage, SamplesLeak, SamplesLook, SamplesPart } from '../../../preload/contract/index.ts'
import { call, faultOf, type RecipeJson } from '../../client.ts'
import { filesKey, PARTS, placeOf } from './sample-place.ts'

/** While something is being looked through the next part of the answer is asked for at once. */
const GO_ON_MS = 60
/** Pictures that are decoded without being asked to: a second or two of work. */
export const MOST_UNASKED = 400

/** A value once it has not changed for a moment. */
export function useSettled<T>(value: T, ms = 180): T {
  const [settled, setSettled] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), ms)
    return () => clearTimeout(timer)
  }, [value, ms])
  return settled
}

/** The last that was seen of the files of each part. */
const lastLooks = new Map<SamplesPart, { readonly key: string; readonly look: SamplesLook }>()

/** Where a value of the recipe is impossible, the files are still those that were seen before: what is wrong is told beside them. */
async function lookAt(place: RecipeJson, part: SamplesPart, signal: AbortSignal): Promise<SamplesLook> {
  const key = filesKey(place, part)
  try {
    const look = await call('samples.look', { recipe: place, part }, signal)
    lastLooks.set(part, { key, look })
    return look
  } catch (thrown) {
    const last = lastLooks.get(part)
    const fault = faultOf(thrown)
    if (last?.key !== key || !fault.code.startsWith('recipe.')) throw thrown
    return { ...last.look, fault }
  }
}

/** What a part of the recipe finds; asked again until every header is known. */
export function useLook(recipe: RecipeJson, part: SamplesPart): UseQueryResult<SamplesLook> {
  const place = placeOf(recipe, [part])
  return useQuery({
    queryKey: ['samples.look', part, place],
    queryFn: ({ signal }) => lookAt(place ?? {}, part, signal),
    enabled: place !== undefined,
    placeholderData: place === undefined ? undefined : keepPreviousData,
    refetchInterval: ({ state }) => (state.data !== undefined && state.data.seen.done < state.data.seen.total ? GO_ON_MS : false),
  })
}

export function usePreview(recipe: RecipeJson, part: SamplesPart, what: { readonly file: number; readonly crop: number; readonly as: 'model' | 'stretched' }, enabled: boolean): UseQueryResult<SamplePreview> {
  const place = placeOf(recipe, [part])
  return useQuery({
    queryKey: ['samples.preview', part, place, what],
    queryFn: ({ signal }) => call('samples.preview', { recipe: place ?? {}, part, ...what }, signal),
    enabled: enabled && place !== undefined,
    placeholderData: keepPreviousData,
  })
}

const isPart = (data: { readonly done: number; readonly total: number } | undefined): boolean => data !== undefined && data.done < data.total

export function useCoverage(recipe: RecipeJson, part: SamplesPart, enabled: boolean): UseQueryResult<SamplesCoverage> {
  const place = placeOf(recipe, [part])
  return useQuery({
    queryKey: ['samples.coverage', part, place],
    queryFn: ({ signal }) => call('samples.coverage', { recipe: place ?? {}, part }, signal),
    enabled: enabled && place !== undefined,
    refetchInterval: ({ state }) => (isPart(state.data) ? GO_ON_MS : false),
  })
}

export function useLeak(recipe: RecipeJson, enabled: boolean): UseQueryResult<SamplesLeak> {
  const place = placeOf(recipe, PARTS)
  return useQuery({
    queryKey: ['samples.leak', place],
    queryFn: ({ signal }) => call('samples.leak', { recipe: place ?? {} }, signal),
    enabled: enabled && place !== undefined,
    refetchInterval: ({ state }) => (isPart(state.data) ? GO_ON_MS : false),
  })
}
