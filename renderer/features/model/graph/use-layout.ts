import { useEffect, useRef, useState } from 'react'
import type { Drawing } from './drawing.ts'
import { elkGraphOf, layoutOf, type Direction, type Layout } from './elk-graph.ts'
import { openLayoutEngine, type LayoutEngine } from './layout-engine.ts'

export interface LayoutWork {
  /** The last that was done; it belongs to an earlier drawing while a new one is laid out, or was stopped. */
  readonly layout: Layout | null
  readonly busy: boolean
  readonly fault: unknown
  /** Leaves the graph as it was before. */
  readonly cancel: () => void
}

interface Ended {
  readonly drawing: Drawing
  readonly direction: Direction
  readonly layout: Layout | null
  readonly fault: unknown
}

/** Lays a drawing out in a worker, whenever it or the direction changes. */
export function useLayout(drawing: Drawing, direction: Direction): LayoutWork {
  const engine = useRef<LayoutEngine>(null)
  const running = useRef<AbortController>(null)
  const [ended, setEnded] = useState<Ended | null>(null)
  useEffect(() => {
    const opened = openLayoutEngine()
    engine.current = opened
    return () => opened.close()
  }, [])
  useEffect(() => {
    const abort = new AbortController()
    const end = (change: Partial<Ended>): void => {
      if (!abort.signal.aborted) setEnded((known) => ({ layout: known?.layout ?? null, fault: null, ...change, drawing, direction }))
    }
    const work = async (): Promise<void> => {
      try {
        end({ layout: layoutOf(drawing, await engine.current!.lay(elkGraphOf(drawing, direction), abort.signal)) })
      } catch (error) {
        end({ fault: error })
      }
    }
    running.current = abort
    void work()
    return () => abort.abort()
  }, [drawing, direction])
  return {
    layout: ended?.layout ?? null,
    busy: ended?.drawing !== drawing || ended.direction !== direction,
    fault: ended?.fault ?? null,
    cancel: () => {
      running.current?.abort()
      setEnded((known) => ({ layout: known?.layout ?? null, fault: null, drawing, direction }))
    },
  }
}
