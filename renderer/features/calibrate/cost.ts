import { useQuery } from '@tanstack/react-query'
import { call, type RecipeJson, type Run } from '../../client.ts'
import { recipeAt } from '../../project/project-text.ts'

/** How long an earlier run of the same model took, as far as it says. */
export interface MeasuredCost {
  readonly run: string
  /** Of the pass over the samples. */
  readonly secondsASample: number
  /** Quantizing, comparing and timing, once. */
  readonly restSeconds: number | null
}

/** What a run measured; `pass` is the run that looked at the samples: the run itself, or the one whose statistics it took. Null where that is not told. */
export function costOf(run: Run, pass: Run): MeasuredCost | null {
  const { calibration, samples } = pass
  const count = samples?.calibration?.count ?? 0
  if (calibration === undefined || calibration.statisticsFrom !== undefined || count === 0) return null
  const isWhole = run.verb === 'run' || run.verb === 'demo'
  return { run: run.run, secondsASample: calibration.seconds / count, restSeconds: isWhole ? Math.max(0, run.seconds - (run.calibration?.seconds ?? 0)) : null }
}

async function measuredCost(model: string, signal: AbortSignal): Promise<MeasuredCost | null> {
  for (const verb of ['run', 'demo', 'calibrate'] as const) {
    const { runs: [last] } = await call('runs.list', { model, verb, status: 'done', limit: 1 }, signal)
    if (last === undefined) continue
    const { run } = await call('runs.show', { run: last.run }, signal)
    const from = run.calibration?.statisticsFrom
    const cost = costOf(run, from === undefined ? run : (await call('runs.show', { run: from }, signal)).run)
    if (cost !== null) return cost
  }
  return null
}

const GO_ON_MS = 200

export interface Cost {
  readonly measured: MeasuredCost | null
  /** Calibration samples; null where that is not known yet. */
  readonly samples: number | null
  /** Of the whole job; null where nothing was measured yet. */
  readonly seconds: number | null
}

/** What the draft will cost, from what earlier runs of the same model measured on this machine. */
export function useCost(recipe: RecipeJson, methods: number): Cost {
  const model = typeof recipe['model'] === 'string' ? recipe['model'] : ''
  // Among the lists of runs, so that it is asked again when a run ended.
  const measured = useQuery({ queryKey: ['runs.list', { cost: model }], queryFn: ({ signal }) => measuredCost(model, signal), enabled: model !== '' }).data ?? null
  const samples = useSampleCount(recipe)
  const seconds = measured === null || samples === null || measured.restSeconds === null ? null : samples * measured.secondsASample + methods * measured.restSeconds
  return { measured, samples, seconds }
}

function useSampleCount(recipe: RecipeJson): number | null {
  const { model, output, seed } = recipe
  const calibration = recipeAt(recipe, ['samples', 'calibration'])
  const isChosen = typeof model === 'string' && typeof recipeAt(recipe, ['samples', 'calibration', 'path']) === 'string'
  const place: RecipeJson = { model, ...(output === undefined ? {} : { output }), ...(seed === undefined ? {} : { seed }), samples: { calibration } }
  const look = useQuery({
    queryKey: ['samples.look', { recipe: place, part: 'calibration' }], queryFn: ({ signal }) => call('samples.look', { recipe: place, part: 'calibration' }, signal), enabled: isChosen,
    // Headers of many files take several calls.
    refetchInterval: ({ state: { data } }) => (data !== undefined && data.seen.done < data.seen.total ? GO_ON_MS : false),
  })
  return isChosen ? (look.data?.count ?? null) : null
}

/** About so long, in few digits: a promise in tenths of a second would be a lie. */
export const roughSeconds = (seconds: number): number => (seconds < 10 ? Math.max(1, Math.round(seconds)) : Math.round(seconds / 5) * 5)
