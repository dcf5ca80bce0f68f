import { Fault } from '../core/fault.ts'
import { domainOf } from './decode.ts'
import type { Graph, Tensor } from './graph.ts'
import type { ModelProto } from './onnx_pb.ts'
import { float32, isFloat } from './tensor.ts'
import { topology } from './topology.ts'
import { nodesIn } from './walk.ts'

/** Domains whose operators ONNX Runtime brings along; any other needs a library that would run foreign code. */
const DOMAINS = new Set([
  '', 'ai.onnx.ml', 'ai.onnx.training', 'ai.onnx.preview.training', 'com.microsoft', 'com.microsoft.nchwc', 'com.ms.internal.nhwc',
])

/** Refuses nodes that hold compiled programs or need a foreign library. Throws `model.refused` and `model.unknown-domain`. */
export function checkOperators(model: ModelProto, where: string): void {
  const functions = new Set(model.functions.map((definition) => `${domainOf(definition.domain)}:${definition.name}`))
  for (const node of nodesIn(model)) {
    const place = `${where}: node '${node.name || node.output[0] || ''}' (${node.opType})`
    if (node.opType === 'EPContext') {
      throw new Fault({
        code: 'model.refused', what: 'it holds a program compiled for one device', where: place,
        next: 'Give the model as it was before it was compiled.',
      })
    }
    const domain = domainOf(node.domain)
    if (!DOMAINS.has(domain) && !functions.has(`${domain}:${node.opType}`)) {
      throw new Fault({
        code: 'model.unknown-domain', what: `its operator belongs to '${domain}', which needs a custom operator library`,
        where: place,
        next: 'Export the model with standard ONNX operators only.',
      })
    }
  }
}

/** Inputs at which an infinity is a bound or a filling, not a weight. */
const BOUNDS: Readonly<Record<string, readonly number[]>> = { Clip: [1, 2], Pad: [2], Where: [1, 2], Min: [0, 1], Max: [0, 1] }

/** Throws `model.not-finite` for the first NaN or infinity among the float weights, with tensor and index. */
export function checkFinite(graph: Graph, where: string): void {
  const { consumers } = topology(graph)
  for (const [name, values] of graph.initializers) {
    const index = firstNotFinite(values)
    if (index === -1) continue
    const users = consumers.get(name) ?? []
    const isBound = !Number.isNaN(at(values, index)) && values.data.length === 1
      && users.every((node) => node.inputs.every((input, slot) => input !== name || (BOUNDS[node.op] ?? []).includes(slot)))
    if (!isBound) throw notFinite(values, index, `tensor '${name}'`, where)
  }
  for (const node of graph.nodes) {
    for (const [name, attribute] of node.attributes) {
      if (attribute.kind !== 'tensor') continue
      const index = firstNotFinite(attribute.value)
      const isScalarInfinity = index !== -1 && attribute.value.data.length === 1 && !Number.isNaN(at(attribute.value, index))
      const place = `attribute '${name}' of node '${node.name}' (${node.op})`
      if (index !== -1 && !isScalarInfinity) throw notFinite(attribute.value, index, place, where)
    }
  }
}

const at = (values: Tensor, index: number): number =>
  (values.type === 'float64' ? (values.data as Float64Array)[index]! : float32(values)[index]!)

/** Index of the first element that is no finite number; -1 where all are, or the type has none. */
function firstNotFinite(values: Tensor): number {
  if (!isFloat(values.type)) return -1
  const data = values.type === 'float64' ? (values.data as Float64Array) : float32(values)
  for (let index = 0; index < data.length; index++) if (!Number.isFinite(data[index]!)) return index
  return -1
}

function notFinite(values: Tensor, index: number, place: string, where: string): Fault {
  const value = at(values, index)
  return new Fault({
    code: 'model.not-finite', where: `${where}: ${place}`, what: `value ${index} is ${value}`,
    next: 'A model with such weights gives no usable output: train or export it again.',
  })
}
