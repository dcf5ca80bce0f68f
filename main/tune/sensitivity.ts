import { CODE_LIMITS, type CodeType } from '../core/grid.ts'
import type { Plan } from '../core/plan.ts'
import type { ScaleTable } from '../core/scale-table.ts'
import type { Task } from '../core/task.ts'
import type { UnitSensitivity } from '../core/tune.ts'
import type { Graph } from '../onnx/graph.ts'
import { float32 } from '../onnx/tensor.ts'
import { topology } from '../onnx/topology.ts'
import { addOwnErrors } from '../compare/fake-quantize.ts'
import { noErrors, noiseRatio } from '../compare/errors.ts'
import { scanVariants, type Feeds, type ScanCost } from './scan.ts'
import { mean, nsrOf, type SampleScore, type Scorer, type Total } from './score.ts'
import { switchboard } from './switchboard.ts'
import { unitsOf, type Unit } from './units.ts'

export interface SensitivityWork {
  /** The float graph that was quantized, and what it became. */
  readonly float: Graph
  readonly coded: Graph
  readonly plan: Plan
  readonly table: ScaleTable
  readonly feeds: readonly Feeds[]
  readonly scorer: Scorer
  readonly modes: readonly ('alone' | 'all-but-one' | 'accumulated')[]
  /** The first of some names that a line of `quantize.layers` may use; null where there is none. */
  nameOf(wanted: readonly string[]): string | null
  /** Multiply-accumulates by node; empty where shapes are not known. */
  readonly macs: ReadonlyMap<string, number>
  readonly threads: number
  readonly memoryBytes: number
  readonly where: string
}

export interface SensitivityResult {
  /** By rank. */
  readonly units: readonly UnitSensitivity[]
  readonly quantized: { readonly nsr: number; readonly score: number | null }
  readonly cost: ScanCost
}

/**
 * Who takes how much from the outputs (ALGORITHMS 8.2): every unit quantized alone, left out alone, and with all before it. The parts of a
 * unit's own noise (weights, what it reads, its codes, clipping) are measured at its own result, which takes one layer each.
 */
export async function measureSensitivity(work: SensitivityWork, task: Task): Promise<SensitivityResult> {
  const { float, coded, plan, scorer, feeds } = work
  const board = switchboard(float, coded)
  const units = unitsOf(float, plan).filter(({ tensors, constants }) => [...tensors, ...constants].some((name) => board.keys.has(name)))
  const keysOf = ({ tensors, constants }: Unit): string[] => [...tensors, ...constants]
  const all = new Set(board.keys)
  const shared = { feeds, threads: work.threads, memoryBytes: work.memoryBytes, where: work.where }

  const tally = (version: string): Tally => {
    const scores: SampleScore[] = []
    return { take: async (sample, values) => void scores.push(await scorer.score(version, sample, values)), total: () => scorer.total(scores) }
  }
  const alone = units.map(() => tally('alone'))
  const local = units.map((unit) => localTallies(unit, work))
  const quantized = board.variant(all)
  const whole = tally('quantized')
  const allButOne = work.modes.includes('all-but-one') ? units.map(() => tally('all but one')) : null
  const accumulated = work.modes.includes('accumulated') ? units.map(() => tally('accumulated')) : null
  // Models that round the same are run once. An input that rounding leaves as it is counts as not rounded, here and there.
  const idle = new Set(units.filter((unit) => isLeftAsItIs(unit, work)).flatMap(keysOf))
  const known = new Map<string, Take[]>()
  const variantsOf = (wanted: readonly { readonly active: ReadonlySet<string>; readonly take: Take }[]): { graph: Graph; take: Take }[] => wanted.flatMap(({ active, take }) => {
    const key = [...active.difference(idle)].toSorted().join('\n')
    const takes = known.get(key)
    if (takes) {
      takes.push(take)
      return []
    }
    const own = [take]
    known.set(key, own)
    return [{ graph: board.variant(active), take: async (sample: number, values: Feeds) => { for (const each of own) await each(sample, values) } }]
  })
  // The float graph itself comes first: what everything is measured against.
  const ofFloat = [
    ...variantsOf([{ active: new Set<string>(), take: (sample, values) => scorer.setFloat(sample, values) }]),
    ...local.flatMap(({ variants }) => variants.map(({ active, result, take }) => ({ graph: board.variant(active, [result]), take }))),
    ...variantsOf(units.map((unit, index) => ({ active: new Set(keysOf(unit)), take: alone[index]!.take }))),
  ]
  const ofQuantized = variantsOf([
    { active: all, take: whole.take },
    ...units.flatMap((unit, index) => [
      ...(allButOne ? [{ active: all.difference(new Set(keysOf(unit))), take: allButOne[index]!.take }] : []),
      ...(accumulated ? [{ active: new Set(units.slice(0, index + 1).flatMap(keysOf)), take: accumulated[index]!.take }] : []),
    ]),
  ])
  const total = ofFloat.length + ofQuantized.length
  let done = 0
  const step = (): void => task.report({ stage: 'sensitivity', done: ++done, total, unit: 'models' })
  task.report({ stage: 'sensitivity', done: 0, total, unit: 'models' })
  const costs = [
    await scanVariants({ ...shared, base: float, variants: ofFloat }, task, step),
    await scanVariants({ ...shared, base: quantized, variants: ofQuantized }, task, step),
  ]
  const rows = units.map((unit, index) => ({ unit, index, alone: alone[index]!.total(), allButOne: allButOne?.[index]!.total() ?? null, accumulated: accumulated?.[index]!.total() ?? null }))
  return { units: ranked(rows, local, work), quantized: whole.total(), cost: sumOf(costs) }
}

