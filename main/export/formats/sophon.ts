import { amaxOf, isActivation, type TensorQuant } from '../record.ts'
import { fileName, type BundleText, type Format, type Subject } from '../subject.ts'
import { pixelFormula } from '../../samples/spellings.ts'
import { listed, plainDecimal, pretty } from '../written.ts'
import { nameCheck, withFused, word, zeroRangeCheck } from './shared.ts'

/** Readers of tpu-mlir: fields between single blanks, `#` begins a comment, any of these words switches to another section. */
const KEYWORDS = /asym_op|int4_op|int4_th|weight_scale|tpu-mlir-fp8|mqbench-fp8/
const UNREADABLE = new RegExp(`\\s|^#|${KEYWORDS.source}`)
/** Their own writer's floor: with 0 the tensor would not be calibrated at all. */
const LEAST = 1e-5
const ROW = /^\S+\s+[-0-9.e]+\s+[-0-9.e]+\s+[-0-9.e]+$/
const FLOAT_MODES: Readonly<Record<string, string>> = { bm1684: 'F32', bm1684x: 'F16', cv18xx: 'BF16' }
/** Processor that model_deploy is told, where the profile's family has several. */
const PROCESSORS: Readonly<Record<string, string>> = { bm1684: 'bm1684', bm1684x: 'bm1684x', cv18xx: 'cv183x' }

/** tpu-mlir: calibration table, quantization table, commands; for the BM1684 its guide's own words for layers too. */
export const sophon: Format = {
  name: 'sophon', title: 'Sophgo tpu-mlir', settings: { chip: 'bm1684x' },
  samples: { kind: 'npz', folder: () => 'calibration/samples' },
  checks(subject, { chip }) {
    const wide = subject.records.filter((record) => isActivation(record) && record.bits === 16).map(({ name }) => name)
    return [
      nameCheck(subject.records.filter(isActivation).map(rowName), UNREADABLE, 'tpu-mlir'),
      zeroRangeCheck(subject.records, `${LEAST} in the table`),
      ...(wide.length === 0 ? [] : [{
        id: 'wide', state: 'warning' as const, where: wide.slice(0, 20),
        what: { en: `${wide.length} tensors have codes of 16 bits, which tpu-mlir has no mode for.`, zh: `${wide.length} 个张量为 16 位编码，tpu-mlir 没有对应模式。` },
        why: { en: `They are written as ${FLOAT_MODES[chip!]} in the quantization table: more exact, and slower.`, zh: `在量化表中写为 ${FLOAT_MODES[chip!]}：更精确但更慢。` },
      }]),
    ]
  },
  write(subject, settings) {
    const stem = fileName(subject.model)
    return [
      { path: `thresholds/${stem}_cali_table`, text: calibrationTable({ ...subject, records: withFused(subject) }), format: 'tpu-mlir-table' },
      { path: `thresholds/${stem}_qtable`, text: quantizationTable(subject, settings), format: 'tpu-mlir-qtable' },
      { path: 'config/convert.sh', text: `#!/bin/sh\nset -e\ncd "$(dirname "$0")/.."\n${commands(subject, settings).join('\n')}\n` },
      { path: 'calibration/data_list.txt', text: dataList(subject.samples) },
      ...(settings['chip'] === 'bm1684' ? guideFiles(subject) : []),
    ]
  },
  commands,
}

/** As tpu-mlir's importer calls an operator: its first output and its type; inputs keep their name. */
export const rowName = ({ role, name, op }: Pick<TensorQuant, 'role' | 'name' | 'op'>): string => (role === 'input' || op === '' ? name : `${name}_${op}`)

/** Threshold is the clip of a symmetric grid, min and max those of an asymmetric one. Rows that no reader takes are left out. */
export function calibrationTable({ records, samples, method }: Pick<Subject, 'records' | 'samples' | 'method'>): string {
  const rows = records.filter((record) => isActivation(record) && record.axis === null && !UNREADABLE.test(rowName(record)))
  return [
    '# mlir version: n/a cali version 1.0', `# quantization threshold calculation method: ${method.replaceAll(/[^a-z0-9-]/gi, '_')}`, '# histogram number: 2048', `# sample number: ${samples}`, '###',
    '# op_name    threshold    min    max',
    ...rows.map((record) => `${rowName(record)} ${plainDecimal(Math.max(amaxOf(record), LEAST))} ${plainDecimal(record.range[0])} ${plainDecimal(record.range[1])}`),
  ].join('\n') + '\n'
}

export function quantizationTable({ floatNodes, records }: Pick<Subject, 'floatNodes' | 'records'>, { chip = 'bm1684x' }: Readonly<Record<string, string>>): string {
  const mode = FLOAT_MODES[chip]!
  const float = floatNodes.map(({ output, op }) => `${output}_${op}`)
  const wide = records.filter((record) => record.role === 'activation' && record.bits === 16).map(rowName)
  const rows = [...new Set([...float, ...wide])].filter((name) => !UNREADABLE.test(name))
  return ['# op_name   quantize_mode', ...rows.map((name) => `${name} ${mode}`)].join('\n') + '\n'
}

