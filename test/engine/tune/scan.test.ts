import { describe, expect, it } from 'vitest'
import { protocolMeasure } from '../../../main/compare/measure.ts'
import { parseProtocol } from '../../../main/compare/protocol.ts'
import { quietTask } from '../../../main/core/task.ts'
import type { Expectation } from '../../../main/samples/expectation.ts'
import { encodeModel } from '../../../main/onnx/encode.ts'
import type { Graph, Tensor } from '../../../main/onnx/graph.ts'
import { float32 } from '../../../main/onnx/tensor.ts'
import { quantizeOptions } from '../../../main/quantize/options.ts'
import { quantize } from '../../../main/quantize/quantize.ts'
import { openSession } from '../../../main/runtime/session.ts'
import { scanVariants, type Feeds } from '../../../main/tune/scan.ts'
import { openScorer } from '../../../main/tune/score.ts'
import { measureSensitivity } from '../../../main/tune/sensitivity.ts'
import { switchboard } from '../../../main/tune/switchboard.ts'
import { unitsOf } from '../../../main/tune/units.ts'
import { floats, graph, node, noise } from '../../fixtures/build-model.ts'

/** Two convolutions with Relu, a skip around the second, a join of both, and two outputs, one of them in the middle. */
const NET = graph({
  inputs: { x: [1, 2, 'h', 'w'] }, outputs: { y: [1, 4, 'h', 'w'], middle: [1, 4, 'h', 'w'] },
  nodes: [
    node('Conv', ['x', 'w1', 'b1'], ['c1'], { pads: [1, 1, 1, 1] }, 'conv1'), node('Relu', ['c1'], ['r1'], {}, 'relu1'),
    node('Conv', ['r1', 'w2'], ['middle'], { pads: [1, 1, 1, 1] }, 'conv2'), node('Add', ['middle', 'r1'], ['s'], {}, 'add'),
    node('Concat', ['s', 'r1'], ['cat'], { axis: 1 }, 'concat'), node('Conv', ['cat', 'w3'], ['y'], {}, 'conv3'),
  ],
  initializers: { w1: noise([4, 2, 3, 3], 1), b1: noise([4], 2), w2: noise([4, 4, 3, 3], 3), w3: noise([4, 8, 1, 1], 4) },
})

const coded = quantize(NET, quantizeOptions({}), () => ({ lo: -6, hi: 7, method: 'max', why: 'given' }))
const board = switchboard(NET, coded.graph)
const units = unitsOf(NET, coded.plan)
const feeds: Feeds[] = [0, 1, 2].map((index) => ({ x: noise([1, 2, 6 + index, 8], 10 + index, 2) }))

async function runWhole(model: Graph, fed: Feeds): Promise<Record<string, Tensor>> {
  const session = await openSession(encodeModel(model), { mode: 'simulated', threads: 1 })
  try {
    return await session.run(fed)
  } finally {
    await session.close()
  }
}

const valuesOf = (results: Feeds): Record<string, number[]> => Object.fromEntries(Object.entries(results).map(([name, tensor]) => [name, [...float32(tensor)]]))
const close = (a: Record<string, number[]>, b: Record<string, number[]>): void => {
  expect(Object.keys(a).toSorted()).toEqual(Object.keys(b).toSorted())
  // The runtime may fuse a cut graph otherwise: sums in another order, far below a code (0.05).
  for (const [name, values] of Object.entries(a)) for (const [index, value] of values.entries()) expect(Math.abs(value - b[name]![index]!)).toBeLessThan(1e-4)
}

describe('units of a plan', () => {
  it('hold a convolution with what carries its codes, and every tensor and constant once', () => {
    expect(units.map(({ name, nodes, tensors }) => ({ name, nodes, tensors }))).toEqual([
      { name: 'x', nodes: [], tensors: ['x'] }, { name: 'conv1', nodes: ['conv1'], tensors: ['r1'] }, { name: 'conv2', nodes: ['conv2'], tensors: ['middle'] },
      { name: 's', nodes: [], tensors: ['s'] }, { name: 'cat', nodes: [], tensors: ['cat'] }, { name: 'conv3', nodes: ['conv3'], tensors: ['y'] },
    ])
    const all = units.flatMap(({ tensors, constants }) => [...tensors, ...constants])
    expect(new Set(all)).toEqual(new Set([...coded.plan.tensors.map(({ tensor }) => tensor), ...coded.plan.weights.map(({ tensor }) => tensor), ...coded.plan.biases.map(({ tensor }) => tensor)]))
    expect(all.length).toBe(new Set(all).size)
  })
})

describe('a switchboard', () => {
  it('with everything on gives the quantized model, with nothing on the float model', async () => {
    close(valuesOf(await runWhole(board.variant(board.keys), feeds[0]!)), valuesOf(await runWhole(coded.graph, feeds[0]!)))
    close(valuesOf(await runWhole(board.variant(new Set()), feeds[0]!)), valuesOf(await runWhole(NET, feeds[0]!)))
  })

  it('switches one thing alone', async () => {
    const [float, one] = [valuesOf(await runWhole(NET, feeds[0]!)), valuesOf(await runWhole(board.variant(new Set(['y'])), feeds[0]!))]
    expect(one.middle).toEqual(float.middle)
    expect(one.y).not.toEqual(float.y)
  })
})

