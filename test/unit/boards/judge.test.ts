import { beforeAll, describe, expect, it } from 'vitest'
import { judgeModel, judgeNode } from '../../../main/boards/judge.ts'
import { boardReport } from '../../../main/boards/board-report.ts'
import { checkLimits } from '../../../main/boards/limits.ts'
import { outputsOf } from '../../../main/boards/outputs.ts'
import type { BoardPrecision, BoardProfile } from '../../../main/boards/profile.ts'
import { boardNamed, profileFromText } from '../../../main/boards/read-profile.ts'
import type { Graph, Node, Tensor } from '../../../main/onnx/graph.ts'
import { tensor } from '../../../main/onnx/tensor.ts'
import { floats, graph, longs, node, noise, type ValueSpec } from '../../fixtures/build-model.ts'

const boards = new Map<string, BoardProfile>()
beforeAll(async () => {
  for (const name of ['horizon-j6', 'horizon-x5', 'ort-cpu', 'sophon-bm1684', 'tensorrt', 'mobile-npu', 'tflite']) boards.set(name, await boardNamed(name))
})

/** A graph of these nodes from `x` to `y`. */
const net = (nodes: readonly Node[], initializers: Readonly<Record<string, Tensor>> = {}, values: Readonly<Record<string, ValueSpec>> = {}): Graph =>
  graph({ inputs: { x: [1, 8, 16, 16] }, outputs: { y: [1, 8, 16, 16] }, nodes, initializers, values })

const state = (made: Graph, board: string, precision: BoardPrecision = 'int8', at = 0): string => judgeNode(made, made.nodes[at]!, boards.get(board)!, precision).state

const conv = (dims: readonly number[], attributes: Parameters<typeof node>[3] = {}) => net([node('Conv', ['x', 'w'], ['y'], attributes)], { w: noise(dims) })
const resize = (mode: string, scales: readonly number[], attributes: Parameters<typeof node>[3] = {}) =>
  net([node('Resize', ['x', '', 's'], ['y'], { mode, ...attributes })], { s: floats([4], [1, 1, ...scales]) })

