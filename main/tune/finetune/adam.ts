/** Moves values against their gradient, each by `rate` units or so; keeps its own memory of both moments. */
export type Optimizer = (values: Float32Array, gradient: Float32Array, rate: number, unitOf?: (index: number) => number) => void

const FIRST = 0.9
const SECOND = 0.999
/** The loss is 1 at the start, so that this is small next to any gradient that matters. */
const EPSILON = 1e-8

/** Adam (Kingma and Ba, 2015, algorithm 1) for one array of `count` values. */
export function adam(count: number): Optimizer {
  const mean = new Float64Array(count)
  const square = new Float64Array(count)
  let steps = 0
  return (values, gradient, rate, unitOf = () => 1) => {
    steps++
    const [meanBias, squareBias] = [1 - FIRST ** steps, 1 - SECOND ** steps]
    for (let at = 0; at < count; at++) {
      const slope = gradient[at]!
      mean[at] = FIRST * mean[at]! + (1 - FIRST) * slope
      square[at] = SECOND * square[at]! + (1 - SECOND) * slope * slope
      values[at]! -= (rate * unitOf(at) * (mean[at]! / meanBias)) / (Math.sqrt(square[at]! / squareBias) + EPSILON)
    }
  }
}
