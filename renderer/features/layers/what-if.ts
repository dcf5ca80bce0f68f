import { useEffect, useMemo, useSyncExternalStore } from 'react'
import type { Grid } from '../../../preload/contract/index.ts'
import { call } from '../../client.ts'
import type { Bounds } from './axis.ts'

/** What a range would do to a tensor. */
export interface Answer {
  readonly clippedPercent: number
  readonly step: number
  readonly zeroPoint: number
  readonly predictedSqnrDb: number
  /** Mean squared error by cause. */
  readonly rounding: number
  readonly clipping: number
}

export interface Place {
  readonly run: string
  readonly tensor: string
  readonly grid: Grid
}

/** Answers by range; what was asked once is never asked again. */
export interface WhatIf {
  at(range: Bounds): Answer | undefined
  ask(ranges: readonly Bounds[]): void
  /** The last fault, null where there was none. */
  fault(): unknown
  /** Changes with every answer. */
  version(): number
  watch(listener: () => void): () => void
}

/** As many as one call takes. */
const MOST = 1024

const keyOf = ({ lo, hi }: Bounds): string => `${lo} ${hi}`

export function openWhatIf({ run, tensor, grid }: Place): WhatIf {
  const known = new Map<string, Answer | null>()
  const listeners = new Set<() => void>()
  let version = 0
  let fault: unknown = null
  const tell = (): void => {
    version += 1
    for (const listener of listeners) listener()
  }
  const ask = async (ranges: readonly Bounds[]): Promise<void> => {
    for (const range of ranges) known.set(keyOf(range), null)
    try {
      const reply = await call('statistics.whatIf', { run, tensor, grid, ranges: [...ranges] })
      for (const [index, range] of ranges.entries()) {
        known.set(keyOf(range), {
          clippedPercent: reply.clippedPercent[index]!, step: reply.step[index]!, zeroPoint: reply.zeroPoint[index]!, predictedSqnrDb: reply.predictedSqnrDb[index]!,
          rounding: reply.roundingError[index]!, clipping: reply.clippingError[index]!,
        })
      }
      fault = null
    } catch (error) {
      for (const range of ranges) known.delete(keyOf(range))
      fault = error
    }
    tell()
  }
  return {
    at: (range) => known.get(keyOf(range)) ?? undefined,
    ask(ranges) {
      const asked = new Map(ranges.filter((range) => !known.has(keyOf(range))).map((range) => [keyOf(range), range]))
      const missing = [...asked.values()]
      for (let from = 0; from < missing.length; from += MOST) void ask(missing.slice(from, from + MOST))
    },
    fault: () => fault,
    version: () => version,
    watch(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

/** The answers about a tensor on a grid, as they come. */
export function useWhatIf({ run, tensor, grid }: Place): WhatIf {
  const { type, symmetric, reduced } = grid
  const whatIf = useMemo(() => openWhatIf({ run, tensor, grid: { type, symmetric, ...(reduced ? { reduced } : {}) } }), [run, tensor, type, symmetric, reduced])
  useSyncExternalStore(whatIf.watch, whatIf.version)
  return whatIf
}

/** Asks for ranges as soon as the window has nothing else to do. */
export function useAsked(whatIf: WhatIf, ranges: readonly Bounds[]): void {
  useEffect(() => whatIf.ask(ranges), [whatIf, ranges])
}