describe('judgeNode', () => {
  it('tells kernels, strides, dilations and pads of a Conv apart', () => {
    expect(state(conv([4, 8, 3, 3]), 'horizon-x5')).toBe('native')
    expect(state(conv([4, 8, 31, 1]), 'horizon-x5')).toBe('native')
    expect(state(conv([4, 8, 1, 33]), 'horizon-x5')).toBe('fallback')
    expect(state(conv([4, 8, 3, 3], { dilations: [1, 17] }), 'horizon-x5')).toBe('fallback')
    expect(state(conv([4, 8, 3, 3], { pads: [0, 0, 0, 257] }), 'horizon-x5')).toBe('fallback')
    expect(state(conv([4, 8, 17, 17]), 'mobile-npu')).toBe('missing')
    expect(state(conv([4, 8, 3, 3]), 'horizon-x5', 'int16')).toBe('unknown')
  })

  it('tells groups apart, also where the weight is dequantized', () => {
    expect(state(conv([8, 1, 3, 3], { group: 8 }), 'tflite')).toBe('native')
    expect(state(conv([8, 2, 3, 3], { group: 4 }), 'tflite')).toBe('unknown')
    expect(state(conv([8, 2, 3, 3], { group: 4 }), 'mobile-npu')).toBe('missing')
    expect(state(conv([8, 1, 9, 9], { group: 8 }), 'mobile-npu')).toBe('missing')
    const quantized = net([node('DequantizeLinear', ['q', 'scale'], ['w']), node('Conv', ['x', 'w'], ['y'], { group: 8 })],
      { q: tensor('int8', [8, 1, 3, 3], new Int8Array(72)), scale: floats([], [0.1]) })
    expect(state(quantized, 'tflite', 'int8', 1)).toBe('native')
  })

  it('tells modes and factors of a Resize apart', () => {
    expect(state(resize('nearest', [2, 4]), 'horizon-x5')).toBe('native')
    expect(state(resize('nearest', [3, 3]), 'horizon-x5')).toBe('fallback')
    expect(state(resize('nearest', [1.5, 2]), 'horizon-x5')).toBe('fallback')
    expect(state(resize('linear', [3, 3]), 'horizon-x5')).toBe('native')
    expect(state(resize('cubic', [2, 2]), 'horizon-x5')).toBe('fallback')
    expect(state(resize('cubic', [2, 2]), 'tensorrt')).toBe('missing')
    expect(state(resize('nearest', [2, 2]), 'horizon-j6')).toBe('native')
    expect(state(resize('nearest', [2, 2]), 'horizon-j6', 'int16')).toBe('missing')
    expect(state(resize('linear', [2, 2]), 'ort-cpu')).toBe('fallback')
    const open = net([node('Resize', ['x', '', 's'], ['y'])], {}, { s: { type: 'float32', dims: [4] }, y: null })
    expect(state({ ...open, values: new Map() }, 'horizon-x5')).toBe('unknown')
  })

  it('finds factors in sizes too, and takes Upsample for what it became', () => {
    const sizes = net([node('Resize', ['x', '', '', 'n'], ['y'])], { n: longs([1, 8, 48, 48]) })
    expect(state(sizes, 'horizon-x5')).toBe('fallback')
    const old = net([node('Upsample', ['x', 's'], ['y'])], { s: floats([4], [1, 1, 2, 2]) })
    expect(state(old, 'horizon-x5')).toBe('native')
  })

  it('judges the operators that pictures are made of', () => {
    const transposed = (kernel: number) => net([node('ConvTranspose', ['x', 'w'], ['y'])], { w: noise([8, 4, kernel, kernel]) })
    expect(state(transposed(4), 'horizon-j6', 'int16')).toBe('native')
    expect([state(transposed(14), 'horizon-x5'), state(transposed(15), 'horizon-x5'), state(transposed(4), 'ort-cpu')]).toEqual(['native', 'fallback', 'fallback'])
    const shuffle = (blocksize: number) => net([node('DepthToSpace', ['x'], ['y'], { blocksize })])
    expect([state(shuffle(2), 'horizon-x5'), state(shuffle(3), 'horizon-x5'), state(shuffle(3), 'sophon-bm1684'), state(shuffle(2), 'horizon-j6')]).toEqual(['native', 'fallback', 'native', 'unknown'])
    const prelu = net([node('PRelu', ['x', 'slope'], ['y'])], { slope: noise([8, 1, 1]) })
    expect([state(prelu, 'horizon-x5'), state(prelu, 'horizon-x5', 'int16'), state(prelu, 'ort-cpu'), state(prelu, 'tensorrt')]).toEqual(['native', 'missing', 'fallback', 'native'])
    const norm = net([node('LayerNormalization', ['x', 'g'], ['y'], { axis: -1 })], { g: noise([16]) })
    expect([state(norm, 'horizon-x5'), state(norm, 'sophon-bm1684'), state(norm, 'tensorrt'), state(norm, 'horizon-j6')]).toEqual(['missing', 'fallback', 'missing', 'unknown'])
  })

  it('says why and where that stands, and nothing of what is not stated', () => {
    const made = resize('nearest', [2, 2])
    expect(judgeNode(made, made.nodes[0]!, boards.get('horizon-j6')!, 'int16')).toMatchObject({ state: 'missing', why: expect.stringMatching(/int8 only/) as string, source: 'report' })
    expect(judgeNode(made, made.nodes[0]!, boards.get('horizon-j6')!, 'float16')).toMatchObject({ state: 'unknown', source: null })
    const custom = net([node('my.house:Resize', ['x'], ['y'])])
    expect(judgeNode(custom, custom.nodes[0]!, boards.get('horizon-j6')!)).toMatchObject({ state: 'unknown', why: expect.stringContaining('my.house.Resize') as string })
  })

  it('does not call native what is past a limit without a rule', () => {
    const text = 'name: mine\ntitle: T\nvendor: V\ntoolchain: [one]\nsources: { a: { document: A, page: P } }\noperators:\n  - { ops: Conv, int8: native, source: a }\nlimits:\n  kernel: { is: 5, source: a }\n'
    const made = conv([4, 8, 7, 7])
    expect(judgeNode(made, made.nodes[0]!, profileFromText(text, 'mine.yaml'))).toMatchObject({ state: 'unknown', why: expect.stringMatching(/kernel of 7 is past the limit of 5/) as string, source: 'a' })
  })
})

