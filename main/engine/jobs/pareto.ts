import { macsByNode } from '../../compare/macs.ts'
import { Fault } from '../../core/fault.ts'
import { breathe, type Task } from '../../core/task.ts'
import type { ParetoPoint, PrecisionName } from '../../core/tune.ts'
import { encodeModel } from '../../onnx/encode.ts'
import type { Graph } from '../../onnx/graph.ts'
import { elementCount } from '../../onnx/tensor.ts'
import { withSettings } from '../../recipe/changes.ts'
import { inferValues } from '../../runtime/values.ts'
import { openScorer } from '../../tune/score.ts'
import { measureNoise } from '../../tune/noise.ts'
import { costOf, frontOf, noiseOf, sweep, withinBudget, type Assignment, type PrecisionOption } from '../../tune/precision.ts'
import { layerName, SCAN_MEMORY_BYTES } from '../../tune/sensitivity.ts'
import { shownName } from '../../tune/settings.ts'
import { unitsOf, type Unit } from '../../tune/units.ts'
import { quantizeRefined } from './refined.ts'
import { checkedStatistics, trialJob, type TrialInput } from './trial.ts'
import { nameableIn, tuneBench, tunePiece } from './tune-bench.ts'

export type CostName = 'bitmacs' | 'bytes' | 'macs_int16' | 'latency'

export interface ParetoInput extends TrialInput {
  /** What plans pay with. */
  readonly cost: CostName
  /** Largest cost, as `ParetoPoint` tells it; absent: none. */
  readonly mostCost?: number
  /** Largest loss of the score; absent: none. */
  readonly mostLoss?: number
  /** Float microseconds of each node, and what int8 takes of float in all; absent: latency is not known. */
  readonly times?: { readonly floatUs: Readonly<Record<string, number>>; readonly ratio: number }
}

export interface ParetoOutput {
  /** The cheapest first. */
  readonly points: readonly ParetoPoint[]
  readonly seconds: number
  readonly notes: readonly string[]
}

interface Site {
  readonly unit: Unit
  /** Settings of each precision but int8; what is absent the unit cannot have. */
  readonly settings: ReadonlyMap<PrecisionName, readonly string[]>
}

/** Predicted and measured may part by this factor before the prediction is made again, at most so often (ALGORITHMS 8.3). */
const PARTED = 1.5
const ROUNDS = 3

/**
 * Plans of mixed precision (ALGORITHMS 8.3): noise of each unit in each precision alone, plans by prices on a logarithm (and the exact best
 * within a budget), every distinct one quantized and measured. A group that shares a scale, with the layers that make it, is one decision.
 */
