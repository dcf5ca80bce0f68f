/** How a Resize finds its source: `coordinate_transformation_mode` and `nearest_mode`. */
export interface ResizeModes {
  readonly coordinates: string
  readonly nearest: string
}

const f32 = Math.fround

/**
 * Source coordinate of output `index`, as ONNX Runtime computes it: in float32 throughout (ALGORITHMS 6.3).
 * Undefined for modes that depend on a region.
 */
function sourceOf(index: number, scale: number, length: number, out: number, coordinates: string): number | undefined {
  const i = f32(index)
  const s = f32(scale)
  switch (coordinates) {
    case 'asymmetric': return f32(i / s)
    case 'half_pixel': return f32(f32(f32(i + 0.5) / s) - 0.5)
    case 'half_pixel_symmetric': {
      // Equal to half_pixel where the length grows by exactly the scale; the two centres then coincide.
      const adjustment = f32(out / f32(s * length))
      const centre = f32(length / 2)
      const offset = f32(centre * f32(1 - adjustment))
      return f32(offset + f32(f32(f32(i + 0.5) / s) - 0.5))
    }
    case 'pytorch_half_pixel': return out > 1 ? f32(f32(f32(i + 0.5) / s) - 0.5) : 0
    case 'tf_half_pixel_for_nn': return f32(f32(i + 0.5) / s)
    case 'align_corners': return out === 1 ? 0 : f32(f32(i * f32(length - 1)) / f32(out - 1))
    default: return undefined
  }
}

function nearestOf(x: number, nearest: string): number | undefined {
  switch (nearest) {
    case 'floor': return Math.floor(x)
    case 'ceil': return Math.ceil(x)
    case 'round_prefer_floor': return Math.ceil(x - 0.5)
    case 'round_prefer_ceil': return Math.floor(x + 0.5)
    default: return undefined
  }
}

/** Whether a nearest Resize of `length` values by a whole `scale` repeats every value `scale` times: each index is looked at. */
export function replicates(length: number, scale: number, { coordinates, nearest }: ResizeModes): boolean {
  const out = length * scale
  for (let index = 0; index < out; index++) {
    const x = sourceOf(index, scale, length, out, coordinates)
    const at = x === undefined ? undefined : nearestOf(x, nearest)
    if (at === undefined || Math.min(Math.max(at, 0), length - 1) !== Math.floor(index / scale)) return false
  }
  return true
}

/** The same for every length there is (ALGORITHMS 6.3, evaluated for lengths up to 4096): what holds where sizes are open. */
export function replicatesAlways(scale: number, { coordinates, nearest }: ResizeModes): boolean {
  if (coordinates === 'asymmetric') return nearest === 'floor' || (nearest === 'round_prefer_floor' && scale === 2)
  if (coordinates === 'tf_half_pixel_for_nn') return nearest === 'floor'
  const isHalfPixel = coordinates === 'half_pixel' || coordinates === 'pytorch_half_pixel' || coordinates === 'half_pixel_symmetric'
  return isHalfPixel && (nearest === 'round_prefer_floor' || nearest === 'round_prefer_ceil')
}
