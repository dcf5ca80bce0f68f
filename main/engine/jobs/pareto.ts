import { judgeModel } from '../../boards/judge.ts'
import { refusing } from '../../boards/precisions.ts'
import { boardNamed } from '../../boards/read-profile.ts'
import { macsByNode } from '../../compare/macs.ts'
import { Fault } from '../../core/fault.ts'
import { breathe, type Task } from '../../core/task.ts'
import type { ParetoPoint, PrecisionName } from '../../core/tune.ts'
import { encodeModel } from '../../onnx/encode.ts'
import type { Graph } from '../../onnx/graph.ts'
import { topology } from '../../onnx/topology.ts'
import { withoutFinetune, withSettings } from '../../recipe/changes.ts'
import { inferValues } from '../../runtime/values.ts'
import { costModel, layouter, layoutOf } from '../../tune/costs.ts'
import { measureNoise, type NoiseWork } from '../../tune/noise.ts'
import { frontOf, predictNoise, sweep, wholeWithin, withShares, type Assignment, type PrecisionOption, type Together, type Whole } from '../../tune/precision.ts'
import { openScorer } from '../../tune/score.ts'
import { SCAN_MEMORY_BYTES } from '../../tune/sensitivity.ts'
import { shownName } from '../../core/shown-name.ts'
import { boardTiming, measuredTiming, type MeasuredTimes, type Timing } from '../../tune/timing.ts'
import { unitsOf, type Unit } from '../../tune/units.ts'
import { boardTimes } from './audit.ts'
import { noRow, noTimes } from './latency-known.ts'
import { planFrom } from './quantize.ts'
import { quantizeRefined } from './refined.ts'
import { checkedStatistics, trialJob, type TrialInput } from './trial.ts'
import { quietNames, type QuietName } from './quiet-names.ts'
import { tuneBench, tunePiece } from './tune-bench.ts'

export type CostName = 'bitmacs' | 'bytes' | 'macs_int16' | 'latency'

export interface ParetoInput extends TrialInput {
  /** What plans pay with. */
  readonly cost: CostName
  /** Largest cost: latency and bytes over those of float, bitmacs over those of int8, share of the MACs; absent: none. */
  readonly mostCost?: number
  /** Largest loss of the score; absent: none. */
  readonly mostLoss?: number
  /** What a run of the recipe measured; absent: latency is known only where the board has a table. */
  readonly times?: MeasuredTimes
  /** Absolute folder; profiles and tables in its `boards` folder count. */
  readonly workspace: string
}

export interface ParetoOutput {
  /** The cheapest first. */
  readonly points: readonly ParetoPoint[]
  /** What the plan nearest to a budget that none keeps comes to, in the budget's own measure; null where one keeps it, or there is none. */
  readonly nearest: number | null
  /** Where latencies come from; null where there are none. */
  readonly latencyFrom: 'board' | 'measured' | null
  readonly seconds: number
  /** As for a trial: runs of a model, and those that kept outputs saved. */
  readonly inferences: number
  readonly savedInferences: number
  readonly notes: readonly string[]
}

interface Site {
  readonly unit: Unit
  /** Settings of each precision but int8; what is absent the unit cannot have. */
  readonly settings: ReadonlyMap<PrecisionName, readonly string[]>
}

interface Measured {
  readonly point: ParetoPoint
  readonly taken: Assignment
  /** As the budget's cost counts. */
  readonly paid: number
}

/** Predicted and measured may part by this factor before the prediction is made again, at most so often (ALGORITHMS 8.3). */
const PARTED = 1.5
const ROUNDS = 3
/** Plans that are tried between the cheapest that keeps a loss and the next cheaper one. */
const HALVINGS = 4
/** Noise below it is that of sums in float32. */
const NO_NOISE = 1e-12

/**
 * Plans of mixed precision (ALGORITHMS 8.3): noise of each unit in each precision alone, plans by prices on a logarithm (and the best that was
 * found within a budget), every distinct one quantized and measured. A group that shares a scale, with the layers that make it, is one decision.
 */
