import { isPassThrough } from '../../onnx/operators.ts'
import { coveredBy, isActivation, type TensorQuant } from '../record.ts'
import type { Format, Subject } from '../subject.ts'
import { pretty, python } from '../written.ts'
import { degenerate, withFused, zeroRangeCheck } from './shared.ts'

/** ONNX Runtime: the QDQ model itself, the ranges as a calibration cache of `quantize_static`, and scale and zero point as TensorQuantOverrides. */
export const onnxruntime: Format = {
  name: 'onnxruntime', title: 'ONNX Runtime', takesPairs: true, settings: {},
  checks: ({ records }) => [zeroRangeCheck(records, 'ONNX Runtime takes scale 1 for it')],
  write: (subject) => [
    { path: 'thresholds/ort_ranges.json', text: rangesCache(withFused(subject)), format: 'ort-ranges' },
    { path: 'thresholds/ort_overrides.json', text: overrides(withFused(subject)), format: 'ort-overrides' },
    { path: 'config/quantize_with_ort.py', text: script(subject) },
  ],
  commands: () => [
    'python -c "import onnxruntime as ort; ort.InferenceSession(\'model/model.qdq.onnx\')"',
    'python config/quantize_with_ort.py            # from the ranges, without samples',
    'python config/quantize_with_ort.py overrides  # from scales and zero points',
  ],
}

/** The range whose codes are ours: a symmetric grid counts from its middle. */
function rangeOf(record: TensorQuant): readonly [number, number] {
  if (!record.symmetric) return coveredBy(record)
  const reach = (2 ** (record.bits - 1) - 1) * record.scale[0]!
  return [-reach, reach]
}

/** `TensorsData` of onnxruntime.quantization.calibrate (1.30). */
export const rangesCache = (records: readonly TensorQuant[]): string => pretty({
  CLS: 'TensorsData', calibration_method: { CLS: 'CalibrationMethod', value: 'CalibrationMethod.MinMax' },
  data: Object.fromEntries(records.filter((record) => isActivation(record) && record.axis === null && !degenerate(record)).map((record) => {
    const [lowest, highest] = rangeOf(record)
    return [record.name, { CLS: 'TensorData', lowest: lowest + 0, highest }]
  })),
  smooth_quant: false,
})

export const overrides = (records: readonly TensorQuant[]): string =>
  pretty(Object.fromEntries(records.filter((record) => record.role !== 'bias').map((record) => [record.name, entriesOf(record)])))

const typeOf = ({ bits, signed }: TensorQuant): string => `Q${signed ? '' : 'U'}Int${bits}`

/** One dictionary; a channel each where there is an axis, which only the first one names. */
const entriesOf = (record: TensorQuant): object[] => record.scale.map((scale, channel) => ({
  quant_type: typeOf(record), ...(record.axis !== null && channel === 0 ? { axis: record.axis } : {}), scale, zero_point: record.zeroPoint[channel]!,
}))

/** Nodes that the quantizer has to leave alone: it stops at a tensor without a range, unless it only moves one that has. */
function excluded(subject: Pick<Subject, 'graph' | 'records' | 'floatNodes'>): string[] {
  const { graph } = subject
  const known = new Set(withFused(subject).filter((record) => isActivation(record) && record.axis === null && !degenerate(record)).map(({ name }) => name))
  for (const node of graph.nodes) if (isPassThrough(node) && known.has(node.inputs[0] ?? '')) for (const output of node.outputs) known.add(output)
  const isOpen = (name: string): boolean => !known.has(name) && !graph.initializers.has(name) && graph.values.get(name)?.type === 'float32'
  return graph.nodes.filter(({ inputs, outputs }) => [...inputs, ...outputs].some(isOpen)).map(({ name }) => name)
}

