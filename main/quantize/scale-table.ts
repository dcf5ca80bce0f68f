import { Fault } from '../core/fault.ts'
import type { Grid, Range, Threshold } from '../core/grid.ts'
import type { TensorPlan } from '../core/plan.ts'
import { qparams, workingCodes } from '../core/qparams.ts'
import { roundHalfEven } from '../core/round.ts'
import type { ScaleRow, ScaleTable } from '../core/scale-table.ts'
import type { Graph } from '../onnx/graph.ts'
import type { LayerOverride, QuantizeOptions } from './options.ts'
import type { QuantizePlan } from './plan.ts'
import { TUNED_METHOD, type Tuned } from './tuned.ts'
import { biasFloors, quantizeBias, quantizeWeight, type CodedConstant } from './weights.ts'

/** Picks the clip range of one tensor by a method's name; undefined where nothing was seen of the tensor. */
export type ThresholdSource = (tensor: string, method: string, grid: Grid) => Threshold | undefined

/** The ScaleTable with the codes of every constant, ready to be put into the graph. */
export interface SolvedScales {
  readonly table: ScaleTable
  readonly constants: ReadonlyMap<string, CodedConstant>
}

const DIVERGENCES = new Set(['kl', 'symkl', 'jsd'])

/** Statistics and plan to scales: one row an activation tensor, weight and bias. Deterministic: same input, same rows. `tuned`: ranges and weight scales that take the place of solved ones. */
export function solveScales(graph: Graph, plan: QuantizePlan, options: QuantizeOptions, thresholds: ThresholdSource, tuned?: Tuned): SolvedScales {
  const rows = activationRows(plan, options, thresholds, tuned)
  const byTensor = new Map(rows.map((row) => [row.tensor, row]))
  const constants = new Map<string, CodedConstant>()
  const biasesOf = Map.groupBy(plan.biases, (bias) => bias.weight)
  for (const weight of plan.weights) {
    const biases = biasesOf.get(weight.tensor) ?? []
    const floors = biases.map((bias) => biasFloors(graph, bias, weight, byTensor.get(bias.input)!))
    const joined = floors.length === 0 ? [] : floors[0]!.map((_, channel) => Math.max(...floors.map((one) => one[channel]!)))
    const scale = tuned?.weightScales.get(weight.tensor)
    constants.set(weight.tensor, quantizeWeight(graph.initializers.get(weight.tensor)!, weight, joined, tuned && scale ? { scale, why: tuned.why } : undefined))
  }
  for (const bias of plan.biases) constants.set(bias.tensor, quantizeBias(graph, bias, byTensor.get(bias.input)!, constants.get(bias.weight)!.row))
  return { table: [...rows, ...[...constants.values()].map((constant) => constant.row)], constants }
}

function activationRows(plan: QuantizePlan, options: QuantizeOptions, thresholds: ThresholdSource, tuned?: Tuned): ScaleRow[] {
  const groups = Map.groupBy(plan.tensors, (tensor) => tensor.group)
  const solved = new Map([...groups].map(([name, members]) => [name, tunedRange(name, tuned) ?? groupRange(members, plan, options, thresholds)]))
  return plan.tensors.map((tensor) => {
    const threshold = solved.get(tensor.group)!
    const { scale, zeroPoint, degenerate } = qparams(threshold, tensor.grid)
    const shared = tensor.group === tensor.tensor ? '' : `shares the scale of ${tensor.group}; `
    return {
      tensor: tensor.tensor, kind: 'activation', type: tensor.grid.type, granularity: 'tensor', axis: null, scale: [scale], zeroPoint: [zeroPoint],
      lo: threshold.lo, hi: threshold.hi, method: threshold.method, float: false,
      reason: `${shared}${degenerate ? 'constant zero: scale 1 by convention' : threshold.why}`,
    }
  })
}

function tunedRange(group: string, tuned: Tuned | undefined): Threshold | undefined {
  const range = tuned?.ranges.get(group)
  return tuned && range ? { ...range, method: TUNED_METHOD, why: tuned.why } : undefined
}

