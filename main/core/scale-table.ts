import type { CodeType } from './grid.ts'

/** One row of the ScaleTable: how a tensor is turned into codes. Also the row of a run's JSON (`scales`). */
export interface ScaleRow {
  readonly tensor: string
  readonly kind: 'activation' | 'weight' | 'bias'
  readonly type: CodeType | 'float32'
  readonly granularity: 'tensor' | 'channel'
  /** Channel axis of a per-channel row, else null. */
  readonly axis: number | null
  /** float32 values; one, or one a channel. Empty for a float row. */
  readonly scale: readonly number[]
  readonly zeroPoint: readonly number[]
  /** The clip range in real units (of all channels together). */
  readonly lo: number
  readonly hi: number
  /** Threshold method or rule: `mse`, `max`, `clip-grid`, `image-grid`, `shared`, `absmax` … */
  readonly method: string
  /** True: the tensor stays in float. */
  readonly float: boolean
  /** Why it is so, in words. */
  readonly reason: string
}

export type ScaleTable = readonly ScaleRow[]