export async function paretoJob(input: ParetoInput, task: Task): Promise<ParetoOutput> {
  const began = performance.now()
  const { recipe, threads } = input
  const piece = await tunePiece(recipe)
  const bench = await tuneBench(recipe, piece, task)
  const seen = await checkedStatistics(input.statistics)
  const samples = await bench.samples(input.samples)
  const feeds = samples.map((sample) => sample.feeds)
  const names = nameableIn(piece)
  const quantizedBy = async (settings: readonly string[]) => quantizeRefined(piece, withSettings(recipe, settings), seen, input.statistics.path, { threads }, task)
  const eight = await quantizedBy([])
  const units = unitsOf(eight.workGraph, eight.quantized.plan)
  if (units.length === 0) throw new Fault({ code: 'model.nothing-quantized', where: recipe.model, what: 'nothing of this model carries codes, so there is nothing to choose', next: 'Take layers out of quantize.float.' })
  const sites = units.map((unit) => siteOf(unit, names))
  const shapes = await inferValues(encodeModel(eight.workGraph), Object.fromEntries(Object.entries(feeds[0]!).map(([name, { dims }]) => [name, dims])), piece.file.path)
  const costs = costsOf(eight.workGraph, macsByNode(eight.workGraph, shapes), input.times)
  const scorer = () => openScorer(bench.measure, bench.opened.expectation, samples)
  const scan = { feeds, threads, memoryBytes: SCAN_MEMORY_BYTES, where: piece.file.path }
  const keys = ({ tensors, constants }: Unit): string[] => [...tensors, ...constants]
  const sixteen = await quantizedBy(['quantize.activations.bits=16'])
  const noise8 = await measureNoise({ ...scan, float: eight.workGraph, coded: eight.quantized.graph, scorer: scorer(), sets: units.flatMap((unit) => [keys(unit), [...unit.tensors]]) }, task)
  const noise16 = await measureNoise({ ...scan, float: sixteen.workGraph, coded: sixteen.quantized.graph, scorer: scorer(), sets: units.map(keys) }, task)
  const aloneIn = (index: number, precision: PrecisionName): number => (precision === 'int8' ? noise8[2 * index]! : precision === 'float' ? noise8[2 * index + 1]! : noise16[index]!)
  const scale = units.map(() => 1)
  const choicesNow = (): PrecisionOption[][] => sites.map(({ unit, settings }, index) => (['int8', ...settings.keys()] as PrecisionName[]).filter((precision) => isOpen(precision, input.cost)).map((precision) => ({ precision, cost: costs.of(unit, precision)[input.cost], noise: scale[index]! * aloneIn(index, precision) })))

  const measured = new Map<string, ParetoPoint>()
  const notes: string[] = []
  const measure = async (choices: PrecisionOption[][], taken: Assignment): Promise<ParetoPoint> => {
    const settings = taken.flatMap((place, index) => sites[index]!.settings.get(choices[index]![place]!.precision) ?? [])
    const known = measured.get(settings.join('\n'))
    if (known) return known
    const result = await trialJob({ ...input, recipe: withSettings(recipe, settings) }, task)
    const plan = taken.map((place, index) => ({ unit: units[index]!.name, precision: choices[index]![place]!.precision }))
    const point: ParetoPoint = {
      settings, plan: plan.filter(({ precision }) => precision !== 'int8'), protocol: result.protocol, score: result.score,
      lost: result.score === null || result.floatScore === null ? null : result.floatScore - result.score, nsr: result.nsr!, predictedNsr: noiseOf(choices, taken), ...costs.whole(units, plan.map(({ precision }) => precision)), front: false, chosen: false,
    }
    measured.set(settings.join('\n'), point)
    return point
  }
  for (let round = 0; ; round++) {
    const choices = choicesNow()
    // All in int8 is what every plan is compared with.
    const plans = [choices.map(() => 0), ...sweep(choices)]
    const within = input.mostCost === undefined ? null : withinBudget(choices, budgetIn(choices, units, costs, input))
    if (within) plans.push(within)
    let worst = { factor: 1, taken: null as Assignment | null }
    for (const [index, taken] of plans.entries()) {
      task.report({ stage: 'pareto', done: index, total: plans.length, unit: 'plans' })
      await breathe(task)
      const point = await measure(choices, taken)
      const predicted = noiseOf(choices, taken)
      const factor = predicted > 0 && point.nsr > 0 ? Math.max(point.nsr / predicted, predicted / point.nsr) : 1
      if (factor > worst.factor) worst = { factor, taken }
    }
    task.report({ stage: 'pareto', done: plans.length, total: plans.length, unit: 'plans' })
    if (worst.factor <= PARTED || worst.taken === null || round === ROUNDS) {
      if (worst.factor > PARTED) notes.push(`Predicted and measured noise still part by ${worst.factor.toFixed(2)} after ${ROUNDS} rounds.`)
      break
    }
    notes.push(`Predicted and measured noise parted by ${worst.factor.toFixed(2)}: the noise of each unit was measured again with all others quantized.`)
    await leaveOneOut(worst.taken, choices)
  }
  return { points: judged([...measured.values()], input), seconds: (performance.now() - began) / 1000, notes }

  /** What each unit adds when all others are as in a plan, over what it makes alone. */
  async function leaveOneOut(taken: Assignment, choices: PrecisionOption[][]): Promise<void> {
    const settings = taken.flatMap((place, index) => sites[index]!.settings.get(choices[index]![place]!.precision) ?? [])
    const made = await quantizedBy(settings)
    const whole = [...new Set(units.flatMap(keys))]
    const left = await measureNoise({ ...scan, float: made.workGraph, coded: made.quantized.graph, scorer: scorer(), sets: [whole, ...units.map((unit) => whole.filter((name) => !keys(unit).includes(name)))], base: 'coded' }, task)
    for (const index of units.keys()) {
      const alone = aloneIn(index, choices[index]![taken[index]!]!.precision)
      const added = Math.max(0, left[0]! - left[index + 1]!)
      if (alone > 0 && added > 0) scale[index] = added / alone
    }
  }
}

