import { csvLine } from '../../core/csv.ts'
import { signedWeightFixes } from '../fixes.ts'
import { codesOf, isActivation, type TensorQuant } from '../record.ts'
import { fileName, type Check, type Format, type Subject } from '../subject.ts'
import { pretty, python } from '../written.ts'
import { few, zeroRangeCheck } from './shared.ts'

/** TFLite keeps its parameters in the flatbuffer and takes no side file: a recipe for ai-edge-quantizer, samples, a script, and our numbers on its grid to compare with. */
export const tflite: Format = {
  name: 'tflite', title: 'TFLite / LiteRT', measures: true, settings: {},
  samples: { kind: 'npy', folder: (input) => `calibration/${fileName(input)}` },
  checks: (subject) => [zeroRangeCheck(subject.records, 'the converter would choose a range'), gridCheck(subject)],
  write: (subject) => [
    { path: 'config/ai_edge_recipe.json', text: recipe(subject), format: 'ai-edge-recipe' },
    { path: 'config/convert_tflite.py', text: script(subject) },
    { path: 'thresholds/tflite_tensors.csv', text: tensorTable(subject.records), format: 'tflite-table' },
  ],
  commands: () => [
    'pip install onnx2tf ai-edge-quantizer   # on a machine of the board team',
    'python config/convert_tflite.py',
    'diff thresholds/tflite_tensors.csv tflite_tensors_found.csv   # our scales beside those of the converted model',
  ],
}

/** Weights must be symmetric; biases are the product of two scales. */
function gridCheck({ records, run }: Subject): Check {
  const wrong = records.filter(({ role, symmetric }) => role === 'weight' && !symmetric).map(({ name }) => name)
  if (wrong.length === 0) return { id: 'weights', state: 'ok', where: [], what: { en: 'Weights are symmetric, as the TFLite specification asks.', zh: '权重对称，符合 TFLite 规范。' } }
  return {
    id: 'weights', state: 'warning', where: few(wrong), what: { en: `${wrong.length} weights are not symmetric.`, zh: `${wrong.length} 个权重不对称。` },
    why: { en: 'TFLite has only symmetric int8 weights: its model will differ from the simulation here.', zh: 'TFLite 仅支持对称 int8 权重：其模型将与此处的仿真不同。' },
    fix: { en: 'Quantize with quantize.weights.type=int8.', zh: '请以 quantize.weights.type=int8 重新量化。' }, fixes: signedWeightFixes(run),
  }
}

/** The quantizer searches in the names of an operator's outputs, one behind the other: the whole name, no part of another. */
const pattern = (name: string): string => `(?:^|[/;])${name.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)}(?:$|[:;])`

/** First rule: all in int8 with 8-bit activations; then one that keeps each float node. */
export function recipe({ floatNodes, records }: Pick<Subject, 'floatNodes' | 'records'>): string {
  const bits = records.find(isActivation)?.bits ?? 8
  const config = (symmetric: boolean, granularity: string, count: number): object => ({ num_bits: count, symmetric, granularity, dtype: 'INT', block_size: 0 })
  return pretty([
    { regex: '.*', operation: '*', algorithm_key: 'min_max_uniform_quantize', op_config: {
      activation_tensor_config: config(bits === 16, 'TENSORWISE', bits), weight_tensor_config: config(true, records.some(({ role, axis }) => role === 'weight' && axis !== null) ? 'CHANNELWISE' : 'TENSORWISE', 8),
      compute_precision: 'INTEGER', explicit_dequantize: false, skip_checks: false,
    } },
    ...floatNodes.map(({ output }) => ({ regex: pattern(output), operation: '*', algorithm_key: 'no_quantize' })),
  ])
}

