import { parse } from 'yaml'
import { pixelFormula } from '../../samples/spellings.ts'
import { evenFixes } from '../fixes.ts'
import { isActivation } from '../record.ts'
import { fileName, type Check, type ExportInput, type Format, type Subject } from '../subject.ts'
import { byName, listed, quoted, yamlText } from '../written.ts'
import { nameCheck } from './shared.ts'

/** Lists are joined with `;`, channels with blanks: names may hold neither. */
const UNREADABLE = /[;\s]/
const MARCHES = ['bernoulli2', 'bayes', 'bayes-e', 'nash-e', 'nash-m', 'nash-p']

type Settings = Readonly<Record<string, string>>
const isX = ({ tool }: Settings): boolean => tool === 'hb_mapper'

/** Horizon and D-Robotics: the YAML of hb_mapper (X series, J5) or hb_compile (J6), pixels of the calibration samples, nodes that need more than int8. */
export const horizon: Format = {
  name: 'horizon', title: 'Horizon OpenExplorer', measures: true, settings: { tool: 'hb_compile', march: 'nash-e', runtime: 'same' }, choices: { tool: ['hb_mapper', 'hb_compile'], march: MARCHES, runtime: ['same', 'nv12'] },
  samples: { kind: 'raw', folder: (input) => `calibration/${fileName(input)}_f32` },
  checks: (subject, settings) => [
    nameCheck(subject.inputs.map(({ name }) => name), UNREADABLE, String(settings['tool'])),
    ...evenSizes(subject, settings),
  ],
  write: (subject, settings) => [{ path: `config/${fileName(subject.model)}.yaml`, text: config(subject, settings), format: 'horizon-yaml' }],
  commands: (subject, settings) => {
    const yaml = `${fileName(subject.model)}.yaml`
    return isX(settings)
      ? [`hb_mapper checker --model-type onnx --march ${settings['march']!} --model model/model.onnx`, `(cd config && hb_mapper makertbin --config ${yaml} --model-type onnx)`, 'hb_verifier -h   # compares the model of every step with golden/']
      : [`hb_compile --march ${settings['march']!} --model model/model.onnx   # checks the model`, `(cd config && hb_compile --config ${yaml})`, 'hb_verifier -h   # compares the model of every step with golden/']
  },
}

/** hb_compile reads .npy, hb_mapper raw values. */
export const horizonSamples = (settings: Settings): Format['samples'] => (isX(settings) ? horizon.samples! : { ...horizon.samples!, kind: 'pixels-npy' })

function evenSizes({ inputs, run }: Subject, { runtime }: Settings): Check[] {
  if (runtime !== 'nv12') return []
  const odd = inputs.filter(({ dims, preprocess }) => {
    const [height, width] = preprocess?.layout === 'nhwc' ? dims.slice(1, 3) : dims.slice(2, 4)
    return preprocess !== null && ((height ?? 0) % 2 !== 0 || (width ?? 0) % 2 !== 0)
  }).map(({ name }) => name)
  const ok: Check = { id: 'even', state: 'ok', where: [], what: { en: 'Height and width are even, as nv12 needs.', zh: '高和宽为偶数，符合 nv12 要求。' } }
  return [odd.length === 0 ? ok : {
    id: 'even', state: 'error', where: odd, what: { en: 'Height or width is odd.', zh: '高或宽为奇数。' },
    why: { en: 'An nv12 picture has half as many colour values as pixels along both sides.', zh: 'nv12 图像的色度在两个方向上都是像素的一半。' },
    fix: { en: 'Calibrate with crops of even sizes (samples.calibration.preprocess.crop).', zh: '请使用偶数尺寸的裁剪进行校准（samples.calibration.preprocess.crop）。' }, fixes: evenFixes(run),
  }]
}

