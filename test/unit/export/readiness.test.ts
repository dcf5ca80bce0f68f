import { describe, expect, it } from 'vitest'
import { formatFaults, formatsFor, type ChosenFormat } from '../../../main/export/formats/index.ts'
import { lowerOpset } from '../../../main/export/lower-opset.ts'
import { isPlainPath } from '../../../main/export/manifest.ts'
import { readiness } from '../../../main/export/readiness.ts'
import { layersCsv, markdownTable } from '../../../main/export/report.ts'
import { reportHtml } from '../../../main/export/report-html.ts'
import { fileName, type Subject } from '../../../main/export/subject.ts'
import type { TensorQuant } from '../../../main/export/record.ts'
import { int64List } from '../../../main/onnx/tensor.ts'
import { graph, node, noise } from '../../fixtures/build-model.ts'
import { board } from '../../fixtures/coded-model.ts'
import { layerError, sampleEnvironment, sampleRun } from '../../fixtures/sample-run.ts'

const net = graph({ inputs: { x: [1, 3, 8, 8] }, outputs: { y: [1, 4, 8, 8] }, nodes: [node('Conv', ['x', 'w'], ['y'], { pads: [1, 1, 1, 1] }, 'c')], initializers: { w: noise([4, 3, 3, 3]) }, opset: 13 })
const row = (name: string, changes: Partial<TensorQuant> = {}): TensorQuant =>
  ({ name, role: 'activation', bits: 8, signed: true, symmetric: true, axis: null, scale: [0.5], zeroPoint: [0], observed: [-60, 60], range: [-63.5, 63.5], method: 'max', samples: 9, node: 'c', op: 'Conv', ...changes })
const run = { ...sampleRun({ run: '01TEST', parent: null, verb: 'run', status: 'done', created: '2026-01-01T00:00:00.000Z', seconds: 1, environment: sampleEnvironment }), findings: [], gates: [] }
const subject = (changes: Partial<Subject> = {}): Subject =>
  ({ model: 'net', board: board({ exports: {} }), run, graph: net, records: [row('x', { role: 'input' }), row('y')], floatNodes: [], inputs: [{ name: 'x', dims: [1, 3, 8, 8], preprocess: null }], outputs: ['y'], samples: 32, layers: [], overrides: [], method: 'kl', ...changes })
const errors = (changes: Partial<Subject>, exports = {}, facts = {}): string[] =>
  readiness(subject(changes), formatsFor({ name: 'b', exports }), { notLowered: [], waived: {}, unproved: [], ...facts }).filter(({ state }) => state === 'error').map(({ id }) => id)