const number = (index: number): string => String(index).padStart(3, '0')
const dataList = (samples: number): string => Array.from({ length: samples }, (_, index) => `calibration/samples/${number(index)}.npz\n`).join('')

function commands(subject: Subject, { chip = 'bm1684x' }: Readonly<Record<string, string>>): string[] {
  const stem = fileName(subject.model)
  const shapes = `[${subject.inputs.map(({ dims }) => `[${dims.join(',')}]`).join(',')}]`
  const [first] = subject.inputs
  const pixels = first?.preprocess ? pixelFormula(first.preprocess) : null
  const color = first?.preprocess?.color === 'y' ? 'gray' : (first?.preprocess?.color ?? 'rgb')
  const how = pixels ? ` --mean ${listed(pixels.mean, ',')} --scale ${listed(pixels.scale, ',')} --pixel_format ${color}` : ''
  const processor = PROCESSORS[chip] ?? chip
  return [
    `model_transform --model_name ${word(stem)} --model_def model/model.onnx --input_shapes '${shapes}'${how} --test_input golden/in_000.npz --test_result ${word(`${stem}_top_outputs.npz`)} --mlir ${word(`${stem}.mlir`)}`,
    `# the thresholds are in this bundle; to measure anew: run_calibration ${word(`${stem}.mlir`)} --data_list calibration/data_list.txt --input_num ${subject.samples} -o ${word(`${stem}_cali_table`)}`,
    `model_deploy --mlir ${word(`${stem}.mlir`)} --quantize INT8 --chip ${processor} --calibration_table ${word(`thresholds/${stem}_cali_table`)} --quantize_table ${word(`thresholds/${stem}_qtable`)} --test_input ${word(`${stem}_in_f32.npz`)} --test_reference ${word(`${stem}_top_outputs.npz`)} --tolerance 0.85,0.45 --model ${word(`${stem}_${chip}_int8.${chip === 'cv18xx' ? 'cvimodel' : 'bmodel'}`)}`,
  ]
}

/** What the BM1684's own guide says of a layer: th_strategy, threshold, forward_with_float. */
function guideFiles({ overrides, floatNodes, samples, method, model }: Subject): BundleText[] {
  const layers = new Map<string, Record<string, unknown>>(overrides.map(({ name, settings }) => [name, { ...settings }]))
  for (const { node } of floatNodes) layers.set(node, { ...layers.get(node), forward_with_float: true })
  const thresholds = method === 'kl' ? 'KL' : method === 'symkl' ? 'SYMKL' : method === 'jsd' ? 'JSD' : method === 'admm' ? 'ADMM' : method === 'aciq' ? 'ACIQ' : 'MAX'
  return [{
    path: 'config/bm1684_guide.json', format: 'json',
    text: pretty({ model: fileName(model), iterations: samples, th_method: thresholds, measured_with: method, accuracy_opt: false, layers: Object.fromEntries([...layers].toSorted(([a], [b]) => (a < b ? -1 : 1))) }),
  }]
}

/** Both of its readers must take every row: single blanks for one, no sign and no capital in an exponent for the other. */
export function tableFaults(text: string): string[] {
  if (text.includes('\r') || !text.endsWith('\n')) return ['lines must end with LF']
  return text.slice(0, -1).split('\n').flatMap((line, index) => {
    const place = `line ${index + 1}`
    if (line.startsWith('#')) return KEYWORDS.test(line) ? [`${place}: a comment holds a word that begins another section`] : []
    if (line.split(' ').length !== 4) return [`${place}: not four fields between single blanks`]
    if (!ROW.test(line) || UNREADABLE.test(line.split(' ')[0]!)) return [`${place}: a reader would drop this row`]
    const [threshold, lo, hi] = line.split(' ').slice(1).map(Number) as [number, number, number]
    return threshold >= LEAST && lo <= hi && [threshold, lo, hi].every(Number.isFinite) ? [] : [`${place}: the threshold is below ${LEAST}, or min is above max`]
  })
}

const MODES = 'INT8 UINT8 INT4 BF16 F16 F32 W8F16 W8BF16 W4F16 W4BF16 F8 F8E4M3 F8E5M2 W4F8E4M3 W4F8E5M2'.split(' ')

export function qtableFaults(text: string): string[] {
  if (text.includes('\r') || !text.endsWith('\n')) return ['lines must end with LF']
  return text.slice(0, -1).split('\n').flatMap((line, index) => {
    if (line === '' || line.startsWith('#')) return []
    const [name, mode, ...rest] = line.split(' ')
    return name !== '' && rest.length === 0 && MODES.includes(mode ?? '') ? [] : [`line ${index + 1}: not a name and a mode`]
  })
}
