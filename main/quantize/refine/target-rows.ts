import type { Hessian } from './hessian.ts'
import type { MatrixLayer } from './layer.ts'

/** Share of the mean square of an input that holds a weight where it was: inputs that say little move nothing (ALGORITHMS 5.11b). */
const DAMPING = 0.01

/**
 * Weights that make of coded inputs what the float weights make of float inputs, best in squares: W* = (W G + λ W) (Ĥ + λ)⁻¹ (ALGORITHMS 5.10)
 * with Ĥ = Σ x̂ x̂ᵀ (`own`) and G = Σ x x̂ᵀ (`cross`). Rows as in `weights`, float64 [groups · rows, K].
 */
export function targetRows(weights: Float64Array, { groups, rows, products }: Pick<MatrixLayer, 'groups' | 'rows' | 'products'>, own: Hessian, cross: Hessian): Float64Array {
  const target = weights.slice()
  for (let group = 0; group < groups; group++) {
    const from = group * products * products
    const square = own.sums.slice(from, from + products * products)
    const diagonal = Array.from({ length: products }, (_, k) => square[k * products + k]!)
    const damping = (DAMPING * diagonal.reduce((sum, value) => sum + value, 0)) / products
    if (damping === 0) continue
    for (let k = 0; k < products; k++) square[k * products + k]! += damping
    factorize(square, products)
    for (let row = group * rows; row < (group + 1) * rows; row++) {
      const weight = weights.subarray(row * products, (row + 1) * products)
      const right = weight.map((value) => damping * value)
      for (const [i, value] of weight.entries()) {
        if (value === 0) continue
        const line = from + i * products
        for (let k = 0; k < products; k++) right[k]! += value * cross.sums[line + k]!
      }
      solve(square, right)
      target.set(right, row * products)
    }
  }
  return target
}

/** Cholesky in place: the lower triangle L of A = L Lᵀ; A symmetric and positive definite (damping makes it so). */
function factorize(matrix: Float64Array, size: number): void {
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * size + j]!
      for (let k = 0; k < j; k++) sum -= matrix[i * size + k]! * matrix[j * size + k]!
      matrix[i * size + j] = i === j ? Math.sqrt(Math.max(sum, Number.MIN_VALUE)) : sum / matrix[j * size + j]!
    }
  }
}

/** x of L Lᵀ x = b, in place of b. */
function solve(lower: Float64Array, right: Float64Array): void {
  const size = right.length
  for (let i = 0; i < size; i++) {
    let sum = right[i]!
    for (let k = 0; k < i; k++) sum -= lower[i * size + k]! * right[k]!
    right[i] = sum / lower[i * size + i]!
  }
  for (let i = size - 1; i >= 0; i--) {
    right[i]! /= lower[i * size + i]!
    for (let k = 0; k < i; k++) right[k]! -= lower[i * size + k]! * right[i]!
  }
}