describe('readiness', () => {
  it('has nothing against a run in order', () => expect(errors({})).toEqual([]))
  it.each([
    ['a missing range', { records: [row('y')] }, {}, ['ranges']], ['a denormal scale', { records: [row('x'), row('y', { scale: [2 ** -140] })] }, {}, ['denormal']],
    ['a broken proof', { run: { ...run, proofs: [{ rewrite: 'fold', nodes: [], verdict: 'broken' as const, maxAbs: 1, inputs: 1, borders: true }] } }, {}, ['proofs']],
    ['a failed gate', { run: { ...run, gates: [{ rule: 'g <= 1', measured: 2, passed: false }] } }, {}, ['gates']],
    ['a finding of severity error', { run: { ...run, findings: [{ rule: 'SW-T01', severity: 'error' as const, node: 'c', tensor: 'y', what: 'w', why: 'y', fix: 'f' }] } }, {}, ['findings']],
    ['a blank in a name', { records: [row('x'), row('a b')] }, { sophon: { chip: 'bm1684' } }, ['names']], ['a header keyword in a name', { records: [row('x'), row('my_asym_op')] }, { sophon: {} }, ['names']],
    ['unsigned codes', { records: [row('x', { signed: false }), row('y')] }, { tensorrt: {} }, ['signed']],
    ['an odd size where nv12 goes in', { inputs: [{ name: 'x', dims: [1, 3, 7, 8], preprocess: { color: 'rgb' as const, range: [0, 1] as const, mean: [0, 0, 0], scale: [1, 1, 1], layout: 'nchw' as const } }] }, { horizon: { runtime: 'nv12' } }, ['even']],
  ])('refuses %s, and says why and what to do', (_what, changes, exports, wanted) => expect(errors(changes, exports)).toEqual(wanted))
  it('says which operands of sums have no range, where tools take ranges and not pairs', () => {
    const sum = graph({ inputs: { x: [1, 4, 8, 8] }, outputs: { y: [1, 4, 8, 8] }, nodes: [node('Conv', ['x', 'w'], ['body'], { pads: [1, 1, 1, 1] }, 'c'), node('Add', ['body', 'x'], ['y'], {}, 'add')], initializers: { w: noise([4, 4, 3, 3]) }, opset: 13 })
    const checks = (sums: string, exports: object) => readiness(subject({ graph: sum, run: { ...run, recipe: { quantize: { sums } } } }), formatsFor({ name: 'b', exports: exports as Record<string, Record<string, string>> }), { notLowered: [], waived: {}, unproved: [] }).filter(({ id }) => id === 'sums')
    expect(checks('accumulator', { sophon: {} })).toMatchObject([{ state: 'warning', where: ['body'], fixes: [expect.stringMatching(/^Set `quantize\.sums=codes`: /)] }])
    expect([...checks('accumulator', { tensorrt: {} }), ...checks('codes', { sophon: {} })]).toEqual([])
  })
  it('tells a waived gate and does not refuse it', () => expect(errors({ run: { ...run, gates: [{ rule: 'g <= 1', measured: 2, passed: false }] } }, {}, { waived: { 'g <= 1': 'agreed' } })).toEqual([]))
  it('says each thing in both languages, with a fix or a reason', () => {
    const bad = subject({ records: [row('a b', { range: [0, 0], bits: 16, signed: false })], samples: 0, board: board({ limits: { ...board().limits, opset: { is: { min: 10, max: 11 }, source: 'doc' }, irVersion: { is: { min: 3, max: 7 }, source: 'doc' }, dimension: { is: 4, source: 'doc' }, rank: { is: 3, source: 'doc' }, batch: { is: 0, source: 'doc' }, dynamicShapes: { is: false, source: 'doc' } }, names: { ...board().names, refused: { is: ['x'], source: 'doc' } } }) })
    for (const check of readiness(bad, formatsFor({ name: 'b', exports: { sophon: {}, tensorrt: {}, rknn: {} } }), { notLowered: ['c (Conv)'], waived: {}, unproved: ['insert-clip'] })) {
      for (const words of [check.what, check.why, check.fix]) expect(words === undefined || /\p{Script=Han}/u.test(words.zh), words?.zh).toBe(true)
      if (check.state !== 'ok') expect(check.why ?? check.fix, check.id).toBeDefined()
    }
  })
  it('gives a line for what a recipe can mend, and none that it says already', () => {
    const recipe = { board: 'b', rewrite: ['fold-affine', 'anchor'], samples: { calibration: { preprocess: { crop: { size: [7, 8] } } } }, quantize: { activations: { bits: 16, type: 'uint16' }, weights: { bits: 8, type: 'int8' }, layers: { 'a.b': { bits: 16 }, c: { bits: 8 } } } }
    const odd = { color: 'rgb' as const, range: [0, 1] as const, mean: [0, 0, 0], scale: [1, 1, 1], layout: 'nchw' as const }
    const told = subject({
      run: { ...run, recipe, proofs: [{ rewrite: 'anchor', nodes: [], verdict: 'broken' as const, maxAbs: 1, inputs: 1, borders: true }], findings: ['Set `quantize.output=accumulator`: wider.', 'Widen it by hand.'].map((fix) => ({ rule: 'SW-T01', severity: 'error' as const, node: 'c', tensor: 'y', what: 'w', why: 'y', fix })) },
      records: [row('x', { bits: 16, signed: false })], samples: 300, inputs: [{ name: 'x', dims: [1, 3, 7, 8], preprocess: odd }],
      board: board({ name: 'other', activations: { ...board().activations, bits: { is: [8], source: 'doc' } } }),
    })
    const found = readiness(told, formatsFor({ name: 'b', exports: { tensorrt: {}, horizon: { runtime: 'nv12' }, rknn: {}, sophon: {} } }), { notLowered: [], waived: {}, unproved: [] })
    const lines = (id: string): string[] => found.filter((check) => check.id === id).flatMap(({ fixes = [] }) => fixes.map((fix) => /^Set `(.*)`: /.exec(fix)![1]!))
    expect(lines('board')).toEqual(['board=other'])
    expect(lines('signed')).toEqual(['quantize.activations.bits=8', 'quantize.activations.type=int8', 'quantize.activations.symmetric=true'])
    expect(lines('bits')).toEqual(['quantize.activations.bits=8', 'quantize.activations.type=uint8', 'quantize.layers."a.b".bits=8'])
    expect(lines('wide')).toEqual(lines('bits'))
    expect(lines('even')).toEqual(['samples.calibration.preprocess.crop.size=[6,8]'])
    expect(lines('samples')).toEqual(['samples.calibration.count=100'])
    expect(lines('proofs')).toEqual(['rewrite=["fold-affine"]'])
    expect(lines('findings')).toEqual(['quantize.output=accumulator'])
  })
  it.each([['rknn', ['sample-count']], ['horizon', ['sample-count']], ['tflite', ['sample-count']], ['sophon', []], ['openvino', []], ['tensorrt', []]])('without a sample %s is refused where its tools measure for themselves, and what is forced can be read back', (name, wanted) => {
    expect(errors({ samples: 0 }, { [name]: {} })).toEqual(wanted)
    const [{ format, settings }] = formatsFor({ name: 'b', exports: { [name]: {} } }) as [ChosenFormat]
    for (const { path, text, format: reader } of format.write(subject({ samples: 0 }), settings)) expect(reader === undefined ? [] : formatFaults(reader, text), path).toEqual([])
  })
  it('refuses a format or a setting that is not there, with the nearest', () => {
    expect(() => formatsFor({ name: 'b', exports: { sofon: {} } })).toThrow(expect.objectContaining({ code: 'input.unknown-format', next: expect.stringContaining('sophon') as string }))
    expect(() => formatsFor({ name: 'b', exports: { sophon: { chip: 'bm1648' } } })).toThrow(expect.objectContaining({ code: 'input.unknown-format', what: expect.stringContaining('cannot be «bm1648»') as string, next: expect.stringContaining('bm1684') as string }))
    expect(() => formatsFor({ name: 'b', exports: { sophon: { chp: 'x' } } })).toThrow(expect.objectContaining({ code: 'input.unknown-format', next: expect.stringContaining('chip') as string }))
  })
})

