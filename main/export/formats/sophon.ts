import type { LayerOverride } from '../../quantize/options.ts'
import { layerLines, linesKnown } from '../../quantize/overrides.ts'
import { widthFixes } from '../fixes.ts'
import { vendorNameOf } from '../mlir-names.ts'
import { amaxOf, isActivation, type TensorQuant } from '../record.ts'
import { fileName, numbered, type Check, type Format, type Subject } from '../subject.ts'
import { pixelFormula } from '../../samples/spellings.ts'
import { listed, plainDecimal, pretty } from '../written.ts'
import { few, nameCheck, withMoved, word, zeroRangeCheck } from './shared.ts'

/** Readers of tpu-mlir: fields between single blanks, `#` begins a comment, any of these words switches to another section. */
const KEYWORDS = /asym_op|int4_op|int4_th|weight_scale|tpu-mlir-fp8|mqbench-fp8/
const UNREADABLE = new RegExp(`\\s|^#|${KEYWORDS.source}`)
/** Their own writer's floor: with 0 the tensor would not be calibrated at all. */
const LEAST = 1e-5
const ROW = /^\S+\s+[-0-9.e]+\s+[-0-9.e]+\s+[-0-9.e]+$/
const FLOAT_MODES: Readonly<Record<string, string>> = { bm1684: 'F32', bm1684x: 'F16', bm1688: 'F16', cv186x: 'F16', cv18xx: 'BF16', cv180x: 'BF16', cv181x: 'BF16', cv182x: 'BF16', cv183x: 'BF16' }
/** Processor that model_deploy is told, where the profile's family has several. */
const PROCESSORS: Readonly<Record<string, string>> = { cv18xx: 'cv183x' }

/** tpu-mlir: calibration table, quantization table, commands; for the BM1684 its guide's own words for layers too. */
export const sophon: Format = {
  name: 'sophon', title: 'Sophgo tpu-mlir', names: '.mlir', settings: { chip: 'bm1684x' }, choices: { chip: Object.keys(FLOAT_MODES) },
  samples: { kind: 'npz', folder: () => 'calibration/samples' },
  checks(subject, { chip }) {
    const wide = subject.records.filter((record) => isActivation(record) && record.bits === 16).map(({ name }) => name)
    return [
      nameCheck(subject.records.filter(isActivation).map(rowName), UNREADABLE, 'tpu-mlir'),
      zeroRangeCheck(subject.records, `${LEAST} in the table`),
      ...namesChecks(subject),
      ...(wide.length === 0 ? [] : [{
        id: 'wide', state: 'warning' as const, where: few(wide),
        what: { en: `${wide.length} tensors have codes of 16 bits, which tpu-mlir has no mode for.`, zh: `${wide.length} 个张量为 16 位编码，tpu-mlir 没有对应模式。` },
        why: { en: `They are written as ${FLOAT_MODES[chip!]} in the quantization table: more exact, and slower.`, zh: `在量化表中写为 ${FLOAT_MODES[chip!]}：更精确但更慢。` },
        fix: { en: 'Give them 8 bits, or let them be.', zh: '改为 8 位，或保持不变。' }, fixes: widthFixes(subject.run, [8]),
      }]),
    ]
  },
  write(subject, settings) {
    const stem = fileName(subject.model)
    return [
      { path: `thresholds/${stem}_cali_table`, text: calibrationTable({ ...subject, records: withMoved(subject) }), format: 'tpu-mlir-table' },
      { path: `thresholds/${stem}_qtable`, text: quantizationTable(subject, settings), format: 'tpu-mlir-qtable' },
      { path: 'config/convert.sh', text: `#!/bin/sh\n${settings['chip'] === 'bm1684' ? guideComments(subject) : ''}set -e\ncd "$(dirname "$0")/.."\n${commands(subject, settings).join('\n')}\n` },
      { path: 'calibration/data_list.txt', text: dataList(subject.samples) },
      ...(settings['chip'] === 'bm1684' ? [{ path: 'config/bm1684_guide.json', text: pretty(guideSettings(subject)), format: 'json' }] : []),
    ]
  },
  commands,
}

/** As tpu-mlir's importer calls an operator: its first output and its type; inputs keep their name. */
export const rowName = ({ role, name, op }: Pick<TensorQuant, 'role' | 'name' | 'op'>): string => (role === 'input' || op === '' ? name : `${name}_${op}`)

