/** Sums of products of a layer's columns, Σ x xᵀ over positions (ALGORITHMS 5.10), float64 [groups, K, K]. */
export interface Hessian {
  readonly groups: number
  readonly products: number
  readonly sums: Float64Array
}

export const noHessian = (groups: number, products: number): Hessian => ({ groups, products, sums: new Float64Array(groups * products * products) })

export function addTo(sum: Float64Array, more: Float64Array): void {
  for (let index = 0; index < sum.length; index++) sum[index]! += more[index]!
}

/** e H of one group: how the squared error of the outputs grows with each weight of a row whose weights are off by e, halved. */
export function slope(off: Float64Array, { sums }: Hessian, group: number): Float64Array {
  const size = off.length
  const result = new Float64Array(size)
  for (let i = 0; i < size; i++) {
    const factor = off[i]!
    if (factor === 0) continue
    const start = (group * size + i) * size
    for (let j = 0; j < size; j++) result[j]! += factor * sums[start + j]!
  }
  return result
}

/** e H eᵀ: the squared error of a row's outputs over all columns. */
export function outputError(off: Float64Array, hessian: Hessian, group: number): number {
  const along = slope(off, hessian, group)
  return off.reduce((sum, each, index) => sum + each * along[index]!, 0)
}
