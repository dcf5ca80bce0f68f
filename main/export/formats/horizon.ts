import { parse, stringify } from 'yaml'
import { pixelFormula } from '../../samples/spellings.ts'
import { isActivation } from '../record.ts'
import { fileName, type Check, type ExportInput, type Format, type Subject } from '../subject.ts'
import { listed } from '../written.ts'
import { nameCheck } from './shared.ts'

/** Lists are joined with `;`, channels with blanks: names may hold neither. */
const UNREADABLE = /[;\s]/
const MARCHES = ['bernoulli2', 'bayes', 'bayes-e', 'nash-e', 'nash-m', 'nash-p']

type Settings = Readonly<Record<string, string>>
const isX = ({ tool }: Settings): boolean => tool === 'hb_mapper'

/** Horizon and D-Robotics: the YAML of hb_mapper (X series, J5) or hb_compile (J6), pixels of the calibration samples, nodes that need more than int8. */
export const horizon: Format = {
  name: 'horizon', title: 'Horizon OpenExplorer', settings: { tool: 'hb_compile', march: 'nash-e', runtime: 'same' },
  samples: { kind: 'raw', folder: (input) => `calibration/${fileName(input)}_f32` },
  checks: (subject, settings) => [
    nameCheck(subject.inputs.map(({ name }) => name), UNREADABLE, String(settings['tool'])),
    ...evenSizes(subject.inputs, settings),
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

function evenSizes(inputs: readonly ExportInput[], { runtime }: Settings): Check[] {
  if (runtime !== 'nv12') return []
  const odd = inputs.filter(({ dims, preprocess }) => {
    const [height, width] = preprocess?.layout === 'nhwc' ? dims.slice(1, 3) : dims.slice(2, 4)
    return preprocess !== null && ((height ?? 0) % 2 !== 0 || (width ?? 0) % 2 !== 0)
  }).map(({ name }) => name)
  const ok: Check = { id: 'even', state: 'ok', where: [], what: { en: 'Height and width are even, as nv12 needs.', zh: '高和宽为偶数，符合 nv12 要求。' } }
  return [odd.length === 0 ? ok : {
    id: 'even', state: 'error', where: odd, what: { en: 'Height or width is odd.', zh: '高或宽为奇数。' },
    why: { en: 'An nv12 picture has half as many colour values as pixels along both sides.', zh: 'nv12 图像的色度在两个方向上都是像素的一半。' },
    fix: { en: 'Calibrate with crops of even sizes (samples.calibration.preprocess.crop).', zh: '请使用偶数尺寸的裁剪进行校准（samples.calibration.preprocess.crop）。' },
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
      ...(isX(settings) ? nodeInfo(subject) : {}),
    },
    input_parameters: {
      input_name: join(({ name }) => name), input_shape: join(({ dims }) => dims.join('x')), input_type_train: join(color), input_layout_train: join(({ preprocess }) => (preprocess?.layout ?? 'nchw').toUpperCase()),
      input_type_rt: join((input) => (input.preprocess !== null && input.preprocess.color !== 'y' && settings['runtime'] === 'nv12' ? 'nv12' : color(input))),
      norm_type: norm === 'data_' ? 'no_preprocess' : norm, ...(hasMean ? { mean_value: channelValues('mean', 0) } : {}), ...(hasScale ? { scale_value: channelValues('scale', 1) } : {}),
    },
    calibration_parameters: {
      cal_data_dir: join(({ name }) => `../${horizon.samples!.folder(name)}`), ...(isX(settings) ? { cal_data_type: join(() => 'float32') } : {}), calibration_type: 'default',
      ...(isX(settings) ? {} : quantConfig(subject)),
    },
    compiler_parameters: { compile_mode: 'latency', optimize_level: isX(settings) ? 'O3' : 'O2', debug: false, jobs: 8 },
  }
  return stringify(document, { lineWidth: 0 })
}

/** Nodes that the run computes in float stay on the BPU with codes of 16 bits, as do those that it gave 16 bits. */
const precise = ({ floatNodes, records }: Subject): string[] =>
  [...new Set([...floatNodes.map(({ node }) => node), ...records.filter((record) => isActivation(record) && record.bits === 16).map(({ node }) => node)])].filter((node) => node !== '')

function nodeInfo(subject: Subject): object {
  const nodes = precise(subject)
  return nodes.length === 0 ? {} : { node_info: Object.fromEntries(nodes.map((node) => [node, { ON: 'BPU', InputType: 'int16', OutputType: 'int16' }])) }
}

function quantConfig(subject: Subject): object {
  const nodes = precise(subject)
  const wide = subject.records.filter(isActivation)
  const all = wide.length > 0 && wide.every(({ bits }) => bits === 16)
  const model = all ? { model_config: { all_node_type: 'int16' } } : {}
  const node = nodes.length === 0 || all ? {} : { node_config: Object.fromEntries(nodes.map((name) => [name, { qtype: 'int16' }])) }
  return Object.keys({ ...model, ...node }).length === 0 ? {} : { quant_config: { ...model, ...node } }
}

const KEYS: Readonly<Record<string, readonly string[]>> = {
  model_parameters: ['onnx_model', 'march', 'output_model_file_prefix', 'working_dir', 'layer_out_dump', 'node_info'],
  input_parameters: ['input_name', 'input_shape', 'input_type_train', 'input_layout_train', 'input_type_rt', 'norm_type', 'mean_value', 'scale_value'],
  calibration_parameters: ['cal_data_dir', 'cal_data_type', 'calibration_type', 'quant_config'],
  compiler_parameters: ['compile_mode', 'optimize_level', 'debug', 'jobs'],
}
const TYPES = ['rgb', 'bgr', 'yuv444', 'gray', 'featuremap']

export function yamlFaults(text: string): string[] {
  const document = parse(text) as Record<string, Record<string, unknown>>
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
  const norm = String(input['norm_type'])
  if (!['no_preprocess', 'data_mean', 'data_scale', 'data_mean_and_scale'].includes(norm)) faults.push('norm_type is not known')
  for (const key of ['mean', 'scale'] as const) if (norm.includes(key) !== (input[`${key}_value`] !== undefined)) faults.push(`${key}_value does not fit norm_type`)
  return faults
}