describe('judgeModel', () => {
  it('puts alike nodes together, the worst first, and leaves quantize and arithmetic of shapes out', () => {
    const made = net([
      node('Conv', ['x', 'w'], ['a']), node('Relu', ['a'], ['b']), node('Conv', ['b', 'w'], ['c']), node('Shape', ['c'], ['n']),
      node('Resize', ['c', '', 's'], ['d'], { mode: 'nearest' }), node('DepthToSpace', ['d'], ['y'], { blocksize: 3 }),
    ], { w: noise([8, 8, 3, 3]), s: floats([4], [1, 1, 2, 2]) })
    const rows = judgeModel(made, boards.get('horizon-x5')!)
    expect(rows.map(({ op, count, verdicts }) => [op, count, verdicts[0]!.state])).toEqual([['DepthToSpace', 1, 'fallback'], ['Conv', 2, 'native'], ['Relu', 1, 'native'], ['Resize', 1, 'native']])
    expect(rows[1]!.nodes).toEqual(['node_a', 'node_c'])
    expect(rows[0]!.verdicts.map(({ precision }) => precision)).toEqual(['int8', 'int16', 'int32-out', 'float16', 'float32'])
  })
})

describe('outputsOf', () => {
  const tail = (...movers: Node[]) => net([node('Conv', ['x', 'w'], ['c'], {}, 'tail'), ...movers], { w: noise([8, 8, 1, 1]) })
  const out = (made: Graph, board = 'horizon-j6') => outputsOf(made, boards.get(board)!)[0]!

  it('lets an accumulator leave as int32 where only transparent nodes stand behind it', () => {
    expect(out(net([node('Conv', ['x', 'w'], ['y'], {}, 'tail')], { w: noise([8, 8, 1, 1]) }))).toMatchObject({ type: 'int32', layout: 'nhwc', last: { node: 'tail', op: 'Conv' }, between: [], scale: null, source: 'report' })
    expect(out(tail(node('Identity', ['c'], ['y'])))).toMatchObject({ type: 'int32', between: [{ op: 'Identity', kind: 'transparent' }] })
  })

  it.each([
    ['Transpose', { perm: [0, 2, 3, 1] }, 'mover'], ['DepthToSpace', { blocksize: 2 }, 'mover'], ['Relu', {}, 'activation'], ['Softmax', {}, 'other'],
  ] as const)('not behind %s', (op, attributes, kind) => {
    const found = out(tail(node(op, ['c'], ['y'], attributes as Parameters<typeof node>[3], 'mover')))
    expect(found).toMatchObject({ type: 'unknown', layout: 'unknown', between: [{ node: 'mover', op, kind }], why: expect.stringContaining(`${op} 'mover' stands between 'tail' and the dequantize`) as string })
  })

  it('not where another node uses it, and not behind a skip connection', () => {
    const twice = { ...tail(node('Identity', ['c'], ['y']), node('Relu', ['c'], ['z'])), }
    expect(out(twice).why).toMatch(/'tail' also goes to 'node_z' \(Relu\)/)
    const skip = out(tail(node('Add', ['c', 'x'], ['y'], {}, 'sum')))
    expect(skip).toMatchObject({ type: 'int8', last: { node: 'tail' }, between: [{ node: 'sum', kind: 'other' }] })
  })

  it('knows boards that never do it, and says what nobody states', () => {
    const bare = net([node('Conv', ['x', 'w'], ['y'])], { w: noise([8, 8, 1, 1]) })
    expect(out(bare, 'ort-cpu')).toMatchObject({ type: 'int8', layout: 'same' })
    expect(out(bare, 'horizon-x5')).toMatchObject({ type: 'int8', layout: 'unknown', why: expect.stringMatching(/no document states whether an accumulator may leave/) as string })
    expect(outputsOf(bare, boards.get('horizon-x5')!, 16)[0]!.type).toBe('unknown')
    expect(out(net([node('Relu', ['x'], ['y'])]))).toMatchObject({ last: null, between: [{ op: 'Relu' }] })
  })

  it('reads type and scale where the model is quantized itself', () => {
    const codes = { w: tensor('int8', [8, 8, 1, 1], new Int8Array(64)), ws: floats([2], [0.5, 0.25]), s: floats([], [0.1]), z: tensor('uint8', [], new Uint8Array([3])), o: floats([], [1]) }
    const body = [
      node('QuantizeLinear', ['x', 's', 'z'], ['xq']), node('DequantizeLinear', ['xq', 's', 'z'], ['xd']), node('DequantizeLinear', ['w', 'ws'], ['wd'], { axis: 0 }),
    ]
    const accumulator = out(net([...body, node('Conv', ['xd', 'wd'], ['y'], {}, 'tail')], codes))
    expect(accumulator.type).toBe('int32')
    expect(accumulator.scale!.map((step) => Number(step.toFixed(6)))).toEqual([0.05, 0.025])
    // What is moved in float behind it is the host's: the board gives the accumulator, in its own layout.
    const moved = out(net([...body, node('Conv', ['xd', 'wd'], ['c'], {}, 'tail'), node('Transpose', ['c'], ['y'], { perm: [0, 2, 3, 1] }, 'mover')], codes))
    expect(moved).toMatchObject({ type: 'int32', layout: 'nhwc', between: [], why: expect.stringContaining("behind it, in float: Transpose 'mover'") as string })
    const rounded = out(net([
      ...body, node('Conv', ['xd', 'wd'], ['c'], {}, 'tail'), node('QuantizeLinear', ['c', 'o', 'z'], ['cq'], {}, 'round'),
      node('Transpose', ['cq'], ['t'], {}, 'mover'), node('DequantizeLinear', ['t', 'o', 'z'], ['y']),
    ], codes))
    expect(rounded).toMatchObject({ type: 'uint8', scale: [1], between: [{ node: 'mover', op: 'Transpose', kind: 'mover' }] })
    expect(rounded.why).toMatch(/rounds to uint8 in 'round'; Transpose 'mover' stands between 'tail' and the dequantize/)
  })
})

