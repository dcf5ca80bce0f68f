import { describe, expect, it } from 'vitest'
import { quietTask } from '../../../main/core/task.ts'
import type { Graph } from '../../../main/onnx/graph.ts'
import { float32 } from '../../../main/onnx/tensor.ts'
import { planQuantization } from '../../../main/quantize/plan.ts'
import { quantizeOptions } from '../../../main/quantize/options.ts'
import { applyRewrites, proveStep } from '../../../main/rewrite/apply.ts'
import { convGroup } from '../../../main/rewrite/conv-group.ts'
import { floats, graph, node, noise } from '../../fixtures/build-model.ts'
import { contextOf, proveRewrite, withShapes } from '../../fixtures/prove-rewrite.ts'

const SIZE = [1, 1, 6, 6]
const weightsOf = ({ nodes, initializers }: Graph, conv: string): number[] => [...float32(initializers.get(nodes.find(({ name }) => name === conv)!.inputs[1]!)!)]
const opsOf = ({ nodes }: Graph): string[] => nodes.map(({ op }) => op)

/** x → first: rows 8, 0.5, 6, 0.25 → Relu → second: columns 1, 2, 3, 4 → y. By magnitude: channels 0 and 2, then 1 and 3. */
const pair = (between: readonly string[] = ['Relu']) => {
  const chain = between.map((op, at) => node(op, [at === 0 ? 'a' : `r${at}`], [`r${at + 1}`], op === 'MaxPool' ? { kernel_shape: [2, 2] } : {}, `between${at + 1}`))
  return withShapes(graph({
    inputs: { x: SIZE }, outputs: { y: null },
    nodes: [node('Conv', ['x', 'w1', 'b1'], ['a'], {}, 'first'), ...chain, node('Conv', [chain.at(-1)?.outputs[0] ?? 'a', 'w2', 'b2'], ['y'], { pads: [1, 1, 1, 1] }, 'second')],
    initializers: { w1: floats([4, 1, 1, 1], [8, 0.5, -6, 0.25]), b1: floats([4], [1, 2, 3, 4]), w2: floats([1, 4, 3, 3], [1, 2, 3, 4].flatMap((value) => Array.from({ length: 9 }, () => value))), b2: floats([1], [5]) },
  }))
}

