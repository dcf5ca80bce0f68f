import { intAttribute } from '../../onnx/attribute.ts'
import type { Graph, Node } from '../../onnx/graph.ts'
import { COMPUTE } from '../../onnx/operators.ts'
import { amaxOf, codesOf, isActivation, type TensorQuant } from '../record.ts'
import { fileName, type Check, type Format } from '../subject.ts'
import { shortFloat } from '../written.ts'
import { degenerate, few, nameCheck, word, zeroRangeCheck } from './shared.ts'

/** Formats that are a table and little else. */

/** Layers that compute with an 8-bit weight of the run, each with the records of what goes in and of the weight. */
function weightedLayers({ nodes, initializers }: Pick<Graph, 'nodes' | 'initializers'>, records: readonly TensorQuant[]) {
  const byName = new Map(records.map((record) => [record.name, record]))
  return nodes.filter(({ op }) => COMPUTE.has(op)).flatMap((node) => {
    const [data, weight] = [byName.get(node.inputs[0] ?? ''), byName.get(node.inputs[1] ?? '')]
    if (!data || !isActivation(data) || data.axis !== null || data.bits !== 8 || weight?.role !== 'weight' || weight.bits !== 8) return []
    return [{ node, data, weight, dims: initializers.get(weight.name)?.dims ?? [] }]
  })
}

/** ncnn: of each layer with weights `LAYER_param_0 s…`, then `LAYER s` for what goes into it; s = 127 / amax. */
export const ncnn: Format = {
  name: 'ncnn', title: 'ncnn', settings: {},
  samples: { kind: 'png', folder: () => 'calibration/samples' },
  checks: ({ records, graph }) => [nameCheck(weightedLayers(graph, records).map(({ node }) => node.name), /\s/, 'ncnn2int8'), zeroRangeCheck(records, 'its reciprocal is infinite')],
  write: (subject) => [{ path: `thresholds/${fileName(subject.model)}.table`, text: ncnnTable(subject.records, subject.graph), format: 'ncnn-table' }],
  commands: ({ model }) => {
    const stem = word(fileName(model))
    return [
      `onnx2ncnn model/model.onnx ${stem}.param ${stem}.bin   # pnnx gives layers names of its own: no row of the table would be found`,
      `ncnn2int8 ${stem}.param ${stem}.bin ${stem}-int8.param ${stem}-int8.bin thresholds/${stem}.table`, `benchncnn 8 1 0 -1 1 param=${stem}-int8.param`,
    ]
  },
}

/** A factor a row of the weight as ncnn loads it: of grouped convolutions one a group, that of its widest channel. */
function ncnnFactors(node: Node, { scale }: TensorQuant, dims: readonly number[]): number[] {
  const rows = (node.op === 'Conv' || (node.op === 'Gemm' && intAttribute(node, 'transB', 0) === 1) ? dims[0] : dims[1]) ?? scale.length
  const channels = Array.from({ length: rows }, (_, row) => scale[scale.length === 1 ? 0 : row]!)
  const groups = node.op === 'Conv' ? intAttribute(node, 'group', 1) : 1
  const each = groups > 1 ? Array.from({ length: groups }, (_, group) => Math.max(...channels.slice((group * rows) / groups, ((group + 1) * rows) / groups))) : channels
  return each.map((one) => 1 / one)
}

export function ncnnTable(records: readonly TensorQuant[], graph: Pick<Graph, 'nodes' | 'initializers'>): string {
  const isFactor = (value: number): boolean => Math.fround(value) > 0 && Number.isFinite(Math.fround(value))
  const layers = weightedLayers(graph, records).filter(({ node, data }) => node.op !== 'ConvTranspose' && node.name !== '' && !/\s/.test(node.name) && !degenerate(data))
    .map(({ node, data, weight, dims }) => ({ name: node.name, weights: ncnnFactors(node, weight, dims), data: 127 / amaxOf(data) })).filter(({ weights, data }) => [...weights, data].every(isFactor))
  return [...layers.map(({ name, weights }) => `${name}_param_0 ${weights.map(shortFloat).join(' ')}\n`), ...layers.map(({ name, data }) => `${name} ${shortFloat(data)}\n`)].join('')
}

