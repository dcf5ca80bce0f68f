/**
 * What was seen of every tensor. Every field is a sum, an extreme or a count, so statistics of parts merge into
 * exactly the statistics of the whole, in any order.
 */

/**
 * Counts over binary16 codes widened to any exponent: code = sign(1) | exponent(8) | mantissa(10), i.e. the upper 19
 * bits of the float32 after rounding to 11 significant bits (ties to even). Relative bin width 2^-11 to 2^-10 at any
 * magnitude, no range to guess, no growth. Only occupied bins are kept, codes ascending.
 */
export interface Histogram {
  readonly codes: Uint32Array
  readonly counts: Float64Array
}

export interface TensorStatistics {
  readonly tensor: string
  /** Channels on axis 1 (1 where the tensor has no such axis). */
  readonly channels: number
  /** Values seen; extremes and sums are over all of them. */
  readonly count: number
  /** Values that went into the histograms: all, or every n-th of a large tensor (n odd, no multiple of 3). */
  readonly sampled: number
  readonly min: number
  readonly max: number
  readonly channelMin: Float32Array
  readonly channelMax: Float32Array
  /** Sum a channel, exact, in units of 2^-149 (the spacing of float32 subnormals): order cannot change it. */
  readonly channelSum: readonly bigint[]
  /** Two histograms of disjoint samples (by hash of the sample id), so that a choice can be checked on the other half. */
  readonly folds: readonly [Histogram, Histogram]
}

/** A picture that was observed. The hash is over its input tensors: names, types, shapes, values. */
export interface ObservedSample {
  readonly id: string
  readonly sha256: string
}

export interface Statistics {
  readonly format: 1
  /** SHA-256 of the graph that was observed (after preparation), as its file would be. */
  readonly modelSha256: string
  /** SHA-256 over `observed`, so that merged parts have the same one as a single pass. */
  readonly samplesSha256: string
  /** Number of pictures. */
  readonly samples: number
  /** By id, then hash. */
  readonly observed: readonly ObservedSample[]
  /** K of the step 6·floor(n / 6K) + 1 at which a picture's tensor of n values enters the histogram: about K values of a large one. null: all. */
  readonly valuesPerTensor: number | null
  /** Facts about the pass that are part of its identity: preprocessing, preparation steps. */
  readonly protocol: string
  readonly tensors: ReadonlyMap<string, TensorStatistics>
}