const sets = units.flatMap(({ tensors, constants }) => [[...tensors, ...constants], tensors])

describe.each([['float', NET], ['quantized', board.variant(board.keys)]])('a scan from the %s model', (name, base) => {
  const actives = sets.map((names) => new Set(name === 'float' ? names : [...board.keys].filter((key) => !names.includes(key))))
  it.each([[1e9], [3000], [1]])('gives what every variant gives when it is run whole, with room for %i bytes', async (memoryBytes) => {
    const results = new Map<string, Feeds>()
    const steps: number[] = []
    const variants = actives.map((active, index) => ({ graph: board.variant(active), take: (sample: number, values: Feeds) => void results.set(`${index} ${sample}`, values) }))
    const cost = await scanVariants({ base, variants, feeds, threads: 1, memoryBytes, where: 'net' }, quietTask, () => steps.push(1))
    expect(results.size).toBe(actives.length * feeds.length)
    expect(steps).toHaveLength(actives.length)
    expect(cost.savedNodes).toBeGreaterThan(0)
    // Every variant and the base on every sample; the base again where memory is short.
    const once = (actives.length + 1) * feeds.length
    expect([cost.models, cost.inferences >= once, cost.inferences === once]).toEqual([actives.length + 1, true, memoryBytes === 1e9])
    for (const [index, active] of actives.entries()) {
      for (const [sample, fed] of feeds.entries()) close(valuesOf(results.get(`${index} ${sample}`)!), valuesOf(await runWhole(board.variant(active), fed)))
    }
  })
})

describe('a sensitivity scan', () => {
  const range = (tensor: string) => (tensor === 'x' ? { lo: 0, hi: 255, method: 'max', why: 'given' } : { lo: -300, hi: 400, method: 'max', why: 'given' })
  const made = quantize(NET, quantizeOptions({}), range)
  const switches = switchboard(NET, made.graph)
  const parts = unitsOf(NET, made.plan)
  const keysOf = ({ tensors, constants }: (typeof parts)[number]): string[] => [...tensors, ...constants]
  const levels = (index: number): Feeds => ({ x: floats([1, 2, 6, 8], Array.from(noise([96], 20 + index, 100).data as Float32Array, (value) => Math.round(Math.abs(value)) % 256)) })
  const between = (index: number): Feeds => ({ x: noise([1, 2, 6, 8], 30 + index, 50) })

  it.each([['on the codes of the input', levels, 6], ['between them', between, 3]] as const)('of pictures %s runs no model twice and gives to the bit what each model gives on its own', async (_, feedsOf, saved) => {
    const fed = [0, 1].map(feedsOf)
    const samples = fed.map((each, index) => ({ id: String(index), feeds: each }))
    const scorer = () => openScorer(protocolMeasure(parseProtocol('sqnr/output')), {} as Expectation, samples)
    const shared = { feeds: fed, threads: 1, memoryBytes: 1e9, where: 'net' }
    const work = { ...shared, float: NET, coded: made.graph, plan: made.plan, table: made.table, scorer: scorer(), modes: ['alone', 'all-but-one', 'accumulated'] as const, nameOf: () => null, macs: new Map<string, number>() }
    const steps: number[] = []
    const scan = await measureSensitivity(work, { ...quietTask, report: ({ total }) => steps.push(total) })

    const own = scorer()
    await scanVariants({ ...shared, base: NET, variants: [{ graph: switches.variant(new Set()), take: (sample, values) => own.setFloat(sample, values) }] }, quietTask)
    const apart = async (base: Graph, active: readonly string[]): Promise<number> => {
      const scores: number[] = []
      await scanVariants({ ...shared, base, variants: [{ graph: switches.variant(new Set(active)), take: async (sample, values) => void scores.push((await own.score('apart', sample, values)).nsr) }] }, quietTask)
      return scores.reduce((sum, nsr) => sum + nsr, 0) / scores.length
    }
    const [all, whole] = [[...switches.keys], switches.variant(switches.keys)]
    for (const [index, unit] of parts.entries()) {
      const found = scan.units.find(({ unit: name }) => name === unit.name)!
      expect([unit.name, found.alone, found.allButOne, found.accumulated]).toEqual([
        unit.name, await apart(NET, keysOf(unit)), await apart(whole, all.filter((name) => !keysOf(unit).includes(name))), await apart(whole, parts.slice(0, index + 1).flatMap(keysOf)),
      ])
    }
    // The float model, the quantized one, three for each unit, and its own parts. The first alone is up to the first, up to the last is all, all but the last is up to the one before;
    // of an input that stays as it is alone is float, all but it is all, and the second alone is up to the second.
    const local = parts.reduce((sum, { constants, reads, tensors }) => sum + (tensors[0] === 'x' ? 1 : 1 + Number(constants.length > 0) + Number(reads.length > 0)), 0)
    expect(2 + 3 * parts.length + local - Math.max(...steps)).toBe(saved)
  })
})
