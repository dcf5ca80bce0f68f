import { Fault, type FaultData } from '../../core/fault.ts'
import { didYouMean } from '../../core/nearest.ts'
import type { Run } from '../../core/run.ts'
import type { ParetoPoint, TuneFacts } from '../../core/tune.ts'
import type { JobInput, JobOutput } from '../../engine/jobs.ts'
import type { Recipe } from '../../recipe/recipe.ts'
import type { TuneInput, TuneTask } from '../api.ts'
import { evaluateGates } from '../gates.ts'
import { fromStatistics, observeStep, prepareStep } from '../pipeline.ts'
import { job } from '../record.ts'
import { finetuneNotes, quietly, startRun, withTried, type TunePlace } from './place.ts'

type Job = JobInput<'pareto'>
type Budget = Pick<Job, 'cost' | 'mostCost' | 'mostLoss'>
type Found = JobOutput<'pareto'>

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

/**
 * Measured plans of mixed precision, child of the run that the recipe as it is comes to; with a budget the plan inside it is the run's own
 * model. Throws `input.budget-not-met` where no plan keeps the budget: the run that it names keeps them all.
 */
export async function paretoRun({ recipe: asked, parent, budget: text, samples = MEASURED_ON }: Extract<TuneInput, { mode: 'pareto' }>, task: TuneTask, place: TunePlace): Promise<Run> {
  const budget: Budget = text === undefined ? { cost: 'bitmacs' } : parseBudget(text)
  // What ends the command is said before anything is measured.
  if (budget.cost === 'latency') await job('latency-known', { recipe: asked, workspace: place.store().folder }, quietly(task))
  const held = await job('held-back', { recipe: asked }, quietly(task))
  if (text !== undefined && budget.mostLoss !== undefined) refuseOtherScore(text, held.protocol)
  const start = await startRun(asked, task, place, parent)
  const given: Recipe = { ...(start.recipe as Recipe), ...(asked.tune ? { tune: asked.tune } : {}), gates: asked.gates }
  const times = timesOf(start)
  let missed = null as FaultData | null
  const run = await place.record('tune', given, task, async (recording, threads) => {
    const began = performance.now()
    const { prepared, recipe } = await prepareStep(recording, given, threads)
    const seen = await observeStep(recording, recipe, threads, prepared.statisticsKey)
    const count = Math.min(samples, held.count)
    const found = await recording.job('pareto', { recipe, statistics: { path: seen.statistics.path, sha256: seen.statistics.sha256 }, samples: count, threads, workspace: recording.store.folder, ...budget, ...(times ? { times } : {}) })
    const notes = [...held.notes, ...found.notes]
    const facts = (winner: readonly string[]): TuneFacts => ({
      mode: 'pareto', protocol: held.protocol, samples: { count, sha256: held.sha256, from: held.from }, start: start.run, winner, stopped: false, resumedFrom: null, budget: text ?? null,
      seconds: (performance.now() - began) / 1000, inferences: found.inferences, savedInferences: found.savedInferences,
    })
    const onlyPlans = (...more: string[]): Partial<Run> => ({
      recipe, model: prepared.model, samples: prepared.samples, proofs: prepared.proofs, artifacts: [seen.statistics], tune: facts([]), pareto: found.points.map((point) => ({ ...point, chosen: false })),
      notes: [...prepared.notes, ...notes, ...more, ...finetuneNotes(recipe)],
    })
    if (text === undefined) return onlyPlans()
    const tried: ParetoPoint[] = []
    let chosen = found.points.find((point) => point.chosen)
    for (let nearest = found.nearest; ;) {
      if (!chosen) {
        missed = notMet(text, budget, found.points.length, nearest)
        return onlyPlans(`Budget ${text}: ${missed.what}.`)
      }
      const parts = await fromStatistics(recording, withTried(recipe, chosen.settings), { prepared, seen }, threads)
      const ratio = found.latencyFrom === 'measured' && budget.cost === 'latency' ? parts.latency?.ratio : undefined
      if (ratio === undefined || ratio <= budget.mostCost!) {
        const points = found.points.map((point) => ({ ...point, chosen: point === chosen }))
        const run: Partial<Run> = { ...parts, tune: facts(chosen.settings), pareto: points, notes: [...(parts.notes ?? []), ...notes, ...finetuneNotes(recipe, 'tuned')] }
        return { ...run, gates: evaluateGates({ ...recording.started, ...run }, recipe.gates) }
      }
      tried.push(chosen)
      nearest = Math.min(nearest ?? Infinity, ratio)
      const faster = fasterPlan(found.points, tried, ratio, budget.mostCost!)
      if (faster) notes.push(`Measured, the plan takes ${ratio.toFixed(2)} of float where ${chosen.latency!.toFixed(2)} was told from operator times: a faster one was taken.`)
      chosen = faster
    }
  }, start.run)
  if (missed !== null) throw new Fault({ ...missed, next: `Give a wider budget, or take one of the plans that run ${run.run} keeps.` })
  return run
}

/** The plan of least noise that keeps a latency when estimates are as wrong as that of the last plan tried was, and is told faster than it. */
export function fasterPlan(points: Found['points'], tried: readonly ParetoPoint[], ratio: number, most: number): ParetoPoint | undefined {
  const told = tried.at(-1)!.latency!
  return points.filter((point) => !tried.includes(point) && point.latency !== null && point.latency < told && point.latency * (ratio / told) <= most).toSorted((a, b) => a.nsr - b.nsr)[0]
}

/** A loss is one of the score that is measured: `psnr_y_drop_db` of psnr-y; `score_drop` of whatever it is. Throws `input.bad-budget`. */
export function refuseOtherScore(text: string, protocol: string): void {
  const metric = protocol.split('/')[0]!
  const [name] = text.trim().split(/\s*<=/) as [string]
  const wanted = `${metric.replaceAll('-', '_')}_drop${metric.startsWith('psnr') ? '_db' : ''}`
  if (name === wanted || name === 'score_drop') return
  throw new Fault({ code: 'input.bad-budget', where: text, what: `the samples are scored by ${metric}, not by what ${name} speaks of`, next: `Write ${wanted}<=…, or set tune.score.` })
}

function notMet(text: string, { cost, mostLoss }: Budget, plans: number, nearest: number | null): FaultData {
  const what = nearest === null ? `none of ${plans} measured plans keeps this budget: the score of these samples tells no loss` : mostLoss === undefined
    ? `none of ${plans} measured plans keeps this budget: the nearest comes to ${cost}<=${nearest.toFixed(4)}x`
    : `none of ${plans} measured plans keeps this budget: the nearest loses ${nearest.toFixed(4)}`
  return { code: 'input.budget-not-met', where: text, what }
}

/** Times by node that a run measured, and what the fused model takes of float. */
function timesOf({ operators, latency }: Run): Job['times'] {
  if (!operators || !latency) return undefined
  const floatUs: Record<string, number> = {}
  for (const { node, version, us } of operators) if (version === 'float') floatUs[node] = (floatUs[node] ?? 0) + us
  return { floatUs, fused: operators.flatMap(({ node, op, version, us }) => (version === 'fused' ? [{ node, op, us }] : [])), ratio: latency.ratio }
}