/** The four mandatory groups. Values a channel are joined with blanks, inputs with `;`. */
export function config(subject: Subject, settings: Settings): string {
  const { inputs } = subject
  const join = (of: (input: ExportInput) => string): string => inputs.map(of).join('; ')
  const pictures = inputs.map(({ preprocess }) => preprocess)
  const formulas = pictures.map((preprocess) => preprocess && pixelFormula(preprocess))
  const hasMean = formulas.some((formula) => formula?.mean.some((value) => Math.abs(value) > 1e-9))
  const hasScale = formulas.some((formula) => formula?.scale.some((value) => Math.abs(value - 1) > 1e-9))
  const norm = `data_${[...(hasMean ? ['mean'] : []), ...(hasScale ? ['scale'] : [])].join('_and_')}`
  const channelValues = (key: 'mean' | 'scale', rest: number) => formulas.map((formula) => listed(formula?.[key] ?? [rest], ' ')).join('; ')
  const color = (input: ExportInput): string => (input.preprocess === null ? 'featuremap' : input.preprocess.color === 'y' ? 'gray' : input.preprocess.color)
  const document = {
    model_parameters: {
      onnx_model: '../model/model.onnx', march: settings['march'], output_model_file_prefix: fileName(subject.model), working_dir: './out', layer_out_dump: false,
      ...(isX(settings) ? nodeInfo(subject, settings) : {}),
    },
    input_parameters: {
      input_name: quoted(join(({ name }) => name)), input_shape: join(({ dims }) => dims.join('x')), input_type_train: join(color), input_layout_train: join(({ preprocess }) => (preprocess?.layout ?? 'nchw').toUpperCase()),
      input_type_rt: join((input) => (input.preprocess !== null && input.preprocess.color !== 'y' && settings['runtime'] === 'nv12' ? 'nv12' : color(input))),
      norm_type: norm === 'data_' ? 'no_preprocess' : norm, ...(hasMean ? { mean_value: channelValues('mean', 0) } : {}), ...(hasScale ? { scale_value: channelValues('scale', 1) } : {}),
    },
    calibration_parameters: {
      cal_data_dir: join(({ name }) => `../${horizon.samples!.folder(name)}`), ...(isX(settings) ? { cal_data_type: join(() => 'float32') } : {}), calibration_type: 'default',
      ...(isX(settings) ? outputCodes(subject) : quantConfig(subject)),
    },
    compiler_parameters: { compile_mode: 'latency', optimize_level: isX(settings) ? 'O3' : 'O2', debug: false, jobs: 8 },
  }
  return yamlText(document)
}

interface Wide { readonly input: boolean; readonly output: boolean }

/** Nodes that need codes of 16 bits, and on which side: both where the run computes them in float; of a tensor of 16 bits its maker behind, its readers before. */
function wideNodes({ floatNodes, records, graph }: Pick<Subject, 'floatNodes' | 'records' | 'graph'>): Map<string, Wide> {
  const wide = new Map<string, Wide>()
  const add = (node: string, sides: Partial<Wide>): void => { if (node !== '') wide.set(node, { ...(wide.get(node) ?? { input: false, output: false }), ...sides }) }
  for (const { node } of floatNodes) add(node, { input: true, output: true })
  const tensors = new Set(records.filter((record) => isActivation(record) && record.bits === 16).map(({ name }) => name))
  for (const record of records) if (tensors.has(record.name)) add(record.node, { output: true })
  for (const node of graph.nodes) if (node.inputs.some((name) => tensors.has(name))) add(node.name, { input: true })
  return wide
}

/** The X3 has no codes of 16 bits: there such nodes go to its processor. */
function nodeInfo(subject: Subject, { march }: Settings): object {
  const info = ({ input, output }: Wide) => byName(Object.entries(march === 'bernoulli2' ? { ON: 'CPU' } : { ON: 'BPU', ...(input ? { InputType: 'int16' } : {}), ...(output ? { OutputType: 'int16' } : {}) }))
  const nodes = [...wideNodes(subject)]
  return nodes.length === 0 ? {} : { node_info: byName(nodes.map(([node, wide]) => [node, info(wide)])) }
}

/** What the run makes of the model's outputs: codes of 8 or 16 bits; null where they come from the accumulator or from float, or differ. */
function outputBits({ outputs, records }: Subject): 8 | 16 | null {
  const bits = new Set(outputs.map((output) => records.find((record) => record.name === output && isActivation(record))?.bits))
  const [only] = bits
  return bits.size === 1 && (only === 8 || only === 16) ? only : null
}

/** hb_mapper gives outputs of convolutions as they accumulate unless it is told. */
function outputCodes(subject: Subject): object {
  const bits = outputBits(subject)
  return bits === null ? {} : { optimization: `set_model_output_int${bits}` }
}

/** `qtype` is what goes into a node: what comes out is the next one's. */
function quantConfig(subject: Subject): object {
  const nodes = [...wideNodes(subject)].filter(([, { input }]) => input)
  const wide = subject.records.filter(isActivation)
  const all = wide.length > 0 && wide.every(({ bits }) => bits === 16)
  const bits = outputBits(subject)
  const model = { ...(all ? { all_node_type: 'int16' } : {}), model_output_type: bits === null ? 'float32' : `int${bits}` }
  const node = nodes.length === 0 || all ? {} : { node_config: byName(nodes.map(([name]) => [name, { qtype: 'int16' }])) }
  return { quant_config: { model_config: model, ...node } }
}