/** A unit's name in the recipe, and what the recipe says for each precision. A unit that it cannot name stays in int8. */
function siteOf(unit: Unit, names: ReadonlySet<string>): Site {
  const layer = layerName(unit, names)
  if (layer === null) return { unit, settings: new Map() }
  const line = (setting: string): string => `quantize.layers.${shownName(layer)}.${setting}`
  return { unit, settings: new Map<PrecisionName, readonly string[]>([
    ...(unit.tensors.length > 0 ? [['int8w/int16a', [line('bits=16')]] as const] : []),
    ...(unit.nodes.length > 0 && unit.nodes.every((node) => names.has(node)) ? [['float', unit.nodes.map((node) => `quantize.layers.${shownName(node)}.forward_with_float=true`)] as const] : []),
  ]) }
}

type Costs = Record<CostName, number>

/** Float is no way to save 16-bit products: where only those are counted it would be free. */
const isOpen = (precision: PrecisionName, cost: CostName): boolean => !(precision === 'float' && cost === 'macs_int16')

/** Bits of a multiplication by int8 weights: of what is read by the weight's. */
const INT8_BITS = 64
const INT16_BITS = 128
const FLOAT_BITS = 1024

/** Costs of a unit in each precision over those of the whole in int8 (latency and bytes: in float); and of a whole plan, exactly. */
function costsOf(graph: Graph, macs: ReadonlyMap<string, number>, times: ParetoInput['times']) {
  const all = [...macs.values()].reduce((sum, count) => sum + count, 0) || 1
  const weightBytes = (node: string): number => (graph.nodes.find(({ name }) => name === node)?.inputs ?? []).reduce((sum, name) => sum + elementCount(graph.initializers.get(name)?.dims ?? [0]), 0)
  const readers = (tensors: readonly string[]): string[] => graph.nodes.filter(({ name, inputs }) => macs.has(name) && inputs.some((input) => tensors.includes(input))).map(({ name }) => name)
  const macsOf = (nodes: readonly string[]): number => nodes.reduce((sum, node) => sum + (macs.get(node) ?? 0), 0)
  const floatUs = Object.values(times?.floatUs ?? {}).reduce((sum, us) => sum + us, 0) || 1
  const usOf = (nodes: readonly string[]): number => nodes.reduce((sum, node) => sum + (times?.floatUs[node] ?? 0), 0)
  return {
    of(unit: Unit, precision: PrecisionName): Costs {
      const read = precision === 'int8w/int16a' ? readers(unit.tensors) : []
      const isFloat = precision === 'float'
      return {
        bitmacs: ((isFloat ? FLOAT_BITS : INT8_BITS) * macsOf(unit.nodes) + (INT16_BITS - INT8_BITS) * macsOf(read)) / (INT8_BITS * all),
        bytes: unit.nodes.reduce((sum, node) => sum + weightBytes(node), 0) * (isFloat ? 4 : 1),
        macs_int16: macsOf(read) / all,
        // 16-bit operands have no kernel on this CPU: their readers compute in float.
        latency: times ? ((isFloat ? 1 : times.ratio) * usOf(unit.nodes) + (1 - times.ratio) * usOf(read)) / floatUs : 0,
      }
    },
    whole(units: readonly Unit[], taken: readonly PrecisionName[]): Pick<ParetoPoint, 'bitMacs' | 'bytes' | 'macsInt16' | 'macsFloat' | 'latency'> {
      const inFloat = new Set(units.flatMap(({ nodes }, index) => (taken[index] === 'float' ? nodes : [])))
      const in16 = new Set(units.flatMap(({ tensors }, index) => (taken[index] === 'int8w/int16a' ? readers(tensors) : [])).filter((node) => !inFloat.has(node)))
      const planned = units.flatMap(({ nodes }) => nodes)
      const bitsOf = (node: string): number => (inFloat.has(node) ? FLOAT_BITS : in16.has(node) ? INT16_BITS : INT8_BITS)
      const us = Object.entries(times?.floatUs ?? {}).reduce((sum, [node, each]) => sum + each * (inFloat.has(node) || in16.has(node) ? 1 : times!.ratio), 0)
      return {
        bitMacs: planned.reduce((sum, node) => sum + bitsOf(node) * (macs.get(node) ?? 0), 0) / (INT8_BITS * (macsOf(planned) || 1)),
        bytes: planned.reduce((sum, node) => sum + weightBytes(node) * (inFloat.has(node) ? 4 : 1), 0),
        macsInt16: macsOf([...in16]) / all, macsFloat: macsOf([...inFloat]) / all, latency: times ? us / floatUs : null,
      }
    },
    floatBytes: [...macs.keys()].reduce((sum, node) => sum + 4 * weightBytes(node), 0),
  }
}