describe('checkLimits', () => {
  it('says what is met, broken and not stated', () => {
    const made = graph({ inputs: { 'a b': ['n', 3, 8, 8] }, outputs: { y: ['n', 3, 8, 8] }, nodes: [node('Relu', ['a b'], ['y'])], opset: 17 })
    const checks = Object.fromEntries(checkLimits(made, boards.get('horizon-x5')!).map(({ limit, state: found }) => [limit, found]))
    expect(checks).toMatchObject({ opset: 'broken', irVersion: 'broken', dynamicShapes: 'broken', dimension: 'met', batch: 'unknown', names: 'unknown' })
    expect(checkLimits(made, boards.get('sophon-bm1684')!).find(({ limit }) => limit === 'names')).toMatchObject({ state: 'broken', what: expect.stringContaining("'a b'") as string })
  })
})

it('precisions of mixed plans take operator and bits of activations and weights together', () => {
  const made = conv([4, 8, 3, 3])
  const mixed = (board: string): string[] => boardReport(made, boards.get(board)!).operators[0]!.mixed.map(({ precision, state: found }) => `${precision} ${found}`)
  expect(mixed('mobile-npu')).toEqual(['int8 native', 'int8w/int16a native', 'int16 native', expect.stringMatching(/^float /)])
  // Activations of 8 and 16 bits, weights of 8.
  expect(mixed('horizon-j6').slice(1, 3)).toEqual([expect.not.stringContaining('missing'), 'int16 missing'])
  const tflite = boardReport(made, boards.get('tflite')!).operators[0]!.mixed
  expect(tflite.find(({ precision }) => precision === 'int8w/int16a')).toMatchObject({ state: 'missing', why: 'activations have 8 bits' })
})
