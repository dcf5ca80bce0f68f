import type { AttributeValue, Node, Tensor } from '../../onnx/graph.ts'
import { rawByteLength } from '../../onnx/storage.ts'
import { elementCount, float32, isFloat } from '../../onnx/tensor.ts'

/** An attribute as a person reads it. */
export interface AttributeFacts {
  readonly name: string
  readonly kind: AttributeValue['kind']
  /** Long lists are cut and say how many there are. */
  readonly text: string
}

/** What is known of a constant without showing its values. */
export interface InitializerFacts {
  readonly bytes: number
  /** Null where the values have no order (strings, complex) or there are none. */
  readonly min: number | null
  readonly max: number | null
  /** All of them where they are few; null where not, or where they are no numbers. */
  readonly values: readonly number[] | null
}

const SHOWN_VALUES = 16
const SHOWN_CHARACTERS = 120

const listed = (values: readonly unknown[]): string =>
  values.length <= SHOWN_VALUES ? `[${values.join(', ')}]` : `[${values.slice(0, SHOWN_VALUES).join(', ')}, … ${values.length}]`

const clipped = (text: string): string => (text.length <= SHOWN_CHARACTERS ? text : `${text.slice(0, SHOWN_CHARACTERS)}… ${text.length}`)

/** Seven significant digits: what a float32 holds. */
const short = (value: number): string => String(Number(value.toPrecision(7)))

export const attributeFacts = (node: Node): AttributeFacts[] =>
  [...node.attributes].map(([name, attribute]) => ({ name, kind: attribute.kind, text: textOf(attribute) }))

function textOf(attribute: AttributeValue): string {
  switch (attribute.kind) {
    case 'float': return short(attribute.value)
    case 'int': return String(attribute.value)
    case 'string': return clipped(attribute.value)
    case 'floats': return listed(attribute.value.map(short))
    case 'ints': return listed(attribute.value)
    case 'strings': return clipped(listed(attribute.value))
    case 'tensor': return tensorText(attribute.value)
    case 'graph': return `${attribute.value.node.length} nodes`
    case 'graphs': return attribute.value.map((graph) => `${graph.node.length} nodes`).join(', ')
    case 'other': return '?'
  }
}

function tensorText(tensor: Tensor): string {
  const { values } = initializerFacts(tensor)
  return `${tensor.type} [${tensor.dims.join(', ')}]${values === null ? '' : ` = ${values.map(short).join(', ')}`}`
}

/** Size and extremes of a constant's values. */
export function initializerFacts(tensor: Tensor): InitializerFacts {
  const count = elementCount(tensor.dims)
  const bytes = rawByteLength(tensor.type, count) ?? textBytes(tensor)
  const numbers = numbersOf(tensor)
  if (numbers === null || numbers.length === 0) return { bytes, min: null, max: null, values: null }
  let [min, max] = [numbers[0]!, numbers[0]!]
  for (const value of numbers) {
    if (value < min) min = value
    if (value > max) max = value
  }
  return { bytes, min: Number(min), max: Number(max), values: count <= SHOWN_VALUES ? Array.from(numbers, Number) : null }
}

const textBytes = ({ data }: Tensor): number => (Array.isArray(data) ? data.reduce((sum, text) => sum + Buffer.byteLength(text), 0) : data.byteLength)

function numbersOf({ type, data, dims, proto }: Tensor): Exclude<Tensor['data'], string[]> | null {
  if (Array.isArray(data) || type === 'complex64' || type === 'complex128') return null
  return isFloat(type) && !(data instanceof Float64Array) ? float32({ type, data, dims, ...(proto ? { proto } : {}) }) : data
}
