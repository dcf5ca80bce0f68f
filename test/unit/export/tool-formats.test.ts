import { describe, expect, it } from 'vitest'
import { nameTable, plainCell } from '../../../main/export/coverage.ts'
import { config as horizonConfig } from '../../../main/export/formats/horizon.ts'
import { formatFaults, FORMATS } from '../../../main/export/formats/index.ts'
import { hybridLayers } from '../../../main/export/formats/rknn.ts'
import { quantizationTable } from '../../../main/export/formats/sophon.ts'
import { amctRecord, ncnnTable as writeNcnn } from '../../../main/export/formats/tables.ts'
import { dynamicRanges } from '../../../main/export/formats/tensorrt.ts'
import { recipe as tfliteRecipe } from '../../../main/export/formats/tflite.ts'
import { parseCsv } from '../../../main/core/csv.ts'
import { isActivation, type TensorQuant } from '../../../main/export/record.ts'
import { modelExplorer } from '../../../main/export/report.ts'
import type { Subject } from '../../../main/export/subject.ts'
import type { Preprocess } from '../../../main/samples/sample.ts'
import { graph, node, noise } from '../../fixtures/build-model.ts'
import { board } from '../../fixtures/coded-model.ts'
import { CASES, randomRecords } from '../../fixtures/random-records.ts'
import { layerError, sampleEnvironment, sampleRun } from '../../fixtures/sample-run.ts'
import { amctRecords, amctSkipped, horizonYaml, nncfHints, nodeData, rknnDataset, rknnLayers } from '../../fixtures/tool-readers.ts'
import { aimetFloat, ncnnTable, tpuQtable, tpuTableCpp } from '../../fixtures/vendor-readers.ts'

const records = randomRecords(CASES)
const activations = records.filter(isActivation)
const bytes = activations.filter(({ bits }) => bits === 8)
const weights = records.filter(({ role }) => role === 'weight')
/** A convolution with each weight, over one activation after the other; its name as wild as the others. */
const layers = weights.map((weight, index) => ({ weight, data: bytes[index % bytes.length]!, conv: node('Conv', [bytes[index % bytes.length]!.name, weight.name], [`out_${index}`], {}, `conv ${weight.name}`.replace(' ', index % 3 === 0 ? ' ' : '/')) }))
const net = graph({
  inputs: { x: [1, 3, 4, 6] }, outputs: { y: null }, nodes: layers.map(({ conv }) => conv), initializers: Object.fromEntries(weights.map(({ name, scale }) => [name, noise([scale.length > 1 ? scale.length : 3, 2, 1, 1])])),
  values: Object.fromEntries(bytes.map(({ name }, index) => [name, index % 4 === 0 ? null : [1, 2, 5, 7]])),
})
const floatNodes = activations.filter((_, index) => index % 5 === 0).map(({ name }) => ({ node: `node of ${name}`, op: 'Add', output: name }))
const pixels: Preprocess = { color: 'bgr', range: [0, 255], mean: [104, 117, 123], scale: [0.017, 0.25, 1], layout: 'nchw' }
const run = sampleRun({ run: '01TEST', parent: null, verb: 'run', status: 'done', created: '2026-01-01T00:00:00.000Z', seconds: 1, environment: sampleEnvironment })
const subject = (changes: Partial<Subject> = {}): Subject =>
  ({ model: 'net', board: board({ exports: {} }), run, graph: net, records, floatNodes, inputs: [{ name: 'x', dims: [1, 3, 4, 6], preprocess: pixels }], outputs: ['y'], samples: 3, layers: [], overrides: [], method: 'kl', ...changes })
const written = (format: string, path: RegExp, changes: Partial<Subject> = {}): string => {
  const one = FORMATS.find(({ name }) => name === format)!
  return one.write(subject(changes), one.settings).find((file) => path.test(file.path))!.text
}

/** One quantized output of these bits; null: none. */
const output = (bits: 8 | 16 | null): Partial<Subject> =>
  ({ records: bits === null ? [] : [{ ...activations[0]!, name: 'y', bits, node: 'last' }], floatNodes: [] })