const KEYS: Readonly<Record<string, readonly string[]>> = {
  model_parameters: ['onnx_model', 'march', 'output_model_file_prefix', 'working_dir', 'layer_out_dump', 'node_info'],
  input_parameters: ['input_name', 'input_shape', 'input_type_train', 'input_layout_train', 'input_type_rt', 'norm_type', 'mean_value', 'scale_value'],
  calibration_parameters: ['cal_data_dir', 'cal_data_type', 'calibration_type', 'optimization', 'quant_config'],
  compiler_parameters: ['compile_mode', 'optimize_level', 'debug', 'jobs'],
}
/** Keys whose values (one an input, where there are several) come from a set. */
const SETS: readonly (readonly [key: string, known: readonly string[]])[] = [
  ['input_parameters.input_layout_train', ['NCHW', 'NHWC']], ['input_parameters.input_type_rt', ['rgb', 'bgr', 'yuv444', 'gray', 'featuremap', 'nv12']], ['calibration_parameters.cal_data_type', ['float32', 'uint8']],
  ['calibration_parameters.calibration_type', ['default', 'mix', 'kl', 'max', 'load', 'skip']], ['compiler_parameters.compile_mode', ['latency', 'bandwidth']], ['compiler_parameters.optimize_level', ['O0', 'O1', 'O2', 'O3']],
]
const TYPES = ['rgb', 'bgr', 'yuv444', 'gray', 'featuremap']

export function yamlFaults(text: string): string[] {
  const document = parse(text, { version: '1.1' }) as Record<string, Record<string, unknown>>
  const faults: string[] = []
  for (const [group, keys] of Object.entries(KEYS)) {
    const found = document[group]
    if (typeof found !== 'object' || found === null) { faults.push(`${group} is missing`); continue }
    faults.push(...Object.keys(found).filter((key) => !keys.includes(key)).map((key) => `${group}.${key} is not known`))
  }
  if (faults.length > 0) return faults
  const [model, input, calibration] = [document['model_parameters']!, document['input_parameters']!, document['calibration_parameters']!]
  const parts = (value: unknown): string[] => String(value).split(';').map((part) => part.trim())
  const count = parts(input['input_name']).length
  if (!MARCHES.includes(String(model['march']))) faults.push('march is not known')
  for (const key of ['input_shape', 'input_type_train', 'input_layout_train', 'input_type_rt']) if (parts(input[key]).length !== count) faults.push(`${key} has not one part an input`)
  if (parts(calibration['cal_data_dir']).length !== count) faults.push('cal_data_dir has not one part an input')
  if (parts(input['input_shape']).some((shape) => !/^\d+(?:x\d+)*$/.test(shape))) faults.push('input_shape is not like 1x3x64x64')
  if (parts(input['input_type_train']).some((type) => !TYPES.includes(type))) faults.push('input_type_train is not known')
  for (const [key, known] of SETS) if (!parts(document[key.split('.')[0]!]![key.split('.')[1]!] ?? known[0]).every((each) => known.includes(each))) faults.push(`${key} is not known`)
  if (typeof model['layer_out_dump'] !== 'boolean' || typeof document['compiler_parameters']!['debug'] !== 'boolean') faults.push('a truth value is something else')
  if (('quant_config' in calibration) !== String(model['march']).startsWith('nash')) faults.push('quant_config belongs to hb_compile alone')
  const norm = String(input['norm_type'])
  if (!['no_preprocess', 'data_mean', 'data_scale', 'data_mean_and_scale'].includes(norm)) faults.push('norm_type is not known')
  for (const [node, info] of Object.entries((model['node_info'] ?? {}) as Record<string, Record<string, unknown>>)) if (!['BPU', 'CPU'].includes(String(info['ON']))) faults.push(`node_info ${node}: ON is neither BPU nor CPU`)
  if (calibration['optimization'] !== undefined && !/^set_model_output_int(?:8|16)$/.test(String(calibration['optimization']))) faults.push('optimization is not known')
  for (const key of ['mean', 'scale'] as const) if (norm.includes(key) !== (input[`${key}_value`] !== undefined)) faults.push(`${key}_value does not fit norm_type`)
  return faults
}
