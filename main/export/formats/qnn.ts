import { codesOf, isActivation, type TensorQuant } from '../record.ts'
import { fileName, numbered, type Format, type Subject } from '../subject.ts'
import { pretty } from '../written.ts'
import { word, zeroRangeCheck } from './shared.ts'

/** Qualcomm AI Engine Direct and AIMET: encodings in the three versions that its tools read, and raw samples. */
export const qnn: Format = {
  name: 'qnn', title: 'Qualcomm QNN / AIMET', settings: {},
  samples: { kind: 'tensor-raw', folder: (input) => `calibration/${fileName(input)}` },
  checks: ({ records }) => [zeroRangeCheck(records, 'the converter would choose a range')],
  write: (subject) => [
    { path: 'thresholds/encodings_0.6.1.json', text: encodings061(subject.records, floatTensors(subject)), format: 'aimet-0.6.1' },
    { path: 'thresholds/encodings_1.0.0.json', text: encodings100(subject.records, floatTensors(subject), subject.floatNodes.map(({ node }) => node)), format: 'aimet-1.0.0' },
    { path: 'thresholds/encodings_2.0.0.json', text: encodings200(subject.records), format: 'aimet-2.0.0' },
    { path: 'calibration/input_list.txt', text: inputList(subject) },
  ],
  commands: (subject) => {
    const stem = word(fileName(subject.model))
    const bits = subject.records.find(isActivation)?.bits ?? 8
    return [
      `qnn-onnx-converter --input_network model/model.onnx --quantization_overrides thresholds/encodings_1.0.0.json --input_list calibration/input_list.txt --act_bitwidth ${bits} --weights_bitwidth 8 --bias_bitwidth 32 --output_path ${stem}.cpp   # or --float_fallback in place of --input_list: what has no encoding stays in float`,
      `qnn-model-lib-generator -c ${stem}.cpp -b ${stem}.bin -t x86_64-linux-clang`,
      `qnn-net-run --model x86_64-linux-clang/lib${stem}.so --backend libQnnHtp.so --input_list calibration/input_list.txt`,
    ]
  },
}

/** Raw float32 files in the model's own layout and range, a sample a line; several inputs as name:=path. */
function inputList({ inputs, samples }: Subject): string {
  return Array.from({ length: samples }, (_, index) => `${inputs.map(({ name }) => `${name}:=calibration/${fileName(name)}/${numbered(index)}.raw`).join(' ')}\n`).join('')
}

/** On an unsigned grid with real = (q + offset) * scale: the offset is minus the zero point, counted from the least code. */
export function offsetOf(record: Pick<TensorQuant, 'bits' | 'signed' | 'zeroPoint'>, channel = 0): number {
  return codesOf(record)[0] - record.zeroPoint[channel]! + 0
}

const isParameter = ({ role }: TensorQuant): boolean => role === 'weight' || role === 'bias'
/** What the tools are told: a range of 0..0 is no range. */
const told = (records: readonly TensorQuant[]): TensorQuant[] => records.filter(({ role, range: [lo, hi] }) => role === 'bias' || role === 'weight' || lo !== 0 || hi !== 0)

/** What the run computes in float: activations without codes, and the constants of such nodes. Without an entry the converter would measure and quantize them. */
export interface FloatTensors { readonly activations: readonly string[]; readonly parameters: readonly string[] }

function floatTensors({ graph, records, floatNodes }: Pick<Subject, 'graph' | 'records' | 'floatNodes'>): FloatTensors {
  const [known, float] = [new Set(records.map(({ name }) => name)), new Set(floatNodes.map(({ node }) => node))]
  const nodes = graph.nodes.filter(({ name }) => float.has(name))
  return {
    activations: [...new Set(nodes.flatMap(({ outputs }) => outputs))].filter((name) => name !== '' && !known.has(name)),
    parameters: [...new Set(nodes.flatMap(({ inputs }) => inputs))].filter((name) => !known.has(name) && graph.initializers.get(name)?.type === 'float32'),
  }
}

const NO_FLOAT: FloatTensors = { activations: [], parameters: [] }

const quantizerArgs = (records: readonly TensorQuant[]): object => ({
  activation_bitwidth: records.find(isActivation)?.bits ?? 8, dtype: 'int', is_symmetric: records.some(({ role, symmetric }) => role === 'weight' && symmetric),
  param_bitwidth: records.find(({ role }) => role === 'weight')?.bits ?? 8, per_channel_quantization: records.some(({ role, axis }) => role === 'weight' && axis !== null), quant_scheme: 'post_training_tf',
})

export function encodings061(records: readonly TensorQuant[], float: FloatTensors = NO_FLOAT): string {
  const entries = (record: TensorQuant): object[] => record.scale.map((scale, channel) => {
    const offset = offsetOf(record, channel)
    return { bitwidth: record.bits, dtype: 'int', is_symmetric: record.symmetric ? 'True' : 'False', max: scale * (offset + 2 ** record.bits - 1), min: scale * offset + 0, offset, scale }
  })
  const part = (wanted: (record: TensorQuant) => boolean, plain: readonly string[]): object =>
    Object.fromEntries([...told(records).filter(wanted).map((record) => [record.name, entries(record)] as const), ...plain.map((name) => [name, [{ bitwidth: 16, dtype: 'float' }]] as const)])
  return pretty({ version: '0.6.1', activation_encodings: part(isActivation, float.activations), param_encodings: part(isParameter, float.parameters), quantizer_args: quantizerArgs(records) })
}