describe('Horizon’s configuration', () => {
  const inFloat = floatNodes.map((each) => each.node)
  const makers = activations.filter(({ bits, node: maker }) => bits === 16 && maker !== '').map((each) => each.node)

  it('of hb_mapper keeps every node that needs more than int8, whatever its name', () => {
    const text = horizonConfig(subject(), { tool: 'hb_mapper', march: 'bayes-e', runtime: 'nv12' })
    expect(formatFaults('horizon-yaml', text)).toEqual([])
    const read = horizonYaml(text, 'hb_mapper')
    expect([...read.nodes.keys()].toSorted()).toEqual([...inFloat, ...makers].toSorted())
    for (const name of inFloat) expect(read.nodes.get(name), name).toEqual({ on: 'BPU', input: 'int16', output: 'int16' })
    for (const name of makers) expect(read.nodes.get(name), name).toEqual({ on: 'BPU', input: null, output: 'int16' })
    expect(read.inputs).toEqual([{ name: 'x', shape: [1, 3, 4, 6], mean: [104, 117, 123], scale: [0.017, 0.25, 1], folder: '../calibration/x_f32', train: 'bgr', layout: 'NCHW', runtime: 'nv12' }])
    expect([...horizonYaml(horizonConfig(subject(), { tool: 'hb_mapper', march: 'bernoulli2', runtime: 'same' }), 'hb_mapper').nodes.values()].every(({ on, input }) => on === 'CPU' && input === null)).toBe(true)
  })

  it('of hb_compile says the same in its own words', () => {
    const text = horizonConfig(subject(), { tool: 'hb_compile', march: 'nash-m', runtime: 'same' })
    expect(formatFaults('horizon-yaml', text)).toEqual([])
    const { quant, nodes } = horizonYaml(text, 'hb_compile')
    expect([nodes.size, [...quant!.nodes.keys()].toSorted(), new Set(quant!.nodes.values())]).toEqual([0, inFloat.toSorted(), new Set(['int16'])])
  })

  it('tells who makes a tensor of 16 bits and who reads it, each on its side', () => {
    const made = graph({ inputs: { x: [1, 3, 4, 6] }, outputs: { y: null }, nodes: [node('Relu', ['x'], ['h'], {}, 'maker'), node('Relu', ['h'], ['y'], {}, 'reader')] })
    const one = subject({ graph: made, floatNodes: [], records: [{ ...activations[0]!, name: 'h', node: 'maker', bits: 16 }, { ...activations[0]!, name: 'y', node: 'reader', bits: 8 }] })
    expect([...horizonYaml(horizonConfig(one, { tool: 'hb_mapper', march: 'bayes', runtime: 'same' }), 'hb_mapper').nodes]).toEqual([['maker', { on: 'BPU', input: null, output: 'int16' }], ['reader', { on: 'BPU', input: 'int16', output: null }]])
    expect([...horizonYaml(horizonConfig(one, { tool: 'hb_compile', march: 'nash-p', runtime: 'same' }), 'hb_compile').quant!.nodes]).toEqual([['reader', 'int16']])
  })

  it.each([[8, 'set_model_output_int8', 'int8'], [16, 'set_model_output_int16', 'int16'], [null, null, 'float32']] as const)('gives outputs of %s bits as the run does', (bits, optimization, type) => {
    expect(horizonYaml(horizonConfig(subject(output(bits)), { tool: 'hb_mapper', march: 'bayes', runtime: 'same' }), 'hb_mapper').optimization).toBe(optimization)
    expect(horizonYaml(horizonConfig(subject(output(bits)), { tool: 'hb_compile', march: 'nash-e', runtime: 'same' }), 'hb_compile').quant!.output).toBe(type)
  })

  it('has a part an input where there are several, pictures and arrays', () => {
    const text = horizonConfig(subject({ inputs: [{ name: 'on', dims: [1, 4, 6, 1], preprocess: { ...pixels, color: 'y', mean: [0], scale: [1], layout: 'nhwc' } }, { name: '12:30', dims: [1, 8], preprocess: null }] }), { tool: 'hb_mapper', march: 'bayes', runtime: 'nv12' })
    expect(horizonYaml(text, 'hb_mapper').inputs).toMatchObject([{ name: 'on', train: 'gray', runtime: 'gray', layout: 'NHWC', shape: [1, 4, 6, 1] }, { name: '12:30', train: 'featuremap', runtime: 'featuremap', mean: [], folder: '../calibration/12_30_f32' }])
    expect(formatFaults('horizon-yaml', text)).toEqual([])
  })

  const sound = horizonConfig(subject(output(8)), { tool: 'hb_mapper', march: 'bayes', runtime: 'same' })
  it.each([
    ['another march', sound.replace('march: bayes', 'march: bayes2')], ['a group that is missing', sound.replace('compiler_parameters', 'compiler')], ['a key that nobody reads', sound.replace('debug: false', 'debug: false\n  verbose: true')],
    ['a norm without its values', sound.replace('data_mean_and_scale', 'data_scale')], ['one part too many', sound.replace('input_layout_train: NCHW', 'input_layout_train: NCHW; NCHW')], ['another layout', sound.replace('NCHW', 'CHW')],
    ['a shape that is none', sound.replace('1x3x4x6', '1,3,4,6')], ['a truth value that is a word', sound.replace('debug: false', 'debug: "no"')], ['the settings of the other tool', sound.replace('calibration_type: default', 'calibration_type: default\n  quant_config: {}')],
    ['ON read as true', sound.replace('working_dir', 'node_info: { n: { ON: BPU } }\n  working_dir')], ['an optimization of its own', sound.replace('set_model_output_int8', 'set_model_output_int4')],
  ])('is refused by our own reader with %s', (_what, text) => {
    expect(text).not.toBe(sound)
    expect(formatFaults('horizon-yaml', text)).not.toEqual([])
    expect(() => horizonYaml(text, 'hb_mapper')).toThrow()
  })
})