describe('an older opset', () => {
  const build = (op: string, inputs: string[], attributes: object, initializers = {}) =>
    graph({ inputs: { x: [1, 3, 8, 8] }, outputs: { y: null }, nodes: [node(op, inputs, ['y'], attributes as never, 'n')], initializers, opset: 13 })
  const lowered = (...args: Parameters<typeof build>) => {
    const result = lowerOpset(build(...args), 11)
    return 'graph' in result ? result.graph : null
  }
  it('says the same where it can', () => {
    expect(lowered('Conv', ['x', 'w'], {}, { w: noise([4, 3, 1, 1]) })).toMatchObject({ irVersion: 6 })
    const squeezed = lowered('Squeeze', ['x', 'axes'], {}, { axes: int64List([0]) })!
    expect([squeezed.nodes[0]!.inputs, squeezed.nodes[0]!.attributes.get('axes'), squeezed.initializers.has('axes')]).toEqual([['x'], { kind: 'ints', value: [0n] }, false])
    const resized = lowered('Resize', ['x', '', '', 'sizes'], { mode: 'nearest' }, { sizes: int64List([1, 3, 16, 16]) })!
    expect(resized.nodes[0]!.inputs.every((name) => name !== '')).toBe(true)
    expect(lowered('Reshape', ['x', 's'], { allowzero: 0 }, { s: int64List([1, -1]) })!.nodes[0]!.attributes.size).toBe(0)
    expect(lowered('Softmax', ['x'], { axis: -1 })!.nodes[0]!.attributes.get('axis')).toEqual({ kind: 'int', value: 3n })
  })
  it('is refused by node where it cannot', () => {
    expect(lowerOpset(build('Softmax', ['x'], { axis: 1 }), 11)).toEqual({ refused: ['n (Softmax)'] })
    expect(lowerOpset(build('HardSwish', ['x'], {}), 11)).toMatchObject({ refused: ['n (HardSwish)'] })
    expect(lowerOpset(build('Reshape', ['x', 's'], { allowzero: 1 }, { s: int64List([1, -1]) }), 11)).toEqual({ refused: ['n (Reshape)'] })
  })
})

it('names from a model are text in every report', () => {
  const evil = '<img src=x>|=cmd`\u202e"'
  expect(markdownTable({ head: ['a'], rows: [[evil]] }).split('\n')[2]).toBe('| \\<img src=x\\>\\|=cmd\\`\u202e" |')
  const html = reportHtml(evil, [{ title: evil, head: ['', ''], rows: [[evil, evil]] }], 'zh')
  expect(html).not.toContain('<img')
  expect(html).not.toContain('\u202e')
  expect(layersCsv([layerError('=1+1')])).toContain("\r\n'=1+1,")
  expect([fileName('../../x y'), fileName(''), isPlainPath('a/../b'), isPlainPath('a/b.txt')]).toEqual(['__.._x_y', '_', false, true])
})
