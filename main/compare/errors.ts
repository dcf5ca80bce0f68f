import { cappedDecibels, DECIBEL_CAP } from '../core/decibel.ts'

/** Sums over pairs of values, float (r) and quantized (q), in float64; sums of parts add up to the sums of the whole. */
export interface ErrorSums {
  count: number
  /** Σ r² */
  signal: number
  /** Σ q² */
  other: number
  /** Σ r·q */
  product: number
  /** Σ (q − r)² */
  noise: number
  /** max |q − r| */
  maxAbs: number
}

export type Floats = Float32Array | Float64Array

export const noErrors = (): ErrorSums => ({ count: 0, signal: 0, other: 0, product: 0, noise: 0, maxAbs: 0 })

/** Adds the pairs of two arrays of equal length. */
export function addErrors(sums: ErrorSums, r: Floats, q: Floats): void {
  let signal = 0
  let other = 0
  let product = 0
  let noise = 0
  let maxAbs = sums.maxAbs
  const count = r.length
  for (let i = 0; i < count; i++) {
    const a = r[i]!
    const b = q[i]!
    const error = b - a
    signal += a * a
    other += b * b
    product += a * b
    noise += error * error
    const magnitude = Math.abs(error)
    if (magnitude > maxAbs) maxAbs = magnitude
  }
  sums.count += count
  sums.signal += signal
  sums.other += other
  sums.product += product
  sums.noise += noise
  sums.maxAbs = maxAbs
}

/** 10 log10 of signal over noise (powers), within ±120. No noise gives 120, noise without signal −120. */
export const decibels = (signal: number, noise: number): number =>
  noise === 0 ? DECIBEL_CAP : cappedDecibels(10 * Math.log10(signal / noise))

/** Signal to quantization noise, dB: 10 log10(Σ r² / Σ (q − r)²). */
export const sqnrDb = (sums: ErrorSums): number => decibels(sums.signal, sums.noise)

/** Noise over signal, Σ (q − r)² / (Σ r² + 1e-7): the measure that may be averaged over outputs and samples. */
export const noiseRatio = (sums: ErrorSums): number => sums.noise / (sums.signal + 1e-7)

/** r·q / (|r| |q|) within [-1, 1]; two zero vectors are alike (1), one is not like anything else (0). */
export function cosine(sums: ErrorSums): number {
  if (sums.signal === 0 || sums.other === 0) return sums.signal === sums.other ? 1 : 0
  return Math.max(-1, Math.min(1, sums.product / Math.sqrt(sums.signal) / Math.sqrt(sums.other)))
}

export const meanSquaredError = (sums: ErrorSums): number => (sums.count === 0 ? 0 : sums.noise / sums.count)
