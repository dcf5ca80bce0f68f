import { signedFixes } from '../fixes.ts'
import { amaxOf, isActivation, type TensorQuant } from '../record.ts'
import { fileName, type Check, type Format, type Subject } from '../subject.ts'
import { float32Hex, pretty } from '../written.ts'
import { degenerate, few, nameCheck, word, zeroRangeCheck } from './shared.ts'

const HEADERS = ['TRT-8601-EntropyCalibration2', 'TRT-8601-MinMaxCalibration', 'TRT-100001-EntropyCalibration2']

/** TensorRT: the QDQ model (11 and later read nothing else), the calibration cache up to 10, and a range a tensor as JSON. */
export const tensorrt: Format = {
  name: 'tensorrt', title: 'NVIDIA TensorRT', takesPairs: true, settings: { cache: HEADERS[0]! },
  samples: { kind: 'npy', folder: (input) => `calibration/${fileName(input)}` },
  checks: (subject) => [
    signedCheck(subject),
    nameCheck(subject.records.filter(isActivation).map(({ name }) => name), /[:\r\n]/, 'the calibration cache', 'warning'),
    zeroRangeCheck(subject.records, 'a zero in the cache is read as 7e-37'),
  ],
  write: ({ records }, { cache }) => [
    { path: 'thresholds/calibration.cache', text: calibrationCache(records, cache!), format: 'tensorrt-cache' },
    { path: 'thresholds/dynamic_ranges.json', text: dynamicRanges(records), format: 'dynamic-ranges' },
  ],
  commands: ({ model }) => {
    const plan = word(`${fileName(model)}.plan`)
    return [
      `trtexec --onnx=model/model.qdq.onnx --stronglyTyped --saveEngine=${plan}   # TensorRT 11 and later`,
      `trtexec --onnx=model/model.onnx --int8 --calib=thresholds/calibration.cache --saveEngine=${plan}   # up to TensorRT 10`,
      `trtexec --loadEngine=${plan} --dumpProfile`,
    ]
  },
}

function signedCheck({ records, run }: Subject): Check {
  const wrong = records.filter((record) => record.role !== 'bias' && (!record.signed || record.zeroPoint.some((zero) => zero !== 0))).map(({ name }) => name)
  if (wrong.length === 0) return { id: 'signed', state: 'ok', where: [], what: { en: 'All codes are signed with zero point 0.', zh: '所有编码均为有符号且零点为 0。' } }
  return {
    id: 'signed', state: 'error', where: few(wrong), what: { en: `${wrong.length} tensors have unsigned codes or a zero point that is not 0.`, zh: `${wrong.length} 个张量为无符号编码或零点不为 0。` },
    why: { en: 'TensorRT refuses a QDQ model with them.', zh: 'TensorRT 拒绝此类 QDQ 模型。' },
    fix: { en: 'Quantize with quantize.activations.type=int8, quantize.activations.symmetric=true and quantize.weights.type=int8.', zh: '请以 quantize.activations.type=int8、quantize.activations.symmetric=true、quantize.weights.type=int8 重新量化。' }, fixes: signedFixes(run),
  }
}

/** Rows that can be read back: no colon in the name, nothing that float32 makes zero or infinite. */
const cached = (records: readonly TensorQuant[]): TensorQuant[] =>
  records.filter((record) => isActivation(record) && record.axis === null && !degenerate(record) && !/[:\r\n]/.test(record.name) && isFloat32(amaxOf(record) / 127))

const isFloat32 = (value: number): boolean => Math.fround(value) > 0 && Number.isFinite(Math.fround(value))

/** `name: hex` of amax / 127 as a big-endian float32. */
export const calibrationCache = (records: readonly TensorQuant[], header: string): string =>
  `${header}\n${cached(records).map((record) => `${record.name}: ${float32Hex(amaxOf(record) / 127)}\n`).join('')}`

export const dynamicRanges = (records: readonly TensorQuant[]): string =>
  pretty({ act_quant_info: Object.fromEntries(records.filter((record) => isActivation(record) && !degenerate(record)).map((record) => [record.name, amaxOf(record)])) })

export function cacheFaults(text: string): string[] {
  const [head, ...lines] = text.split('\n')
  if (!head!.startsWith('TRT-') || lines.at(-1) !== '') return ['the first line is no TensorRT header, or the last one has no end']
  return lines.slice(0, -1).flatMap((line, index) => {
    const [, hex] = /^[^:\r]+: ([0-9a-f]{8})$/.exec(line) ?? []
    if (hex === undefined) return [`line ${index + 2}: not a name without a colon and eight digits`]
    const view = new DataView(new ArrayBuffer(4))
    view.setUint32(0, Number.parseInt(hex, 16))
    return view.getFloat32(0) > 0 && Number.isFinite(view.getFloat32(0)) ? [] : [`line ${index + 2}: the scale is not above zero`]
  })
}

export function dynamicRangeFaults(text: string): string[] {
  const { act_quant_info: info } = JSON.parse(text) as { act_quant_info?: Record<string, unknown> }
  if (typeof info !== 'object') return ['act_quant_info is missing']
  return Object.entries(info).filter(([, amax]) => !(typeof amax === 'number' && amax > 0 && Number.isFinite(amax))).map(([name]) => `${name}: the range is not above zero`)
}