/** On TFLite's int8 grid: an unsigned zero point is 128 less there. */
export function tensorTable(records: readonly TensorQuant[]): string {
  const rows = records.filter(isActivation).map((record) => {
    const zero = record.zeroPoint[0]! - (record.signed ? 0 : 2 ** (record.bits - 1))
    return [record.name, `int${record.bits}`, String(record.scale[0]!), String(zero), String(record.range[0] + 0), String(record.range[1])]
  })
  return [['tensor', 'type', 'scale', 'zero_point', 'min', 'max'], ...rows].map((row) => `${csvLine(row)}\n`).join('')
}

const script = ({ model, inputs }: Subject): string => `# ONNX to float TFLite (onnx2tf), then int8 with the recipe and the samples of this bundle (ai-edge-quantizer).
import csv, glob, subprocess, sys
import numpy as np
from ai_edge_quantizer import quantizer
try:
    from ai_edge_litert.interpreter import Interpreter
except ImportError:
    from tensorflow.lite import Interpreter

stem = ${python(fileName(model))}
subprocess.run([sys.executable, "-m", "onnx2tf", "-i", "model/model.onnx", "-o", "tflite_out", "-osd"], check=True)
flat = sorted(glob.glob("tflite_out/*float32.tflite"))[0]
names = [${inputs.map(({ name }) => python(name)).join(', ')}]
folders = [${inputs.map(({ name }) => python(`calibration/${fileName(name)}`)).join(', ')}]
wanted = {part["name"].split(":")[0].removeprefix("serving_default_"): tuple(part["shape"]) for part in Interpreter(flat).get_input_details()}

def fitted(array, shape):
    # onnx2tf turns NCHW into NHWC.
    return array if array.shape == shape else np.transpose(array, (0, 2, 3, 1))

samples = [dict(zip(names, map(np.load, paths))) for paths in zip(*(sorted(glob.glob(folder + "/*.npy")) for folder in folders))]
feeds = [{name: fitted(sample[name], wanted.get(name, next(iter(wanted.values())))) for name in names} for sample in samples]
work = quantizer.Quantizer(flat, "config/ai_edge_recipe.json")
result = work.quantize(work.calibrate({"serving_default": feeds}))
result.export_model(stem + "_int8.tflite")
with open("tflite_tensors_found.csv", "w", newline="", encoding="utf-8") as file:
    rows = csv.writer(file, lineterminator="\\n")
    rows.writerow(["tensor", "type", "scale", "zero_point", "min", "max"])
    for part in Interpreter(stem + "_int8.tflite").get_tensor_details():
        scale, zero = part["quantization"]
        if scale:
            rows.writerow([part["name"], np.dtype(part["dtype"]).name, scale, zero, "", ""])
`

function isPattern(text: string): boolean {
  try {
    return new RegExp(text, 'u') instanceof RegExp
  } catch {
    return false
  }
}

export function recipeFaults(text: string): string[] {
  const rules = JSON.parse(text) as Record<string, unknown>[]
  if (!Array.isArray(rules) || rules[0]?.['regex'] !== '.*') return ['the first rule must be for everything']
  return rules.flatMap(({ regex, algorithm_key: key }, index) => {
    if (!isPattern(String(regex))) return [`rule ${index}: the regex cannot be read`]
    return ['min_max_uniform_quantize', 'no_quantize'].includes(String(key)) ? [] : [`rule ${index}: the algorithm is not known`]
  })
}

export function tableFaults(rows: readonly (readonly string[])[]): string[] {
  if (rows[0]?.join() !== 'tensor,type,scale,zero_point,min,max') return ['the heading is wrong']
  return rows.slice(1).flatMap(([name, type, scale, zero, lo, hi], index) => {
    const known = /^int(?:8|16)$/.exec(type ?? '')
    const [min, max] = codesOf({ bits: type === 'int16' ? 16 : 8, signed: true })
    const sound = known !== null && name !== '' && Number(scale) > 0 && Number.isInteger(Number(zero)) && Number(zero) >= min && Number(zero) <= max && Number(lo) <= Number(hi)
    return sound ? [] : [`row ${index + 2}: the values do not make a tensor`]
  })
}