/** A layer of the second part needs its weights in the first: ncnn2int8 stops at one without. */
export function ncnnFaults(text: string): string[] {
  const lines = text.split('\n').slice(0, -1)
  const weighted = new Set(lines.map((line) => /^(\S+)_param_0 /.exec(line)?.[1]))
  return lines.flatMap((line, index) => {
    const [name, ...values] = line.split(' ')
    const isWeight = name!.endsWith('_param_0')
    return name !== '' && values.length > 0 && values.every((value) => Number(value) > 0 && Number.isFinite(Number(value))) && (isWeight || (values.length === 1 && weighted.has(name))) ? [] : [`line ${index + 1}: not a layer and its factors`]
  })
}

/** Tengine: `name scale zero_point`, one a tensor. */
export const tengine: Format = {
  name: 'tengine', title: 'Tengine', settings: {},
  samples: { kind: 'png', folder: () => 'calibration/samples' },
  checks: ({ records }) => [nameCheck(records.filter(isActivation).map(({ name }) => name), /\s/, 'quant_tool_uint8'), zeroRangeCheck(records, 'scale 1')],
  write: ({ records }) => [{ path: 'thresholds/tengine.scale', text: tengineTable(records), format: 'tengine-scale' }],
  commands: ({ model }) => {
    const stem = word(fileName(model))
    return [`convert_tool -f onnx -m model/model.onnx -o ${stem}.tmfile`, `quant_tool_uint8 -m ${stem}.tmfile -f thresholds/tengine.scale -i calibration/samples -o ${stem}_uint8.tmfile`, `tm_benchmark -m ${stem}_uint8.tmfile`]
  },
}

export const tengineTable = (records: readonly TensorQuant[]): string =>
  records.filter((record) => isActivation(record) && record.axis === null && !/\s/.test(record.name) && record.name !== '').map((record) => `${record.name} ${shortFloat(record.scale[0]!)} ${record.zeroPoint[0]! + 0}\n`).join('')

export const tengineFaults = (text: string): string[] =>
  text.split('\n').slice(0, -1).flatMap((line, index) => (/^\S+ [0-9.e+-]+ -?\d+$/.test(line) && Number(line.split(' ')[1]) > 0 ? [] : [`line ${index + 1}: not a name, a scale and a zero point`]))

/** Scales that the Ascend reader takes. */
const AMCT_SCALES = [1.19e-7, 8.39e6] as const

/** Ascend AMCT: a protobuf text with a record a layer: its data input, and its weight a channel. */
export const amct: Format = {
  name: 'amct', title: 'Ascend AMCT', settings: {},
  samples: { kind: 'npy', folder: (input) => `calibration/${fileName(input)}` },
  checks: ({ records, graph }) => [zeroRangeCheck(records, 'a scale of 0 is refused'), amctLayerCheck(records, graph)],
  write: (subject) => [
    { path: 'thresholds/amct_record.txt', text: amctRecord(subject.records, subject.graph), format: 'amct-record' },
    { path: 'config/amct.cfg', text: subject.floatNodes.map(({ node }) => `skip_layers : ${protoText(node)}\n`).join('') || '# every layer is quantized\n' },
  ],
  commands: ({ model }) => [
    'amct_onnx convert --model model/model.onnx --save_path ./out --record_file thresholds/amct_record.txt',
    `atc --model=out_deploy_model.onnx --framework=5 --output=${word(fileName(model))} --soc_version=Ascend310P3`, 'msprof --help   # profile on the board',
  ],
}

/** Layers that a record can be written of: fully connected ones take one scale for all of the weight. */
function amctLayers(records: readonly TensorQuant[], graph: Pick<Graph, 'nodes' | 'initializers'>) {
  const inReach = (scale: number): boolean => scale >= AMCT_SCALES[0] && scale <= AMCT_SCALES[1]
  const layers = weightedLayers(graph, records)
  return { layers, written: layers.filter(({ node, data, weight }) => weight.zeroPoint.every((zero) => zero === 0) && [...data.scale, ...weight.scale].every(inReach) && (node.op.startsWith('Conv') || weight.scale.length === 1)) }
}

