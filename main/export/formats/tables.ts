import { amaxOf, codesOf, isActivation, type TensorQuant } from '../record.ts'
import { fileName, type Format } from '../subject.ts'
import { shortFloat } from '../written.ts'
import { degenerate, nameCheck, word, zeroRangeCheck } from './shared.ts'

/** Formats that are a table and little else. */

const layerOf = (record: TensorQuant): string => record.node || record.name

/** ncnn: `LAYER_param_0 s…` for weights, `LAYER s` for activations, s = 127 / amax. */
export const ncnn: Format = {
  name: 'ncnn', title: 'ncnn', settings: {},
  samples: { kind: 'png', folder: () => 'calibration/samples' },
  checks: ({ records }) => [nameCheck(records.map(layerOf), /\s/, 'ncnn2int8'), zeroRangeCheck(records, 'its reciprocal is infinite')],
  write: (subject) => [{ path: `thresholds/${fileName(subject.model)}.table`, text: ncnnTable(subject.records, weightLayers(subject.graph.nodes)), format: 'ncnn-table' }],
  commands: ({ model }) => {
    const stem = word(fileName(model))
    return [`pnnx model/model.onnx   # or onnx2ncnn model/model.onnx ${stem}.param ${stem}.bin`, `ncnn2int8 ${stem}.param ${stem}.bin ${stem}-int8.param ${stem}-int8.bin thresholds/${stem}.table`, `benchncnn 8 1 0 -1 1 param=${stem}-int8.param`]
  },
}

/** Weight → the node that computes with it. */
export const weightLayers = (nodes: readonly { readonly name: string; readonly inputs: readonly string[] }[]): ReadonlyMap<string, string> =>
  new Map(nodes.flatMap(({ name, inputs }) => inputs.slice(1, 2).map((input) => [input, name] as const)))

export function ncnnTable(records: readonly TensorQuant[], layers: ReadonlyMap<string, string>): string {
  const usable = (name: string): boolean => !/\s/.test(name) && name !== ''
  const weights = records.filter(({ role }) => role === 'weight').flatMap((record) => {
    const layer = layers.get(record.name) ?? record.name
    const factors = record.scale.map((scale) => 1 / scale)
    return usable(layer) && factors.every(Number.isFinite) ? [`${layer}_param_0 ${factors.map(shortFloat).join(' ')}`] : []
  })
  const activations = records.filter((record) => isActivation(record) && record.axis === null && !degenerate(record) && usable(layerOf(record)) && Number.isFinite(Math.fround(127 / amaxOf(record))) && Math.fround(127 / amaxOf(record)) > 0)
    .map((record) => `${layerOf(record)} ${shortFloat(127 / amaxOf(record))}`)
  return [...weights, ...activations].map((line) => `${line}\n`).join('')
}

export const ncnnFaults = (text: string): string[] =>
  text.split('\n').slice(0, -1).flatMap((line, index) => {
    const [name, ...values] = line.split(' ')
    return name !== '' && values.length > 0 && values.every((value) => Number(value) > 0 && Number.isFinite(Number(value))) && (name!.endsWith('_param_0') || values.length === 1) ? [] : [`line ${index + 1}: not a layer and its factors`]
  })

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
  checks: ({ records }) => [zeroRangeCheck(records, 'a scale of 0 is refused')],
  write: (subject) => [
    { path: 'thresholds/amct_record.txt', text: amctRecord(subject.records, subject.graph.nodes), format: 'amct-record' },
    { path: 'config/amct.cfg', text: subject.floatNodes.map(({ node }) => `skip_layers : ${JSON.stringify(node)}\n`).join('') || '# every layer is quantized\n' },
  ],
  commands: ({ model }) => [
    'amct_onnx convert --model model/model.onnx --save_path ./out --record_file thresholds/amct_record.txt',
    `atc --model=out_deploy_model.onnx --framework=5 --output=${word(fileName(model))} --soc_version=Ascend310P3`, 'msprof --help   # profile on the board',
  ],
}

export function amctRecord(records: readonly TensorQuant[], nodes: readonly { readonly name: string; readonly inputs: readonly string[] }[]): string {
  const byName = new Map(records.map((record) => [record.name, record]))
  const inReach = (scale: number): boolean => scale >= AMCT_SCALES[0] && scale <= AMCT_SCALES[1]
  return nodes.flatMap(({ name, inputs }) => {
    const [data, weight] = [byName.get(inputs[0] ?? ''), byName.get(inputs[1] ?? '')]
    if (!data || !isActivation(data) || data.bits !== 8 || weight?.role !== 'weight' || weight.zeroPoint.some((zero) => zero !== 0) || ![...data.scale, ...weight.scale].every(inReach)) return []
    const offset = data.zeroPoint[0]! - (data.signed ? 0 : 128)
    const lines = [`scale_d: ${shortFloat(data.scale[0]!)}`, `offset_d: ${offset}`, ...weight.scale.map((scale) => `scale_w: ${shortFloat(scale)}`), ...weight.scale.map(() => 'offset_w: 0')]
    return [`record {\n  key: ${JSON.stringify(name)}\n  value {\n${lines.map((line) => `    ${line}\n`).join('')}  }\n}\n`]
  }).join('')
}

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