export async function paretoJob(input: ParetoInput, task: Task): Promise<ParetoOutput> {
  const began = performance.now()
  const { threads, cost, mostCost, mostLoss } = input
  const recipe = withoutFinetune(input.recipe)
  const piece = await tunePiece(recipe)
  const bench = await tuneBench(recipe, piece, task)
  const seen = await checkedStatistics(input.statistics)
  const samples = await bench.samples(input.samples)
  const feeds = samples.map((sample) => sample.feeds)
  const quantizedBy = async (settings: readonly string[]) => quantizeRefined(piece, withSettings(recipe, settings), seen, input.statistics.path, { threads }, task)
  const plannedBy = (settings: readonly string[]) => planFrom(piece, withSettings(recipe, settings), seen, input.statistics.path)
  const eight = await quantizedBy([])
  const graph = eight.workGraph
  const units = unitsOf(graph, eight.quantized.plan)
  if (units.length === 0) throw new Fault({ code: 'model.nothing-quantized', where: recipe.model, what: 'nothing of this model carries codes, so there is nothing to choose', next: 'Take layers out of quantize.float.' })
  const shapes = await inferValues(encodeModel(graph), Object.fromEntries(Object.entries(feeds[0]!).map(([name, { dims }]) => [name, dims])), piece.file.path)
  const macs = macsByNode(graph, shapes)
  const dimsOf = (tensor: string): readonly number[] | null => {
    const dims = shapes.get(tensor)?.dims
    return dims?.every((dim) => typeof dim === 'number') ? (dims as readonly number[]) : null
  }
  const notes: string[] = []
  let [inferences, savedInferences] = [0, 0]
  const { timing, from: latencyFrom, unknown } = await timingOf(input, graph, macs, dimsOf)
  const board = await boardNamed(recipe.board, { workspace: input.workspace })
  const isOpen = openTo(graph, input, macs, timing, refusing(judgeModel(graph, board), board))
  const nameOf = quietNames(piece, graph, (line) => plannedBy([line]).workGraph)
  const sites = units.map((unit) => siteOf(unit, nameOf, isOpen))
  const closed = units.filter((unit, index) => siteOf(unit, nameOf, (_, precision) => isPriced(precision, input)).settings.size > sites[index]!.settings.size).length
  if (closed > 0) notes.push(`${closed} of ${units.length} units were not offered every precision: the board ${recipe.board} refuses it, or its table has no time for it.`)
  const scorer = () => openScorer(bench.measure, bench.opened.expectation, samples)
  const scan = { feeds, threads, memoryBytes: SCAN_MEMORY_BYTES, where: piece.file.path }

  const precisionsOf = sites.map(({ settings }): readonly PrecisionName[] => ['int8', ...settings.keys()])
  const floatNow = new Set(eight.quantized.plan.floatNodes.keys())
  const floatOf = sites.map(({ settings }) => new Set(settings.has('float') ? [...plannedBy(settings.get('float')!).plan.floatNodes.keys()].filter((name) => !floatNow.has(name)) : []))
  const layout = layouter(graph, eight.quantized.plan, units, floatOf)
  const model = costModel(graph, macs, timing)
  const valueOf = (costs: ReturnType<typeof model.of>): number => ({ bitmacs: costs.bitMacs, bytes: costs.bytes / (model.floatBytes || 1), macs_int16: costs.macsInt16, latency: costs.latency ?? 0 })[cost]
  const named = (taken: Assignment): PrecisionName[] => taken.map((place, unit) => precisionsOf[unit]![place]!)
  const costs = new Map<string, number>()
  const costOfWhole = (taken: Assignment): number => {
    const key = taken.join()
    if (!costs.has(key)) costs.set(key, valueOf(model.of(layout(named(taken)))))
    return costs.get(key)!
  }
  const none = units.map(() => 0)
  const noises = await noiseAlone()
  const choices = precisionsOf.map((precisions, unit) => precisions.map((precision, place): PrecisionOption => ({ precision, cost: costOfWhole(none.with(unit, place)) - costOfWhole(none), noise: noises[unit]!.get(precision)! })))

  const measured = new Map<string, Measured>()
  const together: Together[] = []
  const whole: Whole = { cost: costOfWhole, noise: (taken) => predictNoise(choices, taken, together) }
  const settingsOf = (taken: Assignment): string[] => taken.flatMap((place, unit) => sites[unit]!.settings.get(precisionsOf[unit]![place]!) ?? [])
  for (let round = 0; ; round++) {
    const shared = withShares(choices, together)
    // All in int8 is what every plan is compared with. Neighbours of one precision save conversions, which only latency counts.
    const plans = [none, ...sweep(shared, 20, cost === 'latency' ? whole : undefined)]
    const within = mostCost === undefined ? null : wholeWithin(shared, mostCost, whole)
    if (within) plans.push(within)
    let worst = { factor: 1, taken: null as Assignment | null }
    for (const [index, taken] of plans.entries()) {
      task.report({ stage: 'pareto', done: index, total: plans.length, unit: 'plans' })
      await breathe(task)
      const { point: { nsr } } = await measure(taken)
      const factor = partedBy(whole.noise(taken), nsr)
      if (factor > worst.factor) worst = { factor, taken }
    }
    task.report({ stage: 'pareto', done: plans.length, total: plans.length, unit: 'plans' })
    if (worst.factor <= PARTED || worst.taken === null || round === ROUNDS) {
      if (worst.factor > PARTED) notes.push(`Predicted and measured noise still part by ${worst.factor.toFixed(2)} after ${ROUNDS} rounds.`)
      else if (round > 0) notes.push(`With that, predicted and measured noise part by ${worst.factor.toFixed(2)} at most.`)
      break
    }
    notes.push(`Predicted and measured noise parted by ${worst.factor.toFixed(2)}: the noise of each unit was measured again with all others quantized.`)
    together.push({ at: worst.taken, added: await addedAt(worst.taken) })
  }
  if (mostLoss !== undefined) await halve(mostLoss)
  if (unknown.size > 0) notes.push(`The table of the board ${recipe.board} has no row for ${[...unknown].toSorted().join(', ')}: these were counted as taking no time.`)
  const points = [...measured.values()].map((one) => ({ ...one, point: { ...one.point, predictedNsr: whole.noise(one.taken) } }))
  return { ...judged(points, input), latencyFrom, seconds: (performance.now() - began) / 1000, inferences, savedInferences, notes }

  /** Noise of each unit in each of its precisions, all else in float. */
  async function noiseAlone(): Promise<Map<PrecisionName, number>[]> {
    const has = (unit: number, precision: PrecisionName): boolean => sites[unit]!.settings.has(precision)
    const wide = await quantizedBy(['quantize.activations.bits=16', ...sites.flatMap(({ settings }) => settings.get('int8w/int16a') ?? settings.get('int16')?.slice(0, 1) ?? [])])
    const wideWeights = await quantizedBy(['quantize.weights.bits=16', ...sites.flatMap(({ settings }) => settings.get('int16')?.slice(1) ?? [])])
    const asked = (of: (unit: Unit, index: number) => readonly (readonly string[])[]): (readonly string[])[] => units.flatMap(of)
    const run = async ({ workGraph, quantized }: typeof eight, sets: (readonly string[])[]): Promise<() => number> => {
      const found = sets.length === 0 ? [] : await noiseWith({ float: workGraph, coded: quantized.graph, sets })
      return () => found.shift()!
    }
    const next8 = await run(eight, asked((unit, index) => [keys(unit), ...(has(index, 'float') ? [unit.tensors] : [])]))
    const next16 = await run(wide, asked((unit, index) => [...(has(index, 'int8w/int16a') ? [keys(unit)] : []), ...(has(index, 'int16') ? [unit.tensors] : [])]))
    // Weights of 16 bits behind 8-bit results: beside 16-bit ones the bias may widen their steps, which only such plans have.
    const nextWeights = await run(wideWeights, asked((unit, index) => (has(index, 'int16') ? [unit.constants] : [])))
    return units.map((_, index) => new Map<PrecisionName, number>([
      ['int8', next8()], ...(has(index, 'float') ? [['float', next8()] as const] : []),
      ...(has(index, 'int8w/int16a') ? [['int8w/int16a', next16()] as const] : []), ...(has(index, 'int16') ? [['int16', next16() + nextWeights()] as const] : []),
    ]))
  }

  /** Noise with only some names rounded to codes, a number a set. */
  async function noiseWith(work: Pick<NoiseWork, 'float' | 'coded' | 'sets' | 'base'>): Promise<number[]> {
    const found = await measureNoise({ ...scan, scorer: scorer(), ...work }, task)
    inferences += found.inferences
    return [...found.nsr]
  }

  /** Quantizes and scores a plan; what it costs is told from the plan as it was made. */
  async function measure(taken: Assignment): Promise<Measured> {
    const settings = settingsOf(taken)
    const known = measured.get(settings.join('\n'))
    if (known) return known
    const result = await trialJob({ ...input, recipe: withSettings(recipe, settings) }, task)
    inferences += result.inferences
    savedInferences += result.savedInferences
    const made = plannedBy(settings)
    const priced = costModel(made.workGraph, macs, timing).of(layoutOf(made.plan))
    const point: ParetoPoint = {
      settings, plan: named(taken).flatMap((precision, unit) => (precision === 'int8' ? [] : [{ unit: units[unit]!.name, precision }])), protocol: result.protocol, score: result.score,
      lost: result.score === null || result.floatScore === null ? null : result.floatScore - result.score, nsr: result.nsr!, predictedNsr: whole.noise(taken), ...priced, front: false, chosen: false,
    }
    const one = { point, taken, paid: valueOf(priced) }
    measured.set(settings.join('\n'), one)
    return one
  }

  /** What each unit adds when all others are as in a plan. */
  async function addedAt(taken: Assignment): Promise<number[]> {
    const { workGraph, quantized } = await quantizedBy(settingsOf(taken))
    const all = [...new Set(units.flatMap(keys))]
    const left = await noiseWith({ float: workGraph, coded: quantized.graph, sets: [all, ...units.map((unit) => all.filter((name) => !keys(unit).includes(name)))], base: 'coded' })
    return units.map((_, unit) => left[0]! - left[unit + 1]!)
  }

  /** Looks for a cheaper plan that keeps the loss, between the cheapest one that does and the next cheaper one. */
  async function halve(most: number): Promise<void> {
    const keeps = ({ point: { lost } }: Measured): boolean => lost !== null && lost <= most
    for (let tries = 0; tries < HALVINGS; tries++) {
      const sorted = [...measured.values()].toSorted((a, b) => a.paid - b.paid)
      const first = sorted.findIndex(keeps)
      if (first <= 0) return
      const taken = wholeWithin(withShares(choices, together), (sorted[first - 1]!.paid + sorted[first]!.paid) / 2, whole)
      if (taken === null || measured.has(settingsOf(taken).join('\n'))) return
      await breathe(task)
      await measure(taken)
    }
  }
}