export function encodings100(records: readonly TensorQuant[], float: FloatTensors = NO_FLOAT, excluded: readonly string[] = []): string {
  const entry = (record: TensorQuant): object => ({
    name: record.name, enc_type: record.axis === null ? 'PER_TENSOR' : 'PER_CHANNEL', dtype: 'INT', bw: record.bits, is_sym: record.symmetric,
    scale: record.scale, offset: record.scale.map((_, channel) => offsetOf(record, channel)),
  })
  const part = (wanted: (record: TensorQuant) => boolean, plain: readonly string[]): object[] =>
    [...told(records).filter(wanted).map(entry), ...plain.map((name) => ({ name, enc_type: 'PER_TENSOR', dtype: 'FLOAT', bw: 16 }))]
  return pretty({ version: '1.0.0', activation_encodings: part(isActivation, float.activations), param_encodings: part(isParameter, float.parameters), excluded_layers: excluded, quantizer_args: quantizerArgs(records) })
}

/** Zero points count as in ONNX here, and are left out where they are 0. */
export function encodings200(records: readonly TensorQuant[]): string {
  const entry = (record: TensorQuant): object => ({
    name: record.name, output_dtype: `${record.signed ? '' : 'u'}int${record.bits}`,
    y_scale: record.axis === null ? record.scale[0]! : record.scale,
    ...(record.zeroPoint.every((zero) => zero === 0) ? {} : { y_zero_point: record.axis === null ? record.zeroPoint[0]! : record.zeroPoint }),
    ...(record.axis === null ? {} : { axis: record.axis }),
  })
  return pretty({ version: '2.0.0', encodings: told(records).map(entry) })
}

type Json = Record<string, unknown>
const isList = (value: unknown): value is Json[] => Array.isArray(value)
const positive = (value: unknown): boolean => typeof value === 'number' && Number.isFinite(value) && value > 0
const LIMIT = (bits: number): number => 2 ** bits - 1

export function faults061(text: string): string[] {
  const document = JSON.parse(text) as Json
  if (document['version'] !== '0.6.1') return ['version is not 0.6.1']
  const missing = ['activation_encodings', 'param_encodings'].filter((part) => typeof document[part] !== 'object' || document[part] === null || Array.isArray(document[part]))
  if (missing.length > 0) return missing.map((part) => `${part} is missing`)
  return ['activation_encodings', 'param_encodings'].flatMap((part) => Object.entries(document[part] as Json).flatMap(([name, entries]) => {
    if (!isList(entries) || entries.length === 0) return [`${part} ${name}: a list is needed`]
    return entries.flatMap(({ bitwidth, scale, offset, min, max, is_symmetric: symmetric, dtype, ...rest }) => {
      if (dtype === 'float') return bitwidth === 16 && entries.length === 1 && [scale, offset, min, max, symmetric, ...Object.keys(rest)].every((value) => value === undefined) ? [] : [`${part} ${name}: a float entry has a width and nothing else`]
      const sound = [4, 8, 16, 32].includes(bitwidth as number) && dtype === 'int' && positive(scale) && ['True', 'False'].includes(symmetric as string) && Number.isInteger(offset)
        && (offset as number) <= 0 && (offset as number) >= -LIMIT(bitwidth as number) && (min as number) <= 0 && (max as number) >= 0
      return sound ? [] : [`${part} ${name}: an entry is wrong`]
    })
  }))
}

export function faults100(text: string): string[] {
  const document = JSON.parse(text) as Json
  if (document['version'] !== '1.0.0') return ['version is not 1.0.0']
  return ['activation_encodings', 'param_encodings'].flatMap((part) => {
    const entries = document[part]
    if (!isList(entries)) return [`${part}: a list is needed`]
    return entries.flatMap(({ name, enc_type: type, dtype, bw, is_sym: symmetric, scale, offset }) => {
      if (dtype === 'FLOAT') return typeof name === 'string' && type === 'PER_TENSOR' && bw === 16 && [symmetric, scale, offset].every((value) => value === undefined) ? [] : [`${part} ${String(name)}: a float entry has a width and nothing else`]
      const [scales, offsets] = [scale as number[], offset as number[]]
      const sound = typeof name === 'string' && dtype === 'INT' && typeof symmetric === 'boolean' && Array.isArray(scale) && Array.isArray(offset) && scales.length === offsets.length
        && (type === 'PER_CHANNEL' ? scales.length >= 1 : type === 'PER_TENSOR' && scales.length === 1) && scales.every(positive) && (bw as number) >= 2 && (bw as number) <= 32
        && offsets.every((value) => Number.isInteger(value) && value <= 0 && value >= -LIMIT(bw as number))
      return sound ? [] : [`${part} ${String(name)}: an entry is wrong`]
    })
  })
}

export function faults200(text: string): string[] {
  const document = JSON.parse(text) as Json
  if (document['version'] !== '2.0.0' || !isList(document['encodings'])) return ['this is no list of version 2.0.0']
  return document['encodings'].flatMap(({ name, output_dtype: type, y_scale: scale, y_zero_point: zero, axis }) => {
    const count = (value: unknown): number => (Array.isArray(value) ? value.length : 1)
    const scales = Array.isArray(scale) ? scale : [scale]
    const zeros = zero === undefined ? [] : Array.isArray(zero) ? zero : [zero]
    const sound = typeof name === 'string' && /^u?int(?:4|8|16|32)$/.test(String(type)) && scales.every(positive) && zeros.every((value) => Number.isInteger(value))
      && (zero === undefined || count(zero) === count(scale)) && (axis !== undefined) === Array.isArray(scale)
    return sound ? [] : [`${String(name)}: the entry is wrong`]
  })
}
