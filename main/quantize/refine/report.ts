export type RefineStep = 'scale' | 'rounding' | 'bias'

/** What one step did to one layer. */
export interface LayerRefinement {
  readonly node: string
  /** Squared error of the layer's outputs over their squared size, on held-out pictures, before and after; null where it was not measured. */
  readonly before: number | null
  readonly after: number | null
  /** Output channels that were changed, of all. */
  readonly changed: number
  readonly channels: number
  /** Why nothing was done; '' where something was. */
  readonly kept: string
}

/** One step over the whole network. */
export interface StepReport {
  readonly step: RefineStep
  /** How: `search`, `adaround`, `adaround-asymmetric`, `empirical`, `analytic`. */
  readonly how: string
  /** False: the network's error on held-out pictures grew, and everything is as before. */
  readonly accepted: boolean
  /** Noise over signal at the network's outputs on held-out pictures; null where there are no samples to measure on. */
  readonly before: number | null
  readonly after: number | null
  readonly heldOut: number
  readonly layers: readonly LayerRefinement[]
}
