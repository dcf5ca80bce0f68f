import { Fault } from '../../core/fault.ts'
import type { Run } from '../../core/run.ts'
import type { TuneFacts } from '../../core/tune.ts'
import { applySet } from '../../recipe/read-recipe.ts'
import type { TuneInput, TuneTask } from '../api.ts'
import { evaluateGates } from '../gates.ts'
import { observeStep, prepareStep, wholeWay } from '../pipeline.ts'
import { job } from '../record.ts'
import { paretoRun } from './pareto.ts'
import { checkResumable } from './resumable.ts'
import { finetuneNotes, quietly, startRun, wholeSetting, type TunePlace } from './place.ts'
import { searchRun } from './search.ts'

/** Tries settings, measures who is sensitive, or searches; recorded as a run of the verb `tune`. */
export async function tuneRun(input: TuneInput, task: TuneTask, place: TunePlace): Promise<Run> {
  switch (input.mode) {
    case 'try': return tryRun(input, task, place)
    case 'sensitivity': return sensitivityRun(input, task, place)
    case 'search': {
      if (input.resume !== undefined) checkResumable(place.store().getRun(input.resume))
      // Pictures that the evaluation has too are refused before anything is measured.
      else if (input.recipe.tune?.samples) await job('held-back', { recipe: input.recipe }, quietly(task))
      return searchRun(input, task, place)
    }
    case 'pareto': return paretoRun(input, task, place)
  }
}

const NOTHING_MEASURED = { stopped: false, resumedFrom: null, budget: null, inferences: 0, savedInferences: 0 }

/** A child of the run that the recipe as it is comes to, with some settings changed. */
async function tryRun({ recipe: asked, parent, settings }: Extract<TuneInput, { mode: 'try' }>, task: TuneTask, place: TunePlace): Promise<Run> {
  const whole = settings.map(wholeSetting)
  // A wrong setting is said as it was typed, before anything is measured.
  const wished = settings.reduce((changed, setting, index) => applySet(changed, whole[index]!, undefined, `--try ${setting}`), asked)
  if (whole.some((setting) => /^quantize\.(?:layers|float)\b/.test(setting))) await job('prepare', { recipe: wished, threads: asked.threads ?? place.threads, workspace: place.store().folder }, quietly(task))
  const start = await startRun(asked, task, place, parent)
  return place.record('tune', wished, task, async (recording, threads) => {
    const parts = await wholeWay(recording, wished, threads)
    const facts: TuneFacts = {
      ...NOTHING_MEASURED, mode: 'try', protocol: parts.quality?.protocol ?? '', samples: { count: parts.samples?.evaluation?.count ?? 0, sha256: parts.samples?.evaluation?.sha256 ?? '', from: 'samples.evaluation' },
      start: start.run, winner: whole, seconds: 0,
    }
    return { ...parts, tune: facts }
  }, start.run)
}

const SCANNED = 5

/** Who takes most from the outputs, stored with a run of its own. */
async function sensitivityRun({ recipe: asked, parent, samples = SCANNED, full = false }: Extract<TuneInput, { mode: 'sensitivity' }>, task: TuneTask, place: TunePlace): Promise<Run> {
  const modes = full ? (['alone', 'all-but-one', 'accumulated'] as const) : (['alone'] as const)
  return place.record('tune', asked, task, async (recording, threads) => {
    const { prepared, recipe } = await prepareStep(recording, asked, threads)
    const held = await recording.job('held-back', { recipe })
    const seen = await observeStep(recording, recipe, threads, prepared.statisticsKey)
    const count = Math.min(samples, held.count)
    const { units, facts, inferences } = await recording.job('sensitivity', { recipe, statistics: { path: seen.statistics.path, sha256: seen.statistics.sha256 }, samples: count, threads, modes, evaluate: true })
    if (units.length === 0) throw new Fault({ code: 'model.nothing-quantized', where: recipe.model, what: 'nothing of this model carries codes, so nothing can be sensitive to them', next: 'Take layers out of quantize.float.' })
    const tune: TuneFacts = {
      ...NOTHING_MEASURED, mode: 'sensitivity', protocol: facts.protocol, samples: { count, sha256: held.sha256, from: held.from }, start: parent ?? null, winner: [], seconds: facts.seconds, inferences, sensitivity: facts,
    }
    const run: Partial<Run> = {
      recipe, model: prepared.model, samples: prepared.samples, ...(seen.facts ? { calibration: seen.facts } : {}), sensitivity: units, tune, proofs: prepared.proofs, artifacts: [seen.statistics], notes: [...prepared.notes, ...held.notes, ...finetuneNotes(recipe)],
    }
    return { ...run, gates: evaluateGates({ ...recording.started, ...run }, {}) }
  }, parent ?? null)
}