const keys = ({ tensors, constants }: Unit): string[] => [...tensors, ...constants]

/** The larger over the smaller. */
function partedBy(predicted: number, measured: number): number {
  if (Math.max(predicted, measured) <= NO_NOISE) return 1
  return Math.max(predicted, measured) / Math.min(predicted, measured)
}

/** What the recipe says for each precision of a unit. One that it cannot name stays as it is. */
function siteOf(unit: Unit, nameOf: QuietName, isOpen: (unit: Unit, precision: PrecisionName) => boolean): Site {
  const line = (name: string, setting: string): string => `quantize.layers.${shownName(name)}.${setting}`
  const result = nameOf([unit.name, ...unit.tensors])
  // What comes out of a single layer names its weights too.
  const layers = unit.nodes.flatMap((node) => nameOf(unit.nodes.length === 1 ? [node, ...unit.tensors] : [node]) ?? [])
  const floats = unit.nodes.flatMap((node) => nameOf([node]) ?? [])
  const areAll = (found: readonly string[]): boolean => found.length > 0 && found.length === unit.nodes.length
  const wide = unit.tensors.length > 0 && result !== null ? [line(result, 'bits=16')] : null
  const possible: [PrecisionName, readonly string[] | null][] = [
    ['int8w/int16a', wide],
    ['int16', wide && areAll(layers) ? [...wide, ...layers.map((name) => line(name, 'weight_bits=16'))] : null],
    ['float', areAll(floats) ? floats.map((name) => line(name, 'forward_with_float=true')) : null],
  ]
  return { unit, settings: new Map(possible.flatMap(([precision, settings]) => (settings !== null && isOpen(unit, precision) ? [[precision, settings] as const] : []))) }
}

