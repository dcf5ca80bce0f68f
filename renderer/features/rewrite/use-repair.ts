import { useMemo } from 'react'
import type { RewriteWish } from '../../../preload/contract/index.ts'
import { useCall } from '../../client.ts'

/** What is asked about a repair: the draft, its wishes, and which of their steps. */
export interface RepairPlace {
  readonly recipe: string
  readonly wishes: readonly RewriteWish[]
  readonly step: number
}

/** A repair's effect on one sample. Asked anew when another plan or sample is looked at; the picture before stands meanwhile. */
export function useRepair({ recipe, wishes, step }: RepairPlace, sample: number) {
  const request = useMemo(() => ({ recipe, wishes: [...wishes], step, sample }), [recipe, wishes, step, sample])
  return useCall('rewrites.repair', request, { staleTime: Infinity, keepPrevious: true })
}