type Take = (sample: number, values: Feeds) => Promise<void>

/** A unit that is nothing but inputs of the model whose samples come back from codes to the bit. */
function isLeftAsItIs({ nodes, tensors, constants }: Unit, { float, table, feeds }: SensitivityWork): boolean {
  const inputs = new Set(float.inputs.map(({ name }) => name))
  if (nodes.length + constants.length > 0 || tensors.some((name) => !inputs.has(name))) return false
  return tensors.every((name) => {
    const row = table.find(({ tensor, kind }) => tensor === name && kind === 'activation')
    if (!row || row.scale.length !== 1 || row.type === 'float32') return false
    return feeds.every((fed) => {
      const sums = noErrors()
      addOwnErrors(sums, float32(fed[name]!), row)
      return sums.noise === 0
    })
  })
}

interface Tally {
  readonly take: Take
  total(): Total
}

const sumOf = (costs: readonly ScanCost[]): ScanCost => costs.reduce((a, b) => ({
  models: a.models + b.models, inferences: a.inferences + b.inferences, nodes: a.nodes + b.nodes, savedNodes: a.savedNodes + b.savedNodes, inferenceSeconds: a.inferenceSeconds + b.inferenceSeconds,
}))

function ranked(rows: readonly { unit: Unit; index: number; alone: Total; allButOne: Total | null; accumulated: Total | null }[], local: readonly Local[], { macs, nameOf }: SensitivityWork): UnitSensitivity[] {
  const sum = rows.reduce((total, row) => total + row.alone.nsr, 0)
  const allMacs = [...macs.values()].reduce((total, count) => total + count, 0)
  let sofar = 0
  return rows.toSorted((a, b) => b.alone.nsr - a.alone.nsr || a.index - b.index).map(({ unit, index, alone, allButOne, accumulated }, place) => {
    sofar += alone.nsr
    return {
      // A line may name what carries the codes, or the layer that makes them.
      unit: unit.name, layer: nameOf([unit.name, ...unit.tensors]), op: unit.op, nodes: unit.nodes, tensors: unit.tensors, rank: place + 1,
      alone: alone.nsr, allButOne: allButOne?.nsr ?? null, accumulated: accumulated?.nsr ?? null,
      aloneScore: alone.score, allButOneScore: allButOne?.score ?? null, accumulatedScore: accumulated?.score ?? null,
      ...local[index]!.parts(),
      macsShare: allMacs === 0 ? null : unit.nodes.reduce((total, node) => total + (macs.get(node) ?? 0), 0) / allMacs,
      cumulativeShare: sum === 0 ? 0 : sofar / sum,
    }
  })
}

interface Local {
  readonly variants: readonly { readonly active: ReadonlySet<string>; readonly result: string; take(sample: number, values: Feeds): void }[]
  parts(): Pick<UnitSensitivity, 'weightNsr' | 'inputNsr' | 'outputNsr' | 'clipShare'>
}

/** Noise of a unit's parts at its own result, sample by sample. */
function localTallies(unit: Unit, { float, plan, table }: SensitivityWork): Local {
  const result = unit.tensors[0] ?? float.nodes.find(({ name }) => name === unit.nodes[0])!.outputs[0]!
  const reference = new Map<number, Float32Array>()
  const weights: number[] = []
  const inputs: number[] = []
  const codes: number[] = []
  const clipped: { noise: number; all: number } = { noise: 0, all: 0 }
  const row = table.find(({ tensor, kind }) => tensor === result && kind === 'activation')
  const planned = new Set(plan.tensors.map(({ tensor }) => tensor))
  const made = topology(float).producer.has(result)
  const parts = made ? [{ keys: unit.constants, into: weights }, { keys: unit.reads, into: inputs }].filter(({ keys }) => keys.length > 0) : []
  return {
    variants: [
      { active: new Set(), result, take(sample, values) {
        const data = float32(values[result]!)
        if (parts.length > 0) reference.set(sample, data)
        if (!row || !planned.has(result) || row.scale.length !== 1 || row.type === 'float32') return
        const sums = noErrors()
        addOwnErrors(sums, data, row)
        codes.push(noiseRatio(sums))
        clipped.noise += clippedNoise(data, row.scale[0]!, row.zeroPoint[0]!, row.type)
        clipped.all += sums.noise
      } },
      ...parts.map(({ keys, into }, place) => ({ active: new Set(keys), result, take(sample: number, values: Feeds) {
        into.push(nsrOf(reference.get(sample)!, float32(values[result]!)))
        if (place === parts.length - 1) reference.delete(sample)
      } })),
    ],
    parts: () => ({
      weightNsr: weights.length === 0 ? null : mean(weights), inputNsr: inputs.length === 0 ? null : mean(inputs), outputNsr: codes.length === 0 ? null : mean(codes),
      clipShare: clipped.all === 0 ? null : clipped.noise / clipped.all,
    }),
  }
}

/** Σ (q − r)² of the values whose code lies beyond the range of codes (ALGORITHMS 8.2). */
function clippedNoise(values: Float32Array, scale: number, zeroPoint: number, type: CodeType): number {
  const [min, max] = CODE_LIMITS[type]
  const lo = (min - zeroPoint) * scale
  const hi = (max - zeroPoint) * scale
  let sum = 0
  for (const value of values) {
    if (value > hi + scale / 2) sum += (value - hi) ** 2
    else if (value < lo - scale / 2) sum += (lo - value) ** 2
  }
  return sum
}

/** Of tensors that are kept to begin from, when nothing else is said. */
export const SCAN_MEMORY_BYTES = 768 * 2 ** 20