/** Its name in the tables: by the importer's rule, or as its own file has it; undefined where that has none. */
export const tableName = ({ vendorNames }: { readonly vendorNames?: Subject['vendorNames'] | undefined }, record: Pick<TensorQuant, 'role' | 'name' | 'op'>): string | undefined =>
  vendorNames ? vendorNameOf(vendorNames, rowName(record), record.name) : rowName(record)

/** Where the importer's file is given: ranges that it has no operator for, operators that have no range. */
function namesChecks(subject: Subject): Check[] {
  const { vendorNames, records, floatNodes } = subject
  if (!vendorNames) return []
  const wanted = records.filter((record) => isActivation(record) && record.axis === null)
  const lost = wanted.filter((record) => tableName(subject, record) === undefined).map(({ name }) => name)
  const told = new Set([...withMoved(subject).map((record) => tableName(subject, record)), ...floatNodes.map(({ output, op }) => tableName(subject, { name: output, op, role: 'activation' }))])
  const open = [...vendorNames.ops].filter(([name, op]) => !told.has(name) && !WITHOUT_RANGE.has(op)).map(([name]) => name)
  const matched = `${wanted.length - lost.length}/${wanted.length}`
  return [
    lost.length === 0 ? { id: 'vendor-names', state: 'ok', where: [], what: { en: `The .mlir has an operator for every range (${matched}).`, zh: `.mlir 中每个范围都有对应算子（${matched}）。` } } : {
      id: 'vendor-names', state: 'error', where: few(lost), what: { en: `The .mlir has no operator for ${lost.length} ranges (${matched} rows matched).`, zh: `.mlir 中没有 ${lost.length} 个范围对应的算子（匹配 ${matched} 行）。` },
      why: { en: 'The importer folded or renamed these tensors; their rows would be read by nobody and are left out.', zh: '导入工具折叠或改名了这些张量；它们的行无人读取，因此不写入。' },
      fix: { en: 'Give the .mlir that model_transform makes of this bundle’s model/model.onnx.', zh: '请提供由 model_transform 从本交付包 model/model.onnx 生成的 .mlir。' },
    },
    ...(open.length === 0 ? [] : [{
      id: 'vendor-ranges', state: 'warning' as const, where: few(open), what: { en: `${open.length} operators of the .mlir have no range.`, zh: `.mlir 中有 ${open.length} 个算子没有范围。` },
      why: { en: 'tpu-mlir quantizes what has none by its neighbours, or stops.', zh: 'tpu-mlir 会按相邻算子量化，或中止。' }, fix: { en: 'Add them to the quantization table as float where model_deploy stops.', zh: '若 model_deploy 中止，请在量化表中将其设为浮点。' },
    }]),
  ]
}
/** Operators of the top dialect that only move codes. */
const WITHOUT_RANGE = new Set(['Reshape', 'Permute', 'Squeeze', 'Unsqueeze', 'Slice', 'Split', 'Depth2Space', 'Shape', 'Tile', 'Unpack', 'Reverse'])

/** Threshold is the clip of a symmetric grid, min and max those of an asymmetric one. Rows that no reader takes are left out. */
export function calibrationTable({ records, samples, method, vendorNames }: Pick<Subject, 'records' | 'samples' | 'method' | 'vendorNames'>): string {
  const rows = records.filter((record) => isActivation(record) && record.axis === null).flatMap((record) => { const name = tableName({ vendorNames }, record); return name === undefined || UNREADABLE.test(name) ? [] : [{ ...record, name }] })
  return [
    '# mlir version: n/a cali version 1.0', `# quantization threshold calculation method: ${method.replaceAll(/[^a-z0-9]/gi, '-')}`, '# histogram number: 2048', `# sample number: ${samples}`, '###',
    '# op_name    threshold    min    max',
    ...rows.map((record) => `${record.name} ${plainDecimal(Math.max(amaxOf(record), LEAST))} ${plainDecimal(record.range[0])} ${plainDecimal(record.range[1])}`),
  ].join('\n') + '\n'
}

export function quantizationTable({ floatNodes, records, vendorNames }: Pick<Subject, 'floatNodes' | 'records' | 'vendorNames'>, { chip = 'bm1684x' }: Readonly<Record<string, string>>): string {
  const mode = FLOAT_MODES[chip]!
  const float = floatNodes.map(({ output, op }) => tableName({ vendorNames }, { name: output, op, role: 'activation' }))
  const wide = records.filter((record) => record.role === 'activation' && record.bits === 16).map((record) => tableName({ vendorNames }, record))
  const rows = [...new Set([...float, ...wide])].filter((name) => name !== undefined && !UNREADABLE.test(name))
  return ['# op_name   quantize_mode', ...rows.map((name) => `${name} ${mode}`)].join('\n') + '\n'
}

