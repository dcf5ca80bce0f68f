import { parse } from 'yaml'
import { pixelFormula } from '../../samples/spellings.ts'
import { fewerSamplesFixes } from '../fixes.ts'
import { isActivation } from '../record.ts'
import { fileName, numbered, type Format, type Subject } from '../subject.ts'
import { byName, listed, python, yamlText } from '../written.ts'
import { nameCheck } from './shared.ts'

const ALGORITHMS: Readonly<Record<string, string>> = { kl: 'kl_divergence', symkl: 'kl_divergence', jsd: 'kl_divergence', mse: 'mmse', octav: 'mmse', admm: 'mmse' }
/** Pictures that the toolkit's document recommends, by algorithm. */
const MOST: Readonly<Record<string, number>> = { mmse: 50, normal: 100, kl_divergence: 100 }

/** RKNN-Toolkit2 measures for itself: samples, a build script, and which layers need more than int8. */
export const rknn: Format = {
  name: 'rknn', title: 'Rockchip RKNN-Toolkit2', measures: true, settings: { platform: 'rk3588' },
  samples: { kind: 'png', folder: () => 'calibration/samples' },
  checks: (subject) => [
    nameCheck(subject.inputs.map(({ name }) => name), /\s/, 'RKNN-Toolkit2', 'warning'),
    samplesCheck(subject),
  ],
  write: (subject, settings) => [
    ...(subject.samples === 0 ? [] : [{ path: 'calibration/dataset.txt', text: dataset(subject), format: 'rknn-dataset' }]),
    { path: 'config/rknn_build.py', text: buildScript(subject, settings) },
    { path: 'config/hybrid_layers.yaml', text: hybridLayers(subject), format: 'rknn-hybrid' },
    { path: 'config/rknn_hybrid.py', text: hybridScript(subject, settings) },
  ],
  commands: () => ['python config/rknn_build.py', 'python config/rknn_build.py --analyse   # its errors a layer beside those of report/layers.csv', 'python config/rknn_hybrid.py   # with the layers of config/hybrid_layers.yaml in a wider type'],
}

const algorithm = ({ method }: Subject): string => ALGORITHMS[method] ?? 'normal'

function samplesCheck(subject: Subject): ReturnType<Format['checks']>[number] {
  const most = MOST[algorithm(subject)]!
  if (subject.samples >= 20 && subject.samples <= most) return { id: 'samples', state: 'ok', where: [], what: { en: `${subject.samples} calibration samples, of 20 to ${most}.`, zh: `${subject.samples} 个校准样本，建议 20 至 ${most} 个。` } }
  return {
    id: 'samples', state: 'note', where: [], what: { en: `${subject.samples} calibration samples, where 20 to ${most} are recommended for ${algorithm(subject)}.`, zh: `校准样本 ${subject.samples} 个，${algorithm(subject)} 建议 20 至 ${most} 个。` },
    why: { en: 'The toolkit measures its ranges from these samples alone.', zh: '该工具只用这些样本测量范围。' },
    fix: { en: 'Set samples.calibration.count and calibrate again.', zh: '请设置 samples.calibration.count 后重新校准。' }, ...(subject.samples > most ? { fixes: fewerSamplesFixes(most) } : {}),
  }
}

const isPicture = ({ inputs }: Subject): boolean => inputs.length === 1 && inputs[0]!.preprocess !== null

/** One sample a line; inputs stand between blanks. */
function dataset(subject: Subject): string {
  const folders = isPicture(subject) ? ['samples'] : subject.inputs.map(({ name }) => fileName(name))
  const suffix = isPicture(subject) ? 'png' : 'npy'
  return Array.from({ length: subject.samples }, (_, index) => `${folders.map((folder) => `${folder}/${numbered(index)}.${suffix}`).join(' ')}\n`).join('')
}

/** std_values are divisors; arrays go in as they are. */
function normalization({ inputs }: Subject): string {
  const formulas = inputs.map(({ preprocess, dims }) => (preprocess ? pixelFormula(preprocess) : { mean: Array.from({ length: dims[1] ?? 1 }, () => 0), scale: Array.from({ length: dims[1] ?? 1 }, () => 1) }))
  const bgr = inputs.some(({ preprocess }) => preprocess?.color === 'bgr')
  return `mean_values=[${formulas.map(({ mean }) => `[${listed(mean)}]`).join(', ')}], std_values=[${formulas.map(({ scale }) => `[${listed(scale.map((value) => 1 / value))}]`).join(', ')}]${bgr ? ', quant_img_RGB2BGR=True' : ''}`
}