function amctLayerCheck(records: readonly TensorQuant[], graph: Pick<Graph, 'nodes' | 'initializers'>): Check {
  const { layers, written } = amctLayers(records, graph)
  const left = layers.filter((layer) => !written.includes(layer)).map(({ node }) => node.name)
  if (left.length === 0) return { id: 'layers', state: 'ok', where: [], what: { en: 'Every layer with weights has its record.', zh: '每个带权重的层都有记录。' } }
  return {
    id: 'layers', state: 'warning', where: few(left), what: { en: `${left.length} layers have no record for AMCT.`, zh: `${left.length} 个层没有 AMCT 记录。` },
    why: { en: 'It takes scales from 1.19e-7 to 8.39e6, symmetric weights, and one scale for the weight of a fully connected layer; without a record it leaves a layer in float.', zh: '它接受 1.19e-7 至 8.39e6 的比例、对称权重，全连接层的权重只能有一个比例；没有记录的层保持浮点。' },
    fix: { en: 'Give these layers one scale a tensor: quantize.layers NAME granularity=tensor.', zh: '请为这些层使用逐张量比例：quantize.layers NAME granularity=tensor。' },
  }
}

export function amctRecord(records: readonly TensorQuant[], graph: Pick<Graph, 'nodes' | 'initializers' | 'values' | 'inputs'>): string {
  const sizes = new Map([...graph.inputs.map(({ name, dims }) => [name, dims] as const), ...[...graph.values].map(([name, { dims }]) => [name, dims] as const)])
  return amctLayers(records, graph).written.map(({ node, data, weight }) => {
    const offset = data.zeroPoint[0]! - (data.signed ? 0 : 128)
    const [, channels, height = 1, width = 1] = sizes.get(data.name) ?? []
    const size = [channels, height, width].every((dim) => typeof dim === 'number') ? [`channels: ${channels}`, `height: ${height}`, `width: ${width}`] : []
    const lines = [`scale_d: ${shortFloat(data.scale[0]!)}`, `offset_d: ${offset}`, ...weight.scale.map((scale) => `scale_w: ${shortFloat(scale)}`), ...weight.scale.map(() => 'offset_w: 0'), ...size]
    return `record {\n  key: ${protoText(node.name)}\n  value {\n${lines.map((line) => `    ${line}\n`).join('')}  }\n}\n`
  }).join('')
}

/** A string of protobuf's text format. */
const protoText = (text: string): string => `"${text.replaceAll(/["\\]/g, String.raw`\$&`).replaceAll('\n', String.raw`\n`).replaceAll('\r', String.raw`\r`).replaceAll('\t', String.raw`\t`)}"`

const RECORD = /record \{\n {2}key: (".*")\n {2}value \{\n((?: {4}\w+: \S+\n)+) {2}\}\n\}\n/g

export function amctFaults(text: string): string[] {
  const [min, max] = codesOf({ bits: 8, signed: true })
  const rest = text.replaceAll(RECORD, '') === '' ? [] : ['something stands between the records']
  return rest.concat([...text.matchAll(RECORD)].flatMap(([, key, body]) => {
    const values = (name: string): number[] => [...body!.matchAll(new RegExp(`${name}: (\\S+)`, 'g'))].map(([, value]) => Number(value))
    const [scales, weights, offsets, [offset = NaN]] = [values('scale_d'), values('scale_w'), values('offset_w'), values('offset_d')]
    const sound = scales.length === 1 && offset >= min && offset <= max && weights.length > 0 && weights.length === offsets.length && [...scales, ...weights].every((scale) => scale >= AMCT_SCALES[0] && scale <= AMCT_SCALES[1])
    return sound ? [] : [`${key!}: the values are out of reach`]
  }))
}
