import type { MatrixLayer } from './layer.ts'

/** A way to code the rows of a layer. */
export interface CodedRows {
  /** Zero point taken off, [groups · rows, K]. */
  readonly codes: Int16Array
  /** A step a row. */
  readonly steps: Float64Array
}

/** Squared sizes and errors of a layer's outputs, a number a row; errors a list a candidate. */
export interface OutputErrors {
  readonly signal: Float64Array
  readonly errors: readonly Float64Array[]
}

export const noOutputErrors = ({ groups, rows }: MatrixLayer, candidates: number): OutputErrors =>
  ({ signal: new Float64Array(groups * rows), errors: Array.from({ length: candidates }, () => new Float64Array(groups * rows)) })

/** Adds what float weights make of columns [groups, positions, K], and what is missing with each candidate's codes. `wanted`: columns that the float weights see, where they are others. */
export function addOutputErrors(
  sums: OutputErrors, layer: MatrixLayer, weights: Float64Array, candidates: readonly CodedRows[], { columns, wanted: ideal = columns, positions }: { columns: Float64Array; wanted?: Float64Array; positions: number },
): void {
  const { groups, rows, products } = layer
  for (let index = 0; index < groups * rows; index++) {
    const group = Math.floor(index / rows)
    const own = index * products
    for (let position = 0; position < positions; position++) {
      const from = (group * positions + position) * products
      let wanted = 0
      for (let k = 0; k < products; k++) wanted += weights[own + k]! * ideal[from + k]!
      sums.signal[index]! += wanted * wanted
      for (const [which, { codes, steps }] of candidates.entries()) {
        let made = 0
        for (let k = 0; k < products; k++) made += codes[own + k]! * columns[from + k]!
        sums.errors[which]![index]! += (wanted - steps[index]! * made) ** 2
      }
    }
  }
}