describe('RKNN', () => {
  it('lists a sample a line, its inputs between blanks', () => {
    const several = written('rknn', /dataset\.txt$/, { inputs: [{ name: 'a b', dims: [1, 3, 4, 6], preprocess: null }, { name: 'c/中', dims: [1, 2], preprocess: null }] })
    expect(rknnDataset(several)).toEqual(['000', '001', '002'].map((number) => [`a_b/${number}.npy`, `c__/${number}.npy`]))
    expect(rknnDataset(written('rknn', /dataset\.txt$/))).toEqual([['samples/000.png'], ['samples/001.png'], ['samples/002.png']])
    for (const poison of ['', 'a b/000.png c.npy\nd.png\n', '../x.png\n', '/abs olute.png\n', 'x.bmp\n']) expect(formatFaults('rknn-dataset', poison), poison).not.toEqual([])
  })
  it('is told every layer that needs more than int8, by its output', () => {
    const text = hybridLayers({ floatNodes, records })
    const wide = new Map([...floatNodes.map((each) => [each.output, 'float16'] as const), ...activations.filter(({ bits }) => bits === 16).map(({ name }) => [name, 'int16'] as const)])
    expect(rknnLayers(text)).toEqual(wide)
    expect(formatFaults('rknn-hybrid', text)).toEqual([])
    expect(formatFaults('rknn-hybrid', hybridLayers({ floatNodes: [], records: [] }))).toEqual([])
    for (const poison of ['custom_quantize_layers:\n  x: float32\n', 'quantize_parameters: {}\n', 'custom_quantize_layers: {}\nquantize_parameters: {}\n']) expect(formatFaults('rknn-hybrid', poison), poison).not.toEqual([])
  })
})

it('NNCF leaves out what the run keeps in float', () => {
  expect(nncfHints(written('openvino', /nncf\.json$/))).toEqual({ names: floatNodes.map((each) => each.node), preset: 'mixed', subset: 3 })
  expect(nncfHints(written('openvino', /nncf\.json$/, { records: activations.map((one) => ({ ...one, symmetric: true })) })).preset).toBe('performance')
  for (const poison of ['{}', '{"ignored_scope":{"names":"x"},"preset":"mixed","subset_size":3}', '{"ignored_scope":{"names":[]},"preset":"fast","subset_size":3}', '{"ignored_scope":{"names":[]},"preset":"mixed","subset_size":0}']) expect(formatFaults('nncf', poison), poison).not.toEqual([])
})