function head(subject: Subject, { platform }: Readonly<Record<string, string>>): string {
  const perChannel = subject.records.some(({ role, axis }) => role === 'weight' && axis !== null)
  const inputs = `inputs=[${subject.inputs.map(({ name }) => python(name)).join(', ')}], input_size_list=[${subject.inputs.map(({ dims }) => `[${dims.join(', ')}]`).join(', ')}]`
  return `import os, sys
from rknn.api import RKNN

here = os.path.dirname(os.path.abspath(__file__))
model = os.path.join(here, "..", "model", "model.onnx")
dataset = os.path.join(here, "..", "calibration", "dataset.txt")
rknn = RKNN(verbose=False)
rknn.config(${normalization(subject)}, target_platform=${python(platform!)},
            quantized_dtype="w8a8", quantized_algorithm=${python(algorithm(subject))}, quantized_method=${python(perChannel ? 'channel' : 'layer')}, optimization_level=3)
assert rknn.load_onnx(model=model, ${inputs}) == 0
`
}

const buildScript = (subject: Subject, settings: Readonly<Record<string, string>>): string => `# Builds the RKNN model with RKNN-Toolkit2 2.3.
${head(subject, settings)}assert rknn.build(do_quantization=True, dataset=dataset) == 0
assert rknn.export_rknn(${python(`${fileName(subject.model)}.rknn`)}) == 0
if "--analyse" in sys.argv[1:]:
    # Its columns: entire = errors of everything before add up (accumulated), single = this layer alone.
    first = open(dataset, encoding="utf-8").readline().split()
    assert rknn.accuracy_analysis(inputs=[os.path.join(here, "..", "calibration", path) for path in first], output_dir="analysis") == 0
`

/** By output tensor, as custom_quantize_layers of the toolkit's own file names them. */
export function hybridLayers({ floatNodes, records }: Pick<Subject, 'floatNodes' | 'records'>): string {
  const wide = records.filter((record) => isActivation(record) && record.bits === 16).map(({ name }) => [name, 'int16'] as const)
  return yamlText({ custom_quantize_layers: byName(new Map([...floatNodes.map(({ output }) => [output, 'float16'] as const), ...wide])) })
}

const hybridScript = (subject: Subject, settings: Readonly<Record<string, string>>): string => `# Hybrid quantization: puts the layers of hybrid_layers.yaml into the file that step 1 writes, and says which of them it does not know.
import yaml
${head(subject, settings)}assert rknn.hybrid_quantization_step1(dataset=dataset, proposal=False) == 0
stem = "model"
path = stem + ".quantization.cfg"
with open(path, encoding="utf-8") as file:
    written = yaml.safe_load(file)
with open(os.path.join(here, "hybrid_layers.yaml"), encoding="utf-8") as file:
    wanted = yaml.safe_load(file)["custom_quantize_layers"] or {}
known = set(written["quantize_parameters"])
# Only this key may be changed: anything else in the file breaks step 2.
written["custom_quantize_layers"] = {name: kind for name, kind in wanted.items() if name in known}
for name in sorted(set(wanted) - known):
    print("not in this graph:", name)
with open(path, "w", encoding="utf-8") as file:
    yaml.safe_dump(written, file, sort_keys=False, allow_unicode=True)
assert rknn.hybrid_quantization_step2(model_input=stem + ".model", data_input=stem + ".data", model_quantization_cfg=path) == 0
assert rknn.export_rknn(${python(`${fileName(subject.model)}_hybrid.rknn`)}) == 0
`

export function hybridFaults(text: string): string[] {
  const { custom_quantize_layers: layers, ...rest } = parse(text, { version: '1.1' }) as Record<string, unknown>
  if (typeof layers !== 'object' || layers === null || Object.keys(rest).length > 0) return ['only custom_quantize_layers may be in it']
  return Object.entries(layers).filter(([, type]) => !['int8', 'int16', 'float16'].includes(String(type))).map(([name]) => `${name}: the type is not known`)
}

export const datasetFaults = (text: string): string[] => {
  const lines = text.split('\n').slice(0, -1)
  const widths = new Set(lines.map((line) => line.split(' ').length))
  return [
    ...(lines.length === 0 ? ['there is no sample'] : []), ...(widths.size > 1 ? ['lines name different numbers of inputs'] : []),
    ...lines.flatMap((line, index) => (line.split(' ').every((path) => /^[\w./-]+\.(?:png|npy)$/.test(path) && !path.includes('..')) ? [] : [`line ${index + 1}: not paths of .png or .npy files`])),
  ]
}