/** The range of a group: fixed where a rule knows it, else the widest of what its members ask for. */
function groupRange(members: readonly TensorPlan[], plan: QuantizePlan, options: QuantizeOptions, thresholds: ThresholdSource): Threshold {
  const override = joinedOverride(members.flatMap((member) => plan.overrides.get(member.tensor) ?? []))
  const ranges = members.flatMap((member) => memberRange(member, override, options, thresholds) ?? [])
  const [first] = ranges
  if (!first) {
    throw new Fault({
      code: 'input.missing-statistics', what: 'nothing was seen of this tensor, so it has no range', where: members.map((member) => member.tensor).join(', '),
      next: 'Calibrate again with this model and recipe; the statistics file belongs to another one.',
    })
  }
  const aligned = members.length === 1 && !override ? alignedRange(members[0]!, first) : undefined
  if (aligned) return aligned
  const ruled = ranges.find((range) => range.method === 'threshold') ?? ranges.find((range) => members.some((member) => member.fixed?.method === range.method))
  return ruled ?? { ...first, lo: Math.min(...ranges.map((range) => range.lo)), hi: Math.max(...ranges.map((range) => range.hi)) }
}

/** One range, one set of wishes: what any member asks for holds for all; of two answers the earlier tensor's counts. */
function joinedOverride(overrides: readonly LayerOverride[]): LayerOverride | undefined {
  if (overrides.length === 0) return undefined
  const answers = overrides.toReversed().flatMap((override) => Object.entries(override).filter(([, answer]) => answer !== undefined && answer !== null))
  return Object.fromEntries(answers)
}

function memberRange(member: TensorPlan, override: LayerOverride | undefined, options: QuantizeOptions, thresholds: ThresholdSource): Threshold | undefined {
  const wanted = methodOf(override, options.activations.method)
  const method = wanted === 'auto' && member.linear && !override?.method ? 'max' : wanted
  const seen = thresholds(member.seenAs ?? member.tensor, method, member.grid)
  if (override?.range) return { lo: override.range[0], hi: override.range[1], method: 'threshold', why: 'given in the recipe' }
  if (typeof override?.threshold === 'number') {
    const oneSided = (seen?.lo ?? 0) >= 0
    return { lo: oneSided ? 0 : -override.threshold, hi: override.threshold, method: 'threshold', why: 'given in the recipe' }
  }
  if (member.fixed) return { lo: member.fixed.lo, hi: member.fixed.hi, method: member.fixed.method, why: `${member.fixed.reason}${unusedWishes(override)}` }
  if (!seen) return undefined
  const scale = override?.th_scale ?? 1
  const scaled = scale === 1 ? seen : { ...seen, lo: seen.lo * scale, hi: seen.hi * scale, why: `${seen.why}; times th_scale ${scale}` }
  return { ...scaled, ...within(scaled, member.bound) }
}

/** A known range needs no method; only a threshold of the recipe takes its place. */
function unusedWishes(override: LayerOverride | undefined): string {
  const unused = (['method', 'th_strategy', 'th_scale'] as const).filter((key) => override?.[key] !== undefined)
  return unused.length === 0 ? '' : `; ${unused.join(', ')} of the recipe not used: only threshold replaces a known range`
}

/** More than this share of the range lost to an aligned step costs more than a second rounding. */
const MOST_CUT = 0.3

/** The range that the codes cover at the step of the sum, placed over what was seen; both ends give way alike where it is wider. */
function alignedRange({ alignTo, grid }: TensorPlan, seen: Threshold): Threshold | undefined {
  if (!alignTo) return undefined
  const [min, max] = workingCodes(grid)
  const span = (max - min) * alignTo.scale
  const width = seen.hi - seen.lo
  if (width === 0 || width > span / (1 - MOST_CUT)) return undefined
  const below = roundHalfEven(((-seen.lo / width) * span) / alignTo.scale) * alignTo.scale
  return { lo: -below, hi: span - below, method: 'sum-grid', why: alignTo.reason }
}

const within = (range: Range, bound: Range | undefined): Range =>
  bound ? { lo: Math.max(range.lo, Math.min(bound.lo, 0)), hi: Math.min(range.hi, Math.max(bound.hi, 0)) } : range

/** USE_KL means the divergence in force, KL where the global method is none (ALGORITHMS 4.1). */
export function methodOf(override: LayerOverride | undefined, global: string): string {
  if (override?.method) return override.method
  if (override?.th_strategy === 'USE_MAX') return 'max'
  if (override?.th_strategy === 'USE_KL') return DIVERGENCES.has(global) ? global : 'kl'
  return global
}
