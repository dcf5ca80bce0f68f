import { fileName, type Format, type Subject } from '../subject.ts'
import { pretty, python } from '../written.ts'
import { word, zeroRangeCheck } from './shared.ts'

/** OpenVINO reads the QDQ model, with an axis on every pair; NNCF's hints say what stays in float where it quantizes anew. */
export const openvino: Format = {
  name: 'openvino', title: 'OpenVINO / NNCF', takesPairs: true, settings: {},
  samples: { kind: 'npy', folder: (input) => `calibration/${fileName(input)}` },
  checks: ({ records }) => [zeroRangeCheck(records, 'the range of a FakeQuantize must be wider')],
  // What NNCF would measure with goes along or it is left out.
  write: (subject) => (subject.samples === 0 ? [] : [
    { path: 'config/nncf.json', text: pretty({ ignored_scope: { names: subject.floatNodes.map(({ node }) => node) }, preset: subject.records.every(({ symmetric }) => symmetric) ? 'performance' : 'mixed', subset_size: subject.samples }), format: 'nncf' },
    { path: 'config/quantize_with_nncf.py', text: script(subject) },
  ]),
  commands: ({ model, samples }) => [
    `ovc model/model.qdq.openvino.onnx --output_model ${word(`${fileName(model)}.xml`)}`,
    ...(samples === 0 ? [] : ['python config/quantize_with_nncf.py   # or: NNCF measures for itself']),
    `benchmark_app -m ${word(`${fileName(model)}.xml`)}`,
  ],
}

const script = ({ model, inputs }: Subject): string => `# Quantizes model/model.onnx with NNCF on the samples of this bundle; what the run kept in float stays so.
import glob, json
import numpy as np, nncf, openvino as ov

with open("config/nncf.json", encoding="utf-8") as file:
    hints = json.load(file)
names = [${inputs.map(({ name }) => python(name)).join(', ')}]
folders = [${inputs.map(({ name }) => python(`calibration/${fileName(name)}`)).join(', ')}]
samples = list(zip(*(sorted(glob.glob(folder + "/*.npy")) for folder in folders)))
dataset = nncf.Dataset(samples, lambda paths: {name: np.load(path) for name, path in zip(names, paths)})
model = ov.Core().read_model("model/model.onnx")
scope = nncf.IgnoredScope(names=hints["ignored_scope"]["names"], validate=False)
quantized = nncf.quantize(model, dataset, preset=nncf.QuantizationPreset(hints["preset"]), subset_size=hints["subset_size"], ignored_scope=scope)
ov.save_model(quantized, ${python(`${fileName(model)}_nncf.xml`)})
`

export function nncfFaults(text: string): string[] {
  const { ignored_scope: scope, preset, subset_size: size } = JSON.parse(text) as { ignored_scope?: { names?: unknown }; preset?: unknown; subset_size?: unknown }
  return [
    ...(Array.isArray(scope?.names) && scope.names.every((name) => typeof name === 'string') ? [] : ['ignored_scope.names is no list of names']),
    ...(preset === 'mixed' || preset === 'performance' ? [] : ['preset is not known']), ...(Number.isInteger(size) && (size as number) > 0 ? [] : ['subset_size is no number of samples']),
  ]
}