/** The budget in the sum that the choices make: the latency of nodes that no unit chooses is always paid. */
function budgetIn(choices: readonly (readonly PrecisionOption[])[], units: readonly Unit[], costs: ReturnType<typeof costsOf>, { cost, mostCost }: ParetoInput): number {
  const eight = choices.map(() => 0)
  const whole = valueOf({ ...costs.whole(units, units.map(() => 'int8')) }, cost, costs.floatBytes)
  const wanted = mostCost! - whole
  return costOf(choices, eight) + (cost === 'bytes' ? wanted * costs.floatBytes : wanted)
}

const valueOf = (point: Pick<ParetoPoint, 'bitMacs' | 'bytes' | 'macsInt16' | 'latency'>, cost: CostName, floatBytes: number): number =>
  ({ bitmacs: point.bitMacs, bytes: point.bytes / Math.max(1, floatBytes), macs_int16: point.macsInt16, latency: point.latency ?? 0 })[cost]

/**
 * The front by measured noise, and the plan that the budget takes: the least noise within a cost, or the least cost within a loss of the
 * score. (The score of a few samples may rise by luck where noise does too.)
 */
function judged(points: readonly ParetoPoint[], { cost, mostCost, mostLoss }: ParetoInput): ParetoPoint[] {
  const paid = (point: ParetoPoint): number => valueOf(point, cost, 1)
  const sorted = points.toSorted((a, b) => paid(a) - paid(b) || a.nsr - b.nsr)
  const front = frontOf(sorted.map((point) => ({ cost: paid(point), loss: point.nsr })))
  const kept = sorted.filter((point) => (mostLoss === undefined || (point.lost !== null && point.lost <= mostLoss)) && (mostCost === undefined || withinCost(point)))
  const [first] = mostLoss === undefined ? kept.toSorted((a, b) => a.nsr - b.nsr) : kept
  const chosen = mostCost === undefined && mostLoss === undefined ? undefined : first
  return sorted.map((point, index) => ({ ...point, front: front[index]!, chosen: point === chosen }))

  function withinCost(point: ParetoPoint): boolean {
    const most = cost === 'bytes' ? mostCost! * floatBytesOf(points) : mostCost!
    return paid(point) <= most * (1 + 1e-9)
  }
}

/** Weights of a plan in int8 take a byte an element; the least of all plans is that of int8. */
const floatBytesOf = (points: readonly ParetoPoint[]): number => 4 * Math.min(...points.map(({ bytes }) => bytes))
