import { describe, expect, it } from 'vitest'
import type { Threshold } from '../../../main/core/grid.ts'
import type { Graph } from '../../../main/onnx/graph.ts'
import { quantizeOptions, type LayerOverride, type QuantizeWishes } from '../../../main/quantize/options.ts'
import { opsetFor } from '../../../main/quantize/qdq.ts'
import { quantize } from '../../../main/quantize/quantize.ts'
import { floats, graph, node, noise } from '../../fixtures/build-model.ts'

const seen: Record<string, [number, number]> = { x: [0, 1], a: [-3, 4], b: [0, 2], y: [-1, 1] }
const thresholds = (tensor: string): Threshold | undefined => {
  const range = seen[tensor]
  return range && { lo: range[0], hi: range[1], method: 'max', why: 'observed' }
}

/** x → conv a → conv-relu b → transpose y; also b → Exp (never on codes) → e. */
const model = () =>
  graph({
    inputs: { x: [1, 2, 4, 4] }, outputs: { y: [1, 4, 4, 2], e: [1, 2, 4, 4] },
    nodes: [
      node('Conv', ['x', 'w'], ['a'], {}, 'a'), node('Conv', ['a', 'w2', 'bias'], ['c'], {}, 'c'), node('Relu', ['c'], ['b'], {}, 'b'),
      node('Transpose', ['b'], ['y'], { perm: [0, 2, 3, 1] }, 'y'), node('Exp', ['b'], ['e'], {}, 'e'),
    ],
    initializers: { w: noise([2, 2, 1, 1]), w2: noise([2, 2, 1, 1], 2), bias: floats([2], [0.1, -0.2]) },
  })

const quantized = (wishes: QuantizeWishes = {}, source: Graph = model()) => quantize(source, quantizeOptions(wishes), thresholds)
const nodesOf = (result: { graph: Graph }, op: string) => result.graph.nodes.filter((one) => one.op === op)
const producerOf = (result: { graph: Graph }, tensor: string) => result.graph.nodes.find((one) => one.outputs.includes(tensor))

describe('insertQdq', () => {
  it('puts one pair on a tensor and reads it through the pair', () => {
    const result = quantized()
    expect(nodesOf(result, 'QuantizeLinear').map((one) => one.inputs[0])).toEqual(['x', 'a', 'b', 'y_float'])
    expect(result.graph.nodes.find((one) => one.name === 'c')!.inputs).toEqual(['a_dequantized', 'w2_dequantized', 'bias_dequantized'])
    expect(result.dequantizedNames.get('a')).toBe('a_dequantized')
  })

  it('keeps the names of graph outputs behind the pair', () => {
    const result = quantized()
    expect(result.graph.outputs.map((one) => one.name)).toEqual(['y', 'e'])
    expect(producerOf(result, 'y')!.op).toBe('DequantizeLinear')
    expect(producerOf(result, 'y_float')!.op).toBe('Transpose')
  })

  it('shares scale and zero point along movers', () => {
    const pairs = nodesOf(quantized(), 'QuantizeLinear')
    const of = (tensor: string) => pairs.find((one) => one.inputs[0] === tensor)!.inputs.slice(1)
    expect(of('y_float')).toEqual(of('b'))
  })

  it('stores weights as codes with their channel axis and drops the float ones', () => {
    const { graph: result } = quantized()
    expect(result.initializers.has('w')).toBe(false)
    expect(result.initializers.get('w_quantized')!.type).toBe('int8')
    const dequantize = result.nodes.find((one) => one.outputs.includes('w_dequantized'))!
    expect(dequantize.attributes.get('axis')).toEqual({ kind: 'int', value: 0n })
  })

  it('leaves a float node its float weight, and a node in float no pair on its side', () => {
    const result = quantized({ float: { names: ['a'] } })
    expect(result.graph.nodes.find((one) => one.name === 'a')!.inputs).toEqual(['x', 'w'])
    expect(nodesOf(result, 'QuantizeLinear').map((one) => one.inputs[0])).toEqual(['a', 'b', 'y_float'])
  })

  it('lets a float consumer of a quantized producer read the codes, as the board would', () => {
    expect(quantized().graph.nodes.find((one) => one.name === 'e')!.inputs).toEqual(['b_dequantized'])
  })

  it('keeps nodes in topological order', () => {
    const { graph: result } = quantized()
    const made = new Set([...result.inputs.map((one) => one.name), ...result.initializers.keys()])
    for (const one of result.nodes) {
      for (const input of one.inputs) expect(made, `${one.name} reads ${input}`).toContain(input)
      for (const output of one.outputs) made.add(output)
    }
  })

  it('gives outputs size symbols of their own, since exporters repeat those of the input', () => {
    const enlarging = graph({
      inputs: { x: ['n', 4, 'h', 'w'] }, outputs: { y: ['n', 1, 'h', 'w'] }, nodes: [node('DepthToSpace', ['x'], ['y'], { blocksize: 2 }, 'y')],
    })
    const { graph: result } = quantized({}, enlarging)
    expect(result.outputs[0]!.dims).toEqual(['y_0', 1, 'y_2', 'y_3'])
    expect(result.inputs[0]!.dims).toEqual(['n', 4, 'h', 'w'])
  })

  it('is the same for the same input', () => {
    expect(JSON.stringify(quantized().table)).toBe(JSON.stringify(quantized().table))
  })

  it('says which tensor nothing was seen of', () => {
    const renamed = { ...model(), nodes: model().nodes.map((one) => (one.name === 'a' ? { ...one, outputs: ['q'] } : one.name === 'c' ? { ...one, inputs: ['q', 'w2', 'bias'] } : one)) }
    expect(() => quantized({}, renamed)).toThrow(/q: nothing was seen/)
  })
})

