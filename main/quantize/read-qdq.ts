import { CODE_LIMITS, type CodeType } from '../core/grid.ts'
import type { ScaleRow } from '../core/scale-table.ts'
import { intAttribute } from '../onnx/attribute.ts'
import type { Graph, Node } from '../onnx/graph.ts'
import { float32, integers } from '../onnx/tensor.ts'
import { topology } from '../onnx/topology.ts'

/** What a QDQ model, ours or anybody's, says of its scales. */
export interface ReadScales {
  readonly rows: readonly ScaleRow[]
  /** Activation tensor → the name of its value after the round trip through codes. */
  readonly dequantizedNames: ReadonlyMap<string, string>
}

const OUTPUT_SUFFIX = '_float'

/**
 * The scale rows of a QDQ graph: every QuantizeLinear with constant parameters is an activation row, every DequantizeLinear
 * of a constant a weight or bias row. A graph output behind a pair is listed under its own name.
 */
export function readQdq(graph: Graph): ReadScales {
  const links = topology(graph)
  const rows: ScaleRow[] = []
  const dequantizedNames = new Map<string, string>()
  for (const node of graph.nodes) {
    const params = paramsOf(graph, node)
    if (!params) continue
    if (node.op === 'QuantizeLinear') {
      const back = links.consumers.get(node.outputs[0]!)?.find((one) => one.op === 'DequantizeLinear')?.outputs[0]
      const tensor = back !== undefined && links.outputs.has(back) && node.inputs[0] === `${back}${OUTPUT_SUFFIX}` ? back : node.inputs[0]!
      rows.push(row(tensor, 'activation', params))
      if (back !== undefined) dequantizedNames.set(tensor, back)
    } else if (node.op === 'DequantizeLinear' && graph.initializers.has(node.inputs[0]!)) {
      const tensor = node.inputs[0]!.replace(/_quantized$/, '')
      rows.push(row(tensor, params.type === 'int32' ? 'bias' : 'weight', params))
    }
  }
  return { rows, dequantizedNames }
}

interface Params {
  readonly type: CodeType
  readonly scale: readonly number[]
  readonly zeroPoint: readonly number[]
  readonly axis: number
}

function paramsOf(graph: Graph, node: Node): Params | undefined {
  if (node.op !== 'QuantizeLinear' && node.op !== 'DequantizeLinear') return undefined
  const scale = graph.initializers.get(node.inputs[1] ?? '')
  if (!scale) return undefined
  const zero = graph.initializers.get(node.inputs[2] ?? '')
  // Without a zero point the codes are uint8 around 0, or of the constant's own type.
  const type = (zero ?? graph.initializers.get(node.inputs[0]!))?.type ?? 'uint8'
  if (!(type in CODE_LIMITS)) return undefined
  const values = Array.from(float32(scale))
  return { type: type as CodeType, scale: values, zeroPoint: zero ? integers(zero) : values.map(() => 0), axis: intAttribute(node, 'axis', 1) }
}

function row(tensor: string, kind: ScaleRow['kind'], { type, scale, zeroPoint, axis }: Params): ScaleRow {
  const [min, max] = CODE_LIMITS[type]
  const channel = scale.length > 1
  return {
    tensor, kind, type, granularity: channel ? 'channel' : 'tensor', axis: channel ? axis : null, scale, zeroPoint,
    lo: Math.min(...scale.map((step, index) => (min - zeroPoint[index]!) * step)), hi: Math.max(...scale.map((step, index) => (max - zeroPoint[index]!) * step)),
    method: 'read', float: false, reason: 'as the model says',
  }
}