/** Float is no way to save 16-bit products: where only those are counted it would be free. */
const isPriced = (precision: PrecisionName, { cost }: ParetoInput): boolean => !(precision === 'float' && cost === 'macs_int16')

/** What a unit may be computed in: what the board does not refuse for any node that makes or reads its codes, and what has a time where time is the price. */
function openTo(graph: Graph, input: ParetoInput, macs: ReadonlyMap<string, number>, timing: Timing | null, refuses: ReturnType<typeof refusing>): (unit: Unit, precision: PrecisionName) => boolean {
  const { producer, consumers } = topology(graph)
  const byName = new Map(graph.nodes.map((node) => [node.name, node]))
  return (unit, precision) => {
    if (!isPriced(precision, input)) return false
    const own = unit.nodes.map((name) => byName.get(name)!)
    const around = precision === 'float' ? own : [...new Set([...own, ...unit.tensors.flatMap((tensor) => [...(producer.has(tensor) ? [producer.get(tensor)!] : []), ...(consumers.get(tensor) ?? [])])])]
    if (around.some(({ name }) => refuses(name, precision))) return false
    return input.cost !== 'latency' || timing === null || around.every((node) => !macs.has(node.name) || timing.node(node, precision === 'float' ? 'float' : timing.wide) !== null)
  }
}

