import type { Statistics } from '../../calibrate/statistics.ts'
import type { Task } from '../../core/task.ts'
import type { Graph } from '../../onnx/graph.ts'
import type { WeightPlan } from '../../core/plan.ts'
import type { SampleSet } from '../../samples/sample.ts'
import type { QuantizeOptions } from '../options.ts'
import type { Quantized } from '../quantize.ts'
import type { CodedConstant } from '../weights.ts'
import { eachOf, pictureCounter, rowsByTensor, type Bench } from './bench.ts'
import { splitOf } from './held-out.ts'
import { outputNoise } from './output-noise.ts'
import { biasLayers, correctAnalytically, correctEmpirically } from './refine-bias.ts'
import { chooseRounding, chooseSteps, findWeights, weightWork, type WeightChoice } from './refine-weights.ts'
import type { RefineStep, StepReport } from './report.ts'
import { roundInOrder } from './round-in-order.ts'
import { withConstants } from './with-constants.ts'
import type { CandidateWishes } from './weights-of-layer.ts'

export interface RefineInput {
  /** The float network that is to be met. */
  readonly graph: Graph
  /** The same graph with the constants that were coded: fine-tuning may have changed them. */
  readonly coded: Graph
  readonly quantized: Quantized
  readonly options: Pick<QuantizeOptions, 'refine'>
  readonly statistics: Statistics
  /** Means of channels that BatchNormalization tells, by tensor, where Statistics tell none (normMeans). */
  readonly norms?: ReadonlyMap<string, Float64Array>
  /** Calibration samples; undefined where there are none, which analytic bias correction alone can do with. */
  readonly samples: SampleSet | undefined
  readonly threads: number
  readonly seed: number
}

export interface Refined {
  readonly quantized: Quantized
  readonly steps: readonly StepReport[]
}

/** The first key of the recipe that asks for a step here; undefined where none does. `sampled`: only those that look at samples. */
export function refiningKey({ quantized, options }: Pick<RefineInput, 'quantized' | 'options'>, sampled = false): string | undefined {
  const roundings = new Set(quantized.plan.weights.map(roundingOf(options)))
  if (options.refine.scale === 'search') return 'quantize.weights.scale=search'
  for (const rounding of ['adaround', 'adaround-asymmetric'] as const) {
    if (roundings.has(rounding)) return `quantize.${options.refine.rounding === rounding ? 'weights' : 'layers.*'}.rounding=${rounding}`
  }
  if (options.refine.bias === 'empirical' || (options.refine.bias === 'analytic' && !sampled)) return `quantize.bias.correction=${options.refine.bias}`
  return undefined
}

/** What is wished for a weight: its layer's own line goes before the recipe's. */
const roundingOf = ({ refine }: Pick<QuantizeOptions, 'refine'>) => ({ rounding }: WeightPlan): string => rounding ?? refine.rounding

const wishesOf = (options: Pick<QuantizeOptions, 'refine'>) => (weight: WeightPlan): CandidateWishes =>
  ({ search: options.refine.scale === 'search', round: roundingOf(options)(weight) === 'adaround' })

/**
 * Steps that look at samples again to make the codes of weights and biases better: searched weight scales, rounding by output error,
 * bias correction, in this order. Each is checked on pictures that it did not look at: a layer (or channel) takes it where its own error falls,
 * the network where the noise at its outputs does not grow; otherwise all is as before. Deterministic for one seed.
 * Throws `recipe.few-samples`.
 */
export async function refine({ graph, coded, quantized: start, options, statistics, norms, samples, threads, seed }: RefineInput, task: Task): Promise<Refined> {
  const key = refiningKey({ quantized: start, options })
  if (key === undefined) return { quantized: start, steps: [] }
  if (samples === undefined) return unmeasured(correctAnalytically(coded, start, statistics, norms))
  const split = splitOf(samples, key)
  const wishes = wishesOf(options)
  const quiet: Bench = { graph, coded, samples, split, threads, seed, counter: { step: () => Promise.resolve() } }
  const { batches, skipped } = await weightWork(quiet, start, wishes)
  const asks = (wish: keyof CandidateWishes) => start.plan.weights.some((weight) => wishes(weight)[wish])
  const isAsymmetric = (weight: WeightPlan): boolean => roundingOf(options)(weight) === 'adaround-asymmetric'
  const inOrder = start.plan.weights.filter(isAsymmetric).length
  const asked = { scale: asks('search'), rounding: asks('round'), asymmetric: inOrder > 0, bias: options.refine.bias !== 'off' }
  const passes = batches.length + inOrder + (options.refine.bias === 'empirical' ? biasLayers({ graph }, start).length : 0)
  const bench: Bench = { ...quiet, counter: pictureCounter(passes * samples.count + (1 + Object.values(asked).filter(Boolean).length) * split.held.length, task) }
  const noiseOf = (one: Quantized) => outputNoise(graph, one.graph, threads, () => eachOf(bench, split.held))

  const found = await findWeights(bench, start, batches)
  let quantized = start
  let noise = await noiseOf(start)
  const steps: StepReport[] = []
  const judge = async (step: RefineStep, how: string, next: Quantized, layers: StepReport['layers']): Promise<void> => {
    const isSame = next === quantized
    const after = isSame ? noise : await noiseOf(next)
    // What need not be measured is done.
    if (isSame) for (let index = 0; index < split.held.length; index++) await bench.counter.step()
    const accepted = after <= noise
    steps.push({ step, how, accepted, before: noise, after, heldOut: split.held.length, layers })
    if (!accepted) return
    quantized = next
    noise = after
  }
  const weightStep = async (step: 'scale' | 'rounding', how: string, choices: readonly WeightChoice[]): Promise<void> => {
    const skips = skipped.filter(({ plan }) => wishes(plan)[step === 'scale' ? 'search' : 'round']).map(({ node, why }) => ({ node: node.name, before: null, after: null, changed: 0, channels: 0, kept: why }))
    const changes = new Map<string, CodedConstant>(choices.flatMap(({ weight, constant }) => (constant ? [[weight, constant] as const] : [])))
    await judge(step, how, withConstants(coded, quantized, changes), [...choices.map(({ layer }) => layer), ...skips])
  }
  if (asked.scale) await weightStep('scale', 'search', found.map((one) => chooseSteps(one, rowsByTensor(quantized.table).get(one.layer.plan.tensor)!)))
  if (asked.rounding) {
    const rows = rowsByTensor(quantized.table)
    await weightStep('rounding', 'adaround', found.filter(({ candidates }) => candidates.rounded).map((one) => chooseRounding(one, rows.get(one.layer.plan.tensor)!)))
  }
  if (asked.asymmetric) {
    const outcome = await roundInOrder(bench, quantized, isAsymmetric)
    await judge('rounding', 'adaround-asymmetric', outcome.quantized, outcome.layers)
  }
  if (asked.bias) {
    const correction = options.refine.bias
    const outcome = correction === 'empirical' ? await correctEmpirically(bench, quantized) : correctAnalytically(coded, quantized, statistics, norms)
    await judge('bias', correction, outcome.quantized, outcome.layers)
  }
  return { quantized, steps }
}

const unmeasured = ({ quantized, layers }: { quantized: Quantized; layers: StepReport['layers'] }): Refined =>
  ({ quantized, steps: [{ step: 'bias', how: 'analytic', accepted: true, before: null, after: null, heldOut: 0, layers }] })