describe('conv-group', () => {
  it('parts a Conv by magnitude, and its reader into a sum over the groups', async () => {
    const { proof, after: { graph: after }, found } = await proveRewrite(convGroup, await pair(), contextOf({ groups: 2 }))
    expect(weightsOf(after, 'first_convgroup1')).toEqual([8, -6])
    expect(weightsOf(after, 'first_convgroup2')).toEqual([0.5, 0.25])
    expect(float32(after.initializers.get('b1_convgroup2')!)).toEqual(Float32Array.of(2, 4))
    expect([...new Set(weightsOf(after, 'second_convgroup1'))]).toEqual([1, 3])
    expect([...new Set(weightsOf(after, 'second_convgroup2'))]).toEqual([2, 4])
    // The bias is added once.
    expect(after.nodes.map(({ name, inputs }) => [name, inputs.length]).filter(([name]) => String(name).startsWith('second'))).toEqual([['second_convgroup1', 3], ['second_convgroup2', 2]])
    expect(opsOf(after).toSorted()).toEqual(['Add', 'Conv', 'Conv', 'Conv', 'Conv', 'Relu', 'Relu'])
    expect(after.outputs.map(({ name }) => name)).toEqual(['y'])
    expect(found[0]).toMatchObject({ nodes: ['first', 'between1', 'second'], what: 'first becomes 2 Convs of 2 + 2 channels, and each of second a sum of 2, by the range of weights', cost: { macs: 0, bytesMoved: 2 * 36 * 8 } })
    expect(proof.verdict).not.toBe('broken')
  })

  it('joins the groups instead, and the reader follows their order', async () => {
    const { proof, after: { graph: after } } = await proveRewrite(convGroup, await pair(['Relu', 'MaxPool']), contextOf({ form: 'concat', groups: 2 }))
    expect(opsOf(after).toSorted()).toEqual(['Concat', 'Conv', 'Conv', 'Conv', 'MaxPool', 'MaxPool', 'Relu', 'Relu'])
    expect([...new Set(weightsOf(after, 'second'))]).toEqual([1, 3, 2, 4])
    expect(proof.verdict).not.toBe('broken')
  })

  it('gives each group a scale of its own where a tensor has one', async () => {
    const { after } = await proveRewrite(convGroup, await pair(), contextOf({ groups: 2 }))
    const { weights, tensors } = planQuantization(after.graph, quantizeOptions({ preset: 'arm' }))
    expect(weights.map(({ tensor, axis }) => [tensor, axis])).toEqual(['w1_convgroup1', 'w1_convgroup2', 'w2_convgroup1', 'w2_convgroup2'].map((tensor) => [tensor, null]))
    expect(tensors.filter(({ tensor }) => tensor.startsWith('r1')).map(({ tensor, group }) => tensor === group)).toEqual([true, true])
  })

  it('takes depthwise convolutions along', async () => {
    const model = await withShapes(graph({
      inputs: { x: SIZE }, outputs: { y: null },
      nodes: [node('Conv', ['x', 'w1'], ['a'], {}, 'first'), node('Clip', ['a', 'lo', 'hi'], ['c'], {}, 'clip'), node('Conv', ['c', 'wd', 'bd'], ['d'], { group: 3, pads: [1, 1, 1, 1] }, 'depthwise'), node('Conv', ['d', 'w2'], ['y'], {}, 'second')],
      initializers: { w1: floats([3, 1, 1, 1], [0.1, 9, 0.2]), lo: floats([], [0]), hi: floats([], [6]), wd: noise([3, 1, 3, 3], 4), bd: floats([3], [1, 2, 3]), w2: noise([2, 3, 1, 1], 5) },
    }))
    for (const form of ['sum', 'concat']) {
      const { proof, after: { graph: after } } = await proveRewrite(convGroup, model, contextOf({ form, groups: 2 }))
      expect(float32(after.initializers.get('bd_convgroup2')!)).toEqual(Float32Array.of(1, 3))
      expect(after.nodes.find(({ name }) => name === 'depthwise_convgroup2')!.attributes.get('group')).toEqual({ kind: 'int', value: 2n })
      expect(proof.verdict).not.toBe('broken')
    }
  })

  it('serves every reader, and fills groups up to what a board computes at a time', async () => {
    const model = await withShapes(graph({
      inputs: { x: SIZE }, outputs: { y: null, z: null },
      nodes: [node('Conv', ['x', 'w1'], ['a'], {}, 'first'), node('Conv', ['a', 'w2'], ['y'], {}, 'second'), node('Conv', ['a', 'w3', 'b3'], ['z'], { strides: [2, 2] }, 'third')],
      initializers: { w1: floats([5, 1, 1, 1], [0.1, 9, 0.2, 0.3, 0.15]), w2: noise([1, 5, 1, 1], 5), w3: noise([2, 5, 3, 3], 6), b3: noise([2], 7) },
    }))
    const { proof, after: { graph: after } } = await proveRewrite(convGroup, model, contextOf({ groups: 2, multiple: 2 }))
    // 9 alone would do; the next smaller channel fills its group.
    expect(weightsOf(after, 'first_convgroup1').map((value) => Number(value.toFixed(2)))).toEqual([9, 0.3])
    expect(opsOf(after).filter((op) => op === 'Add')).toHaveLength(2)
    expect(proof.verdict).not.toBe('broken')
  })

  it('groups by what Statistics saw behind the activation', async () => {
    const seen = new Map([['r1', { min: [0, 0, 0, 0], max: [1, 100, 2, 90] }]])
    const { after } = await proveRewrite(convGroup, await pair(), { ...contextOf({ by: 'activations', groups: 2 }), seen })
    expect(weightsOf(after.graph, 'first_convgroup1')).toEqual([0.5, 0.25])
    expect(convGroup.find(await pair(), contextOf({ by: 'activations' })).refused.map(({ why }) => why)).toEqual(['no Statistics tell what the channels of r1 hold (option statistics: FILE)', 'y is an output of the graph'])
  })

  it('goes through a network once, and stays provable', async () => {
    const widths = [1, 6, 6, 6, 2]
    const model = graph({
      inputs: { x: SIZE }, outputs: { t3: null },
      nodes: [0, 1, 2, 3].map((at) => node('Conv', [at === 0 ? 'x' : `t${at - 1}`, `w${at}`], [`t${at}`], { pads: [1, 1, 1, 1] }, `conv${at}`)),
      initializers: Object.fromEntries([0, 1, 2, 3].map((at) => {
        const weight = noise([widths[at + 1]!, widths[at]!, 3, 3], at)
        const inner = widths[at]! * 9
        return [`w${at}`, floats(weight.dims, [...float32(weight)].map((value, index) => value * (Math.floor(index / inner) % 3 === 0 ? 10 : 0.1)))]
      })),
    })
    for (const [form, matches] of [['sum', ['conv0', 'conv2']], ['concat', ['conv0', 'conv1', 'conv2']]] as const) {
      const { steps } = await applyRewrites(model, [{ rewrite: 'conv-group', options: { form } }], { context: contextOf(), where: 'test' }, quietTask)
      expect(steps[0]!.matches.map(({ nodes: [first] }) => first)).toEqual(matches)
      expect((await proveStep(steps[0]!, { threads: 1, samples: [], where: 'test' }, quietTask)).verdict).not.toBe('broken')
    }
  })

  const refusals: readonly [string, () => Promise<Graph>, readonly string[] | undefined, RegExp][] = [
    ['channels of like ranges', async () => { const model = await pair(); return { ...model, initializers: new Map([...model.initializers, ['w1', floats([4, 1, 1, 1], [4, 4, -4, 4])]]) } }, [], /like ranges/],
    ['readers that need the order', async () => withShapes(graph({
      inputs: { x: SIZE }, outputs: { y: null }, nodes: [node('Conv', ['x', 'w1'], ['a'], {}, 'first'), node('Conv', ['x', 'w1'], ['b'], {}, 'other'), node('Add', ['a', 'b'], ['y'], {}, 'add')],
      initializers: { w1: floats([2, 1, 1, 1], [8, 0.5]) },
    })), [], /add \(Add\) reads a: only Convs can follow another order of channels/],
    ['names of the recipe', async () => pair(), ['r1'], /the recipe speaks of r1/],
  ]
  it.each(refusals)('refuses %s', async (_name, model, keep, why) => {
    const { found, refused } = convGroup.find(await model(), contextOf({}, keep))
    expect(found).toEqual([])
    expect(refused[0]!.why).toMatch(why)
  })

  it('refuses numbers that are no groups', async () => {
    const model = await pair()
    expect(() => convGroup.find(model, contextOf({ groups: 1 }))).toThrow(expect.objectContaining({ code: 'recipe.wrong-value', where: 'rewrite.conv-group.groups' }))
    expect(() => convGroup.find(model, contextOf({ multiple: 2.5 }))).toThrow(expect.objectContaining({ code: 'recipe.wrong-value' }))
  })
})