interface FoundTiming {
  readonly timing: Timing | null
  readonly from: ParetoOutput['latencyFrom']
  /** Operators and precisions that the board's table has no row for; grows while it is asked. */
  readonly unknown: { readonly size: number; [Symbol.iterator](): Iterator<string> }
}

/** A board's own table before what a run measured on this machine. Throws `input.no-times` where the budget needs times that nobody knows. */
async function timingOf({ recipe, workspace, times, cost }: ParetoInput, graph: Graph, macs: ReadonlyMap<string, number>, dims: (tensor: string) => readonly number[] | null): Promise<FoundTiming> {
  const table = await boardTimes(recipe.board, workspace)
  if (!table) {
    if (cost === 'latency' && !times) throw noTimes(recipe.board)
    return { timing: times ? measuredTiming(times, dims) : null, from: times ? 'measured' : null, unknown: new Set() }
  }
  const timing = boardTiming(table.table, graph, dims)
  const products = graph.nodes.filter(({ name }) => macs.has(name))
  for (const kernel of ['float', 'int8'] as const) {
    const lacking = products.find((node) => timing.node(node, kernel) === null)
    if (!lacking) continue
    if (cost !== 'latency') return { timing: null, from: null, unknown: new Set() }
    throw noRow(table.path, kernel, lacking.op)
  }
  const ops = new Set(products.map(({ op }) => op))
  const others = (): string[] => [...timing.missing].filter((text) => !ops.has(text.split(' ')[0]!))
  return { timing, from: 'board', unknown: { get size() { return others().length }, [Symbol.iterator]: () => others()[Symbol.iterator]() } }
}

/**
 * The front by measured noise, and the plan that the budget takes: the least noise within a cost, or the least cost within a loss of the
 * score. (The score of a few samples may rise by luck where noise does too.)
 */
function judged(measured: readonly Measured[], { mostCost, mostLoss }: ParetoInput): Pick<ParetoOutput, 'points' | 'nearest'> {
  const sorted = measured.toSorted((a, b) => a.paid - b.paid || a.point.nsr - b.point.nsr)
  const front = frontOf(sorted.map(({ point, paid }) => ({ cost: paid, loss: point.nsr })))
  const isBound = mostCost !== undefined || mostLoss !== undefined
  const kept = sorted.filter(({ point, paid }) => (mostLoss === undefined || (point.lost !== null && point.lost <= mostLoss)) && (mostCost === undefined || paid <= mostCost * (1 + 1e-9)))
  const [first] = mostLoss === undefined ? kept.toSorted((a, b) => a.point.nsr - b.point.nsr) : kept
  const nearest = Math.min(...sorted.flatMap(({ point, paid }) => (mostLoss === undefined ? [paid] : (point.lost ?? []))))
  return {
    points: sorted.map(({ point }, index) => ({ ...point, front: front[index]!, chosen: isBound && point === first?.point })),
    nearest: !isBound || first || !Number.isFinite(nearest) ? null : nearest,
  }
}