describe('layer overrides', () => {
  const row = (wishes: QuantizeWishes, tensor: string) => quantized(wishes).table.find((one) => one.tensor === tensor)!

  it('multiplies the computed range by th_scale and fixes it by threshold', () => {
    expect(row({ layers: { a: { th_scale: 0.5 } } }, 'a')).toMatchObject({ lo: -1.5, hi: 2 })
    expect(row({ layers: { a: { threshold: 1.5 } } }, 'a')).toMatchObject({ lo: -1.5, hi: 1.5, method: 'threshold' })
    expect(row({ layers: { b: { threshold: 1.5 } } }, 'b')).toMatchObject({ lo: 0, hi: 1.5 })
  })

  it('takes USE_MAX as max, USE_KL as the divergence in force or else as KL, USE_DEFAULT as nothing said; a method goes before', () => {
    const asked = (method: string, line: LayerOverride) => {
      const methods = new Map<string, string>()
      quantize(model(), quantizeOptions({ activations: { method }, layers: { b: line } }), (tensor, wanted) => { methods.set(tensor, wanted); return thresholds(tensor) })
      return methods.get('b')
    }
    expect(asked('percentile', { th_strategy: 'USE_MAX' })).toBe('max')
    expect(asked('percentile', { th_strategy: 'USE_KL' })).toBe('kl')
    expect(asked('jsd', { th_strategy: 'USE_KL' })).toBe('jsd')
    expect(asked('percentile', { th_strategy: 'USE_DEFAULT' })).toBe('percentile')
    expect(asked('percentile', { th_strategy: 'USE_MAX', method: 'mse' })).toBe('mse')
  })

  it('lets an exact name win over a pattern and a pattern over an operator', () => {
    const layers = { a: { th_scale: 0.5 }, '?': { th_scale: 0.25 }, 'op:Conv': { th_scale: 0.125 } }
    expect(row({ layers }, 'a').hi).toBe(2)
    expect(row({ layers: { '?': { th_scale: 0.25 }, 'op:Conv': { th_scale: 0.125 } } }, 'a').hi).toBe(1)
  })
})

describe('opsetFor', () => {
  it('is 21 only where 16- or 4-bit codes need it', () => {
    expect(opsetFor(['uint8', 'int8', 'int32'])).toBe(13)
    expect(opsetFor(['uint16', 'int8'])).toBe(21)
    expect(opsetFor(['uint8', 'int4'])).toBe(21)
  })
})
