import { Fault } from '../../core/fault.ts'
import { didYouMean } from '../../core/nearest.ts'
import type { Run } from '../../core/run.ts'
import type { TuneFacts } from '../../core/tune.ts'
import type { JobInput } from '../../engine/jobs.ts'
import type { Recipe } from '../../recipe/recipe.ts'
import type { TuneInput, TuneTask } from '../api.ts'
import { evaluateGates } from '../gates.ts'
import { fromStatistics, observeStep, prepareStep } from '../pipeline.ts'
import { startRun, withTried, type TunePlace } from './place.ts'

type Job = JobInput<'pareto'>
type Budget = Pick<Job, 'cost' | 'mostCost' | 'mostLoss'>

const COSTS: readonly Job['cost'][] = ['latency', 'bitmacs', 'bytes', 'macs_int16']

/** `latency<=0.6x` bounds a cost, `psnr_y_drop_db<=0.02` the loss of the score. Throws `input.bad-budget`. */
export function parseBudget(text: string): Budget {
  const [, name, number, times] = /^\s*([a-z][\w-]*)\s*<=\s*(\d+(?:\.\d+)?(?:e-?\d+)?)\s*(x?)\s*$/i.exec(text) ?? []
  const refuse = (what: string, next: string): Fault => new Fault({ code: 'input.bad-budget', where: text, what, next })
  if (name === undefined || number === undefined) throw refuse('this is no budget', 'Write it as psnr_y_drop_db<=0.02 or latency<=0.6x.')
  if (name.includes('drop')) {
    if (times === 'x') throw refuse('a loss is no multiple', `Write ${name}<=${number}.`)
    return { cost: 'bitmacs', mostLoss: Number(number) }
  }
  const cost = COSTS.find((one) => one === name.toLowerCase())
  if (cost === undefined) throw refuse(`there is no cost «${name}»`, didYouMean(name, [...COSTS, 'psnr_y_drop_db']) ?? `Costs are ${COSTS.join(', ')}.`)
  if (times !== 'x') throw refuse('a cost is bounded by a multiple', `Write ${name}<=${number}x: of float for latency and bytes, of int8 for bitmacs, of all MACs for macs_int16.`)
  return { cost, mostCost: Number(number) }
}

const MEASURED_ON = 5

/** Measured plans of mixed precision, child of the run that the recipe as it is comes to; with a budget the plan inside it is the run's own model. */
export async function paretoRun({ recipe: asked, parent, budget: text, samples = MEASURED_ON }: Extract<TuneInput, { mode: 'pareto' }>, task: TuneTask, place: TunePlace): Promise<Run> {
  const budget: Budget = text === undefined ? { cost: 'bitmacs' } : parseBudget(text)
  const start = await startRun(asked, task, place, parent)
  const given: Recipe = { ...(start.recipe as Recipe), ...(asked.tune ? { tune: asked.tune } : {}), gates: asked.gates }
  const times = timesOf(start)
  if (budget.cost === 'latency' && !times) {
    throw new Fault({ code: 'input.no-times', where: start.run, what: 'this run has no operator times, so the latency of a plan cannot be told', next: 'Set compare.latency and compare.operators to true and run it again.' })
  }
  return place.record('tune', given, task, async (recording, threads) => {
    const began = performance.now()
    const { prepared, recipe } = await prepareStep(recording, given, threads)
    const held = await recording.job('held-back', { recipe })
    const seen = await observeStep(recording, recipe, threads, prepared.statisticsKey)
    const count = Math.min(samples, held.count)
    const found = await recording.job('pareto', { recipe, statistics: { path: seen.statistics.path, sha256: seen.statistics.sha256 }, samples: count, threads, ...budget, ...(times ? { times } : {}) })
    const chosen = found.points.find((point) => point.chosen)
    if (text !== undefined && !chosen) {
      const [nearest] = found.points.toSorted((a, b) => (a.lost ?? a.nsr) - (b.lost ?? b.nsr))
      throw new Fault({ code: 'input.budget-not-met', where: text, what: `none of ${found.points.length} measured plans keeps this budget; the one that loses least loses ${nearest?.lost?.toFixed(4) ?? 'nothing measurable'}`, next: 'Give a wider budget, or see the plans with --pareto.' })
    }
    const facts: TuneFacts = {
      mode: 'pareto', protocol: held.protocol, samples: { count, sha256: held.sha256, from: held.from }, start: start.run, winner: chosen?.settings ?? [], stopped: false, resumedFrom: null, budget: text ?? null,
      seconds: (performance.now() - began) / 1000, inferences: found.points.length * count, savedInferences: 0,
    }
    const notes = [...held.notes, ...found.notes]
    const common: Partial<Run> = { tune: facts, pareto: found.points }
    if (!chosen) return { recipe, model: prepared.model, samples: prepared.samples, proofs: prepared.proofs, artifacts: [seen.statistics], notes: [...prepared.notes, ...notes], ...common }
    const parts = await fromStatistics(recording, withTried(recipe, chosen.settings), { prepared, seen }, threads)
    const run: Partial<Run> = { ...parts, ...common, notes: [...(parts.notes ?? []), ...notes] }
    return { ...run, gates: evaluateGates({ ...recording.started, ...run }, recipe.gates) }
  }, start.run)
}

/** Float times by node, and what the fused model takes of them. */
function timesOf({ operators, latency }: Run): Job['times'] {
  if (!operators || !latency) return undefined
  const floatUs: Record<string, number> = {}
  for (const { node, version, us } of operators) if (version === 'float') floatUs[node] = (floatUs[node] ?? 0) + us
  return { floatUs, ratio: Math.min(1, latency.ratio) }
}