const dataList = (samples: number): string => Array.from({ length: samples }, (_, index) => `calibration/samples/${numbered(index)}.npz\n`).join('')

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
    `model_deploy --mlir ${word(`${stem}.mlir`)} --quantize INT8 --chip ${processor} --calibration_table ${word(`thresholds/${stem}_cali_table`)} --quantize_table ${word(`thresholds/${stem}_qtable`)} --test_input ${word(`${stem}_in_f32.npz`)} --test_reference ${word(`${stem}_top_outputs.npz`)} --tolerance 0.85,0.45 --model ${word(`${stem}_${chip}_int8.${chip.startsWith('cv18') && chip !== 'cv186x' ? 'cvimodel' : 'bmodel'}`)}`,
  ]
}

/** An override in the guide's words; those that it has none for (granularity, rounding, bits of weights) are left out. */
function guideWords({ th_strategy: strategy, th_scale: scale, threshold, range, forward_with_float: float, method, bits }: LayerOverride): Record<string, unknown> {
  const clip = typeof threshold === 'number' ? threshold : range && Math.max(...range.map(Math.abs))
  const own = strategy ?? (method === 'max' ? 'USE_MAX' : method === 'kl' ? 'USE_KL' : undefined)
  return { ...(own === undefined ? {} : { th_strategy: own }), ...(scale === undefined ? {} : { th_scale: scale }), ...(clip === undefined ? {} : { threshold: clip }), ...(float === true || bits === 16 ? { forward_with_float: true } : {}) }
}

interface GuideSettings {
  readonly model: string
  readonly iterations: number
  readonly th_method: string
  /** Of the run: the guide has fewer methods. */
  readonly measured_with: string
  readonly accuracy_opt: boolean
  readonly layers: Readonly<Record<string, Readonly<Record<string, unknown>>>>
}

/** What the BM1684's own guide says of a model and of its layers: th_method, th_strategy, threshold, forward_with_float. */
function guideSettings({ overrides, floatNodes, samples, method, model, graph }: Subject): GuideSettings {
  const layers = new Map<string, Record<string, unknown>>()
  const known = linesKnown(graph, Object.fromEntries(overrides.map(({ name, settings }) => [name, settings]))).known
  // The guide knows layers by their names alone: lines for many are written out.
  for (const { override, tensors } of layerLines(graph, known)) {
    for (const node of graph.nodes) if (node.outputs.some((output) => tensors.has(output))) layers.set(node.name, { ...layers.get(node.name), ...guideWords(override) })
  }
  for (const { node } of floatNodes) layers.set(node, { ...layers.get(node), forward_with_float: true })
  const thresholds = method === 'kl' ? 'KL' : method === 'symkl' ? 'SYMKL' : method === 'jsd' ? 'JSD' : method === 'admm' ? 'ADMM' : method === 'aciq' ? 'ACIQ' : 'MAX'
  return { model: fileName(model), iterations: samples, th_method: thresholds, measured_with: method, accuracy_opt: false, layers: Object.fromEntries([...layers].toSorted(([a], [b]) => (a < b ? -1 : 1))) }
}

/** The same for who types the guide's own commands. Names are written as JSON: a line stays a line. */
function guideComments(subject: Subject): string {
  const { layers, iterations, th_method, accuracy_opt } = guideSettings(subject)
  const lines = [
    'What layers were told, in the words of the BM1684 guide (config/bm1684_guide.json):', `iterations: ${iterations}, th_method: ${th_method}, accuracy_opt: ${accuracy_opt}`,
    ...Object.entries(layers).map(([name, said]) => `layer ${JSON.stringify(name)}: ${Object.entries(said).map(([key, value]) => `${key}: ${String(value)}`).join(', ')}`),
  ]
  return lines.map((line) => `# ${line}\n`).join('')
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
  // tpu-mlir stops where weights beside F16 and a BF16 base meet, or the other way round.
  if (/ W\dF16$/m.test(text) && / BF16$/m.test(text) || / W\dBF16$/m.test(text) && / F16$/m.test(text)) return ['W…F16 and BF16 cannot be mixed']
  return text.slice(0, -1).split('\n').flatMap((line, index) => {
    if (line === '' || line.startsWith('#')) return []
    const [name, mode, ...rest] = line.split(' ')
    return name !== '' && rest.length === 0 && MODES.includes(mode ?? '') ? [] : [`line ${index + 1}: not a name and a mode`]
  })
}
