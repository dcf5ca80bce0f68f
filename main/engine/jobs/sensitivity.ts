import { macsByNode } from '../../compare/macs.ts'
import { measureQuality } from '../../compare/quality.ts'
import { Fault } from '../../core/fault.ts'
import { breathe, type Task } from '../../core/task.ts'
import type { SensitivityFacts, UnitSensitivity } from '../../core/tune.ts'
import { encodeModel } from '../../onnx/encode.ts'
import { withSettings } from '../../recipe/changes.ts'
import { inferValues } from '../../runtime/values.ts'
import type { SampleSet } from '../../samples/sample.ts'
import { openScorer } from '../../tune/score.ts'
import { measureSensitivity, SCAN_MEMORY_BYTES, type SensitivityWork } from '../../tune/sensitivity.ts'
import { planFrom } from './quantize.ts'
import { quietNames } from './quiet-names.ts'
import { quantizeRefined } from './refined.ts'
import { checkedStatistics, type TrialInput } from './trial.ts'
import { tuneBench, tunePiece } from './tune-bench.ts'

export interface SensitivityInput extends TrialInput {
  /** `alone` ranks and is always measured. */
  readonly modes: SensitivityWork['modes']
  /** Bytes of activations that may be kept at a time. */
  readonly memoryBytes?: number
  /** Measures one evaluation of the same samples too, to say what the scan cost by it. */
  readonly evaluate: boolean
}

export interface SensitivityOutput {
  /** By rank. */
  readonly units: readonly UnitSensitivity[]
  readonly facts: SensitivityFacts
  /** Runs of a model on a sample, those of the evaluation included. */
  readonly inferences: number
}

/** Which units of a quantized model take most from its outputs, on held-back samples. */
export async function sensitivityJob({ recipe, statistics, samples: wanted, threads, modes, memoryBytes = SCAN_MEMORY_BYTES, evaluate }: SensitivityInput, task: Task): Promise<SensitivityOutput> {
  const piece = await tunePiece(recipe)
  const bench = await tuneBench(recipe, piece, task)
  const seen = await checkedStatistics(statistics)
  const { quantized, workGraph } = await quantizeRefined(piece, recipe, seen, statistics.path, { threads }, task)
  await breathe(task)
  const samples = await bench.samples(wanted)
  if (quantized.plan.tensors.length + quantized.plan.weights.length === 0) throw new Fault({ code: 'model.nothing-quantized', where: recipe.model, what: 'nothing of this model carries codes, so nothing can be sensitive to them', next: 'Take layers out of quantize.float.' })
  const evaluationSeconds = evaluate ? await timeEvaluation() : 0
  const began = performance.now()
  const feeds = samples.map((sample) => sample.feeds)
  const shapes = await inferValues(encodeModel(workGraph), Object.fromEntries(Object.entries(feeds[0]!).map(([name, { dims }]) => [name, dims])), piece.file.path)
  const nameOf = quietNames(piece, workGraph, (line) => planFrom(piece, withSettings(recipe, [line]), seen, statistics.path).workGraph)
  const { expectation } = bench.opened
  const scorer = openScorer(bench.measure, expectation, samples)
  const { units, quantized: whole, cost } = await measureSensitivity({
    float: workGraph, coded: quantized.graph, plan: quantized.plan, table: quantized.table, feeds, scorer, modes, nameOf, macs: macsByNode(workGraph, shapes), threads, memoryBytes, where: piece.file.path,
  }, task)
  const seconds = (performance.now() - began) / 1000
  return {
    units, inferences: cost.inferences + (evaluate ? 3 * samples.length : 0),
    facts: {
      protocol: bench.measure.id, samples: samples.length, floatScore: scorer.floatScore(samples.length), quantizedScore: whole.score, quantizedNsr: whole.nsr,
      seconds, evaluationSeconds, evaluations: evaluationSeconds === 0 ? 0 : seconds / evaluationSeconds,
      models: cost.models, reusedShare: cost.savedNodes / Math.max(1, cost.nodes + cost.savedNodes),
    },
  }

  /** As `compare` measures it: float, simulated and fused, scored. */
  async function timeEvaluation(): Promise<number> {
    const set: SampleSet = { count: samples.length, ids: samples.map(({ id }) => id), sha256: '', skipped: [], load: async (index) => samples[index]! }
    const options = { measures: [bench.measure], protocols: [], expectation: bench.opened.expectation, threads }
    const since = performance.now()
    await measureQuality({ float: piece.graphBytes, quantized: encodeModel(quantized.graph) }, set, options, { ...task, report: () => undefined })
    return (performance.now() - since) / 1000
  }
}