describe('tables by layer', () => {
  const amax = ({ range }: TensorQuant): number => Math.max(...range.map(Math.abs))
  const isFactor = (value: number): boolean => Math.fround(value) > 0 && Number.isFinite(Math.fround(value))

  it('of ncnn: factors of a layer’s weight, a row each, and of what goes into it', () => {
    const text = writeNcnn(records, net)
    expect(formatFaults('ncnn-table', text)).toEqual([])
    const read = ncnnTable(text)
    const readable = layers.filter(({ weight, data, conv }) => weight.bits === 8 && amax(data) > 0 && !/\s/.test(conv.name) && [127 / amax(data), ...weight.scale.map((scale) => 1 / scale)].every(isFactor))
    expect(readable.length).toBeGreaterThan(10)
    expect(read.size).toBe(2 * readable.length)
    for (const { weight, data, conv } of readable) {
      const [factors, [factor]] = [read.get(`${conv.name}_param_0`)!, read.get(conv.name)!]
      expect(factors.map((one, row) => one * weight.scale[weight.scale.length === 1 ? 0 : row]!), conv.name).toEqual(Array.from({ length: weight.scale.length === 1 ? 3 : weight.scale.length }, () => expect.closeTo(1, 6) as number))
      expect((factor! * amax(data)) / 127).toBeCloseTo(1, 5)
    }
  })
  it('of ncnn: one a group of a grouped convolution, its widest channel', () => {
    const [x, w] = [{ ...bytes[0]!, name: 'x', range: [-1, 2] as const }, { ...weights[0]!, name: 'w', bits: 8 as const, axis: 0, scale: [0.5, 0.25, 0.125, 1], zeroPoint: [0, 0, 0, 0] }]
    const grouped = graph({ inputs: { x: [1, 2, 4, 4] }, outputs: { y: null }, nodes: [node('Conv', ['x', 'w'], ['y'], { group: 2 }, 'dw')], initializers: { w: noise([4, 1, 1, 1]) } })
    expect(writeNcnn([x, w], grouped)).toBe('dw_param_0 2 1\ndw 63.5\n')
    for (const poison of ['a 1\n', 'a_param_0 0\na 1\n', 'a_param_0 nan\na 1\n', 'a_param_0\n', 'a_param_0 1\na 1 2\n']) expect(formatFaults('ncnn-table', poison), poison).not.toEqual([])
  })
  it('of AMCT: scale, offset and size of what goes in, a weight scale a channel, within reach', () => {
    const even = new Map(weights.filter((_, index) => index % 2 === 0).map((weight) => [weight.name, { ...weight, zeroPoint: weight.zeroPoint.map(() => 0) }]))
    const text = amctRecord(records.map((one) => even.get(one.name) ?? one), net)
    expect(formatFaults('amct-record', text)).toEqual([])
    const read = amctRecords(text)
    const inReach = (scale: number): boolean => scale >= 1.19e-7 && scale <= 8.39e6
    const wanted = layers.filter(({ weight, data }) => weight.bits === 8 && (even.get(weight.name) ?? weight).zeroPoint.every((zero) => zero === 0) && [...data.scale, ...weight.scale].every(inReach))
    expect(wanted.length).toBeGreaterThan(3)
    expect([...read.keys()]).toEqual(wanted.map(({ conv }) => conv.name))
    for (const { weight, data, conv } of wanted) {
      const found = read.get(conv.name)!
      expect([found.scale, ...found.weights].map(Math.fround)).toEqual([...data.scale, ...weight.scale])
      expect([found.offset, found.size]).toEqual([data.zeroPoint[0]! - (data.signed ? 0 : 128) + 0, net.values.get(data.name)!.dims === null ? [] : [2, 5, 7]])
    }
    const names = ['on', 'a "b"\\c', '中文']
    expect(amctSkipped(written('amct', /amct\.cfg$/, { floatNodes: names.map((name) => ({ node: name, op: 'Conv', output: name })) }))).toEqual(names)
    const sound = 'record {\n  key: "c"\n  value {\n    scale_d: 0.5\n    offset_d: 3\n    scale_w: 0.5\n    offset_w: 0\n  }\n}\n'
    expect(formatFaults('amct-record', sound)).toEqual([])
    for (const poison of [sound.replace('offset_d: 3', 'offset_d: 129'), sound.replace('scale_d: 0.5', 'scale_d: 0'), sound.replace('scale_w: 0.5', 'scale_w: 1e9'), sound.replace('    offset_w: 0\n', ''), `# note\n${sound}`, sound.slice(0, -2)]) expect(formatFaults('amct-record', poison), poison).not.toEqual([])
  })
  it('of AMCT: what has no record is told', () => {
    const fc = graph({ inputs: { x: [1, 2] }, outputs: { y: null }, nodes: [node('Gemm', ['x', 'w'], ['y'], {}, 'fc')], initializers: { w: noise([2, 2]) } })
    const [x, w] = [{ ...bytes[0]!, name: 'x', scale: [0.5] }, { ...weights[0]!, name: 'w', bits: 8 as const, axis: 1, scale: [0.5, 1], zeroPoint: [0, 0] }]
    expect(FORMATS.find(({ name }) => name === 'amct')!.checks(subject({ records: [x, w], graph: fc }), {}).find(({ id }) => id === 'layers')).toMatchObject({ state: 'warning', where: ['fc'] })
    expect(amctRecord([x, w], fc)).toBe('')
  })
})

