import { Fault } from '../../core/fault.ts'
import { float32, float32List, tensor } from '../../onnx/tensor.ts'
import type { Tensor } from '../../onnx/graph.ts'
import type { Tuned } from '../../quantize/tuned.ts'
import { decodeNpz, encodeNpz } from '../../samples/npz.ts'

/** Kinds of arrays in the file; the name of the tensor follows. `why` holds a sentence as UTF-8. */
const CONSTANT = 'constant:'
const SCALE = 'weight-scale:'
const RANGE = 'range:'
const WHY = 'why'

/** What fine-tuning changed as a .npz file that numpy reads too; the same values give the same bytes. */
export function encodeTuned({ constants, weightScales, ranges, why }: Tuned): Uint8Array {
  const text = new TextEncoder().encode(why)
  const arrays: [string, Tensor][] = [
    [WHY, tensor('uint8', [text.length], text)],
    ...[...constants].map(([name, values]) => [`${CONSTANT}${name}`, values] as [string, Tensor]),
    ...[...weightScales].map(([name, scale]) => [`${SCALE}${name}`, float32List(scale)] as [string, Tensor]),
    // Both ends are whole multiples of a float32 scale, which float32 itself may not hold.
    ...[...ranges].map(([name, { lo, hi }]) => [`${RANGE}${name}`, tensor('float64', [2], Float64Array.of(lo, hi))] as [string, Tensor]),
  ]
  return encodeNpz(Object.fromEntries(arrays))
}

/** Throws `input.tuned` for a file that is something else. */
export function decodeTuned(bytes: Uint8Array, where: string): Tuned {
  const arrays = decodeNpz(bytes, where)
  const why = arrays.get(WHY)
  if (why?.type !== 'uint8') throw new Fault({ code: 'input.tuned', where, what: 'this is no file of fine-tuned values', next: 'Give the file that fine-tuning wrote.' })
  const named = <T>(kind: string, read: (values: Tensor) => T): Map<string, T> =>
    new Map([...arrays].flatMap(([name, values]) => (name.startsWith(kind) ? [[name.slice(kind.length), read(values)] as const] : [])))
  return {
    constants: named(CONSTANT, (values) => values),
    weightScales: named(SCALE, (values) => [...float32(values)]),
    ranges: named(RANGE, ({ data }) => ({ lo: (data as Float64Array)[0]!, hi: (data as Float64Array)[1]! })),
    why: new TextDecoder().decode(why.data as Uint8Array),
  }
}