function script(subject: Subject): string {
  const { records, model } = subject
  const [activation, weight] = [records.find(isActivation), records.find(({ role }) => role === 'weight')]
  const channel = weight?.axis !== null && weight !== undefined
  // The ranges say nothing of how wide codes are.
  const other = activation ? withFused(subject).filter((record) => isActivation(record) && typeOf(record) !== typeOf(activation)) : []
  const [a, w] = [activation ? typeOf(activation) : 'QUInt8', weight ? typeOf(weight) : 'QInt8']
  return `# Quantizes model/model.onnx with ONNX Runtime from what this bundle measured. Needs onnxruntime 1.30 or newer; run it in the bundle's folder.
import json, sys
import numpy as np
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

extra = {"ActivationSymmetric": ${activation?.symmetric === true && activation.signed ? 'True' : 'False'}, "WeightSymmetric": True}
if sys.argv[1:] == ["overrides"]:
    # The file writes types as words; quantize_static wants its own.
    with open("thresholds/ort_overrides.json", encoding="utf-8") as file:
        overrides = json.load(file)
    for entries in overrides.values():
        for entry in entries:
            entry["quant_type"] = QuantType.from_string(entry["quant_type"])
            entry["scale"] = np.array(entry["scale"], dtype=np.float32)
            entry["zero_point"] = np.array(entry["zero_point"], dtype=entry["quant_type"].name[1:].lower())
    extra["TensorQuantOverrides"] = overrides
else:
    extra["TensorQuantOverrides"] = {${other.map((record) => `${python(record.name)}: [{"quant_type": QuantType.${typeOf(record)}}]`).join(', ')}}
quantize_static(
    "model/model.onnx", ${python(`${model}.ort.onnx`)}, None, calibration_cache_path="thresholds/ort_ranges.json",
    quant_format=QuantFormat.QDQ, activation_type=QuantType.${a}, weight_type=QuantType.${w}, per_channel=${channel ? 'True' : 'False'}, extra_options=extra,
    nodes_to_exclude=[${excluded(subject).map(python).join(', ')}],  # in float, as in the run
)
`
}

const TYPES = /^QU?Int(?:4|8|16)$/

/** Every entry is checked: the library's own check stops after the first tensor. */
export function overrideFaults(text: string): string[] {
  const document = JSON.parse(text) as Record<string, unknown>
  return Object.entries(document).flatMap(([name, entries]) => {
    if (!Array.isArray(entries) || entries.length === 0) return [`${name}: a list with at least one entry is needed`]
    return (entries as Record<string, unknown>[]).flatMap((entry, index) => {
      const wrong: string[] = []
      if (!TYPES.test(String(entry['quant_type']))) wrong.push('quant_type')
      if (!(Number.isFinite(entry['scale']) && (entry['scale'] as number) > 0)) wrong.push('scale')
      if (!Number.isInteger(entry['zero_point'])) wrong.push('zero_point')
      if ((entry['axis'] !== undefined) !== (entries.length > 1 && index === 0) && !(entries.length === 1 && Number.isInteger(entry['axis']))) wrong.push('axis')
      if (Object.keys(entry).some((key) => !['quant_type', 'scale', 'zero_point', 'axis'].includes(key))) wrong.push('an unknown key')
      return wrong.map((what) => `${name}[${index}]: ${what} is wrong`)
    })
  })
}

export function rangesFaults(text: string): string[] {
  const document = JSON.parse(text) as { CLS?: unknown; calibration_method?: { CLS?: unknown; value?: unknown }; data?: Record<string, { CLS?: unknown; lowest?: unknown; highest?: unknown }>; smooth_quant?: unknown }
  const head = document.CLS === 'TensorsData' && document.calibration_method?.CLS === 'CalibrationMethod' && document.smooth_quant === false && typeof document.data === 'object'
  if (!head) return ['this is no TensorsData of ONNX Runtime']
  return Object.entries(document.data!).flatMap(([name, { CLS, lowest, highest }]) => {
    const sound = CLS === 'TensorData' && Number.isFinite(lowest) && Number.isFinite(highest) && (lowest as number) <= 0 && (highest as number) >= 0 && lowest !== highest
    return sound ? [] : [`${name}: no range around zero`]
  })
}