it('tpu-mlir’s qtable: every float or wide tensor once, or not at all where no reader takes its name', () => {
  const text = quantizationTable({ floatNodes, records }, { chip: 'bm1684x' })
  expect(formatFaults('tpu-mlir-qtable', text)).toEqual([])
  const names = [...floatNodes.map(({ output: name, op }) => `${name}_${op}`), ...activations.filter(({ bits, role }) => bits === 16 && role === 'activation').map(({ name, op }) => `${name}_${op}`)]
  expect(tpuQtable(text)).toEqual(new Map(names.filter((name) => !/\s|^#|asym_op/.test(name)).map((name) => [name, 'F16'])))
  for (const poison of ['x\n', 'x INT9\n', 'x  F16\n', 'x F16 \n', 'x y F16\n', 'x\tF16\n', 'x F16\r\n', 'x F16', 'a W4F16\nb BF16\n', 'a W8BF16\nb F16\n']) expect(formatFaults('tpu-mlir-qtable', poison), JSON.stringify(poison)).not.toEqual([])
})

it('QNN is told what stays in float: activations without codes, and what such nodes compute with', () => {
  const made = graph({ inputs: { x: [1, 3] }, outputs: { y: null }, initializers: { w: noise([3, 3]), v: noise([3, 3]) }, nodes: [node('MatMul', ['x', 'w'], ['a b'], {}, 'first'), node('MatMul', ['a b', 'v'], ['y'], {}, 'second')] })
  const one = subject({ graph: made, floatNodes: [{ node: 'second', op: 'MatMul', output: 'y' }], records: [{ ...bytes[0]!, name: 'x' }, { ...bytes[0]!, name: 'a b' }, { ...weights[0]!, name: 'w' }] })
  const read = (path: string): string => FORMATS.find(({ name }) => name === 'qnn')!.write(one, {}).find((file) => file.path.endsWith(path))!.text
  for (const version of ['0.6.1', '1.0.0']) {
    expect(aimetFloat(read(`${version}.json`)), version).toEqual(['y', 'v'])
    expect(formatFaults(`aimet-${version}`, read(`${version}.json`)), version).toEqual([])
    expect(formatFaults(`aimet-${version}`, read(`${version}.json`).replace(/("dtype": "(?:float|FLOAT)")/, '$1, "scale": 1'))).toHaveLength(1)
  }
  expect(JSON.parse(read('1.0.0.json'))).toMatchObject({ excluded_layers: ['second'] })
})

it('the BM1684 guide’s words for layers: patterns written out, what it has no word for left out', () => {
  const made = graph({ inputs: { x: [1, 3] }, outputs: { z: null }, nodes: [node('Relu', ['x'], ['y'], {}, 'conv_1'), node('Tanh', ['y'], ['z'], {}, 'conv_2')] })
  const one = subject({ graph: made, floatNodes: [{ node: 'conv_2', op: 'Tanh', output: 'z' }], overrides: [{ name: 'conv_*', settings: { method: 'kl', granularity: 'tensor' } }, { name: 'op:Relu', settings: { th_scale: 0.5 } }, { name: 'conv_1', settings: { range: [-3, 2], th_strategy: 'USE_MAX' } }, { name: 'gone', settings: { bits: 16 } }] })
  const { layers: said } = JSON.parse(FORMATS.find(({ name }) => name === 'sophon')!.write(one, { chip: 'bm1684' }).find(({ path }) => path.endsWith('guide.json'))!.text) as { layers: unknown }
  expect(said).toEqual({ conv_1: { th_scale: 0.5, th_strategy: 'USE_MAX', threshold: 3 }, conv_2: { th_strategy: 'USE_KL', forward_with_float: true } })
  const script = (chip: string, wish = one): string => FORMATS.find(({ name }) => name === 'sophon')!.write(wish, { chip }).find(({ path }) => path.endsWith('.sh'))!.text
  expect(script('bm1684').split('\n').slice(1, 6)).toEqual([expect.stringContaining('bm1684_guide.json'), expect.stringMatching(/^# iterations: \d+, th_method: \w+, accuracy_opt: false$/), '# layer "conv_1": th_scale: 0.5, th_strategy: USE_MAX, threshold: 3', '# layer "conv_2": th_strategy: USE_KL, forward_with_float: true', 'set -e'])
  expect(script('bm1684x')).not.toContain('guide')
  expect(script('bm1684', { ...one, floatNodes: [{ node: 'a\nrm -rf /', op: 'Tanh', output: 'z' }] }).split('\n').filter((line) => line.startsWith('rm'))).toEqual([])
})

it('ONNX Runtime’s quantizer is told what to leave alone: what has no range, unless it only moves one', () => {
  const dims = [1, 4, 4, 4]
  const made = graph({
    inputs: { x: dims }, outputs: { y: [1, 1, 8, 8] }, initializers: { w: noise([4, 4, 1, 1]), v: noise([4, 4, 1, 1]) }, values: { a: dims, b: dims, c: dims, d: dims, e: dims },
    nodes: [node('Conv', ['x', 'w'], ['a'], {}, 'c1'), node('Relu', ['a'], ['b'], {}, 'r1'), node('Conv', ['b', 'w'], ['c'], {}, 'c2'), node('Conv', ['c', 'v'], ['d'], {}, 'in float'), node('Relu', ['d'], ['e'], {}, 'r2'), node('DepthToSpace', ['e'], ['y'], { blocksize: 2 }, 'shuffle')],
  })
  const row = (name: string, op: string, bits: 8 | 16 = 8): TensorQuant => ({ ...bytes[0]!, name, op, bits, signed: true, symmetric: true, scale: [0.5], zeroPoint: [0], range: [-63.5, 63.5] })
  const script = FORMATS.find(({ name }) => name === 'onnxruntime')!.write(subject({ graph: made, floatNodes: [{ node: 'in float', op: 'Conv', output: 'd' }], records: [row('x', ''), row('b', 'Relu', 16), row('e', 'Relu')] }), {}).find(({ path }) => path.endsWith('.py'))!.text
  expect(script).toContain('nodes_to_exclude=["c2", "in float", "r2"]')
  expect(script).toContain('extra["TensorQuantOverrides"] = {"b": [{"quant_type": QuantType.QInt16}], "a": [{"quant_type": QuantType.QInt16}]}')
})

it('dynamic ranges as JSON: the larger magnitude of each, none that is zero', () => {
  const { act_quant_info: read } = JSON.parse(dynamicRanges(records)) as { act_quant_info: Record<string, number> }
  expect(read).toEqual(Object.fromEntries(activations.filter(({ range }) => range.some((end) => end !== 0)).map(({ name, range }) => [name, Math.max(...range.map(Math.abs))])))
  for (const poison of ['{}', '{"act_quant_info":{"x":0}}', '{"act_quant_info":{"x":null}}', '{"act_quant_info":{"x":"1"}}']) expect(formatFaults('dynamic-ranges', poison), poison).not.toEqual([])
})

it('LiteRT’s recipe: a rule a float tensor finds it among the outputs of an operator, and no other', () => {
  const rules = JSON.parse(tfliteRecipe({ floatNodes, records })) as { regex: string; algorithm_key: string }[]
  expect(rules.slice(1).map((rule) => rule.algorithm_key)).toEqual(floatNodes.map(() => 'no_quantize'))
  for (const [index, { output: name }] of floatNodes.entries()) {
    const found = floatNodes.filter((each) => new RegExp(rules[index + 1]!.regex, 'u').test(`${each.output};`))
    expect(found.map((each) => each.output).filter((other) => other !== name && !other.endsWith(`/${name}`)), name).toEqual([])
    expect(found.map((each) => each.output)).toContain(name)
  }
  for (const poison of ['[]', '[{"regex":"x"}]', '[{"regex":".*","algorithm_key":"min_max_uniform_quantize"},{"regex":"(","algorithm_key":"no_quantize"}]', '[{"regex":".*","algorithm_key":"magic"}]']) expect(formatFaults('ai-edge-recipe', poison), poison).not.toEqual([])
})

it('Model Explorer’s node data: the cosine of what each node makes', () => {
  const errors = records.map(({ name }, index) => layerError(name, { node: name, cosine: index / records.length }))
  const { values, thresholds } = nodeData(modelExplorer([...errors, layerError('alone', { mode: 'alone' })]))
  expect(values).toEqual(new Map(errors.map(({ node: name, cosine }) => [name, cosine])))
  expect(thresholds.at(-1)).toBe(1)
})

it('names.csv and the cali_table know what only moves: it has the range of what it moves', () => {
  const made = graph({ inputs: { x: [1, 4] }, outputs: { y: null }, nodes: [node('Reshape', ['x', 's'], ['r'], {}, 'n1'), node('Flatten', ['r'], ['f'], {}, 'n2'), node('Softmax', ['f'], ['y'], {}, 'head')] })
  const one = subject({ graph: made, records: [{ ...bytes[0]!, name: 'x', role: 'input', op: '', range: [-2, 1] }], floatNodes: [{ node: 'head', op: 'Softmax', output: 'y' }] })
  const { csv, rows, matched } = nameTable(one, (name) => name)
  expect([parseCsv(csv, 'names.csv').slice(1).map(({ cells }) => cells[4]), rows, matched]).toEqual([['yes', 'moved', 'moved', 'float'], 1, 1])
  const table = FORMATS.find(({ name }) => name === 'sophon')!.write(one, { chip: 'bm1684x' }).find(({ path }) => path.endsWith('cali_table'))!.text
  expect([...tpuTableCpp(table)]).toEqual(['x', 'r_Reshape', 'f_Flatten'].map((name) => [name, { threshold: 2, min: -2, max: 1 }]))
})

it('names.csv: every name as it is, but those that a spreadsheet would compute', () => {
  const made = graph({ inputs: {}, outputs: { y: null }, nodes: activations.map(({ name }) => node('Relu', [], [name], {}, `n ${name}`)) })
  const rows = parseCsv(nameTable(subject({ graph: made }), (name) => name).csv, 'names.csv').slice(1).map(({ cells }) => cells)
  expect(rows.map(([name]) => plainCell(name!))).toEqual(activations.map(({ name }) => name))
  expect(rows.every(([name]) => !/^[=+@]/.test(name!))).toBe(true)
})
