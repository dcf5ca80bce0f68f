import { canonicalJson } from '../../core/hash.ts'
import type { LayerError, Run } from '../../core/run.ts'
import { shownName } from '../../core/shown-name.ts'
import type { UnitSensitivity } from '../../core/tune.ts'
import type { Recipe } from '../../recipe/recipe.ts'
import type { Store } from '../../store/open-store.ts'
import type { Advice } from '../api.ts'

/** Advice on fewer units is worth more than on all. */
const MOST_UNITS = 5
/** A unit that makes less of the noise is not worth a line. */
const LEAST_SHARE = 0.02
/** Of a unit's own noise: above it the range is too small (ALGORITHMS 8.2). */
const CLIPPED_SHARE = 0.7
/** A layer this far from float by its own codes alone, in dB, with values clipped. */
const POOR_DB = 30
const CLIPPED_PERCENT = 0.5
/** Share of the noise below which nothing is worth a line: it would be shown as 0.0 %. */
const LEAST_GAIN = 0.001

/** What to do next about a run, in order of expected gain; every line rests on a figure that was measured. */
export function adviseOn(run: Run, store: Store): readonly Advice[] {
  const units = sensitivityFor(run, store)
  const known = units === null
    ? [{
      what: 'Measure which layers take most from the outputs.', figures: ['No sensitivity was measured for this run or its children.'], gain: null, act: 'sensitivity', settings: [], unit: '',
    } satisfies Advice]
    : adviceOfUnits(units.rows, units.quantizedNsr)
  const told = new Set(known.map(({ unit }) => unit))
  const clipped = (run.layers ?? []).filter((layer) => layer.mode === 'alone' && layer.sqnrDb < POOR_DB && layer.clippedPercent > CLIPPED_PERCENT && !told.has(layer.node) && !told.has(layer.tensor))
  const findings = (run.findings ?? []).filter(({ severity, fix }) => severity !== 'note' && fix !== '')
  const order = (a: Advice, b: Advice): number => (b.gain ?? 0) - (a.gain ?? 0)
  return [
    ...known.filter(({ gain }) => gain === null || gain >= LEAST_GAIN).toSorted(order), ...clipped.toSorted((a, b) => a.sqnrDb - b.sqnrDb).slice(0, MOST_UNITS).map(adviceOfLayer),
    ...findings.map(({ what, fix, tensor, node }): Advice => ({ what: fix, figures: [what], gain: null, act: null, settings: [], unit: node || tensor })),
    ...(run.tune?.mode === 'search' || wasSearched(run, store) ? [] : [{ what: 'Search method, granularity, rounding and bias correction on held-back samples.', figures: ['No search was made for this recipe.'], gain: null, act: 'search', settings: [], unit: '' } satisfies Advice]),
  ]
}

/** Of the run itself; else of the newest run that was made of it, or of what it was made of; else of the newest that measured the same recipe. */
function sensitivityFor(run: Run, store: Store): { rows: readonly UnitSensitivity[]; quantizedNsr: number | null } | null {
  const own = run.sensitivity && run.sensitivity.length > 0 ? run : undefined
  const parents = [run.run, ...(run.parent === null ? [] : [run.parent])]
  const children = own ? [] : parents.flatMap((parent) => store.listRuns({ parent, verb: 'tune', status: 'done', limit: 20 })).map((child) => store.getRun(child.run))
  const has = ({ sensitivity }: Run): boolean => sensitivity !== undefined && sensitivity.length > 0
  const from = own ?? children.find(has) ?? sameWork(run, store).find(has)
  return from ? { rows: from.sensitivity!, quantizedNsr: from.tune?.sensitivity?.quantizedNsr ?? null } : null
}

/** Whether a search of the run's recipe came to its end. */
const wasSearched = ({ run }: Run, store: Store): boolean =>
  store.listRuns({ parent: run, tuned: 'search', status: 'done', limit: LOOKED_AT }).some((child) => store.getRun(child.run).tune?.stopped === false)

const LOOKED_AT = 20

/** Runs of tuning of what a run, or the one it was made of, quantized: the terminal measures sensitivity without a run to be the child of. */
function sameWork(run: Run, store: Store): Run[] {
  const of = ({ recipe, model }: Run): string => {
    // What sensitivity leaves out makes no difference to it.
    const { quantize: { finetune: _left, ...quantize } = {}, rewrite = null } = (recipe ?? {}) as Partial<Recipe>
    return canonicalJson([model?.sha256 ?? null, quantize, rewrite])
  }
  const wanted = new Set([of(run), ...(run.parent === null ? [] : [of(store.getRun(run.parent))])])
  return store.listRuns({ verb: 'tune', status: 'done', limit: LOOKED_AT }).map((each) => store.getRun(each.run)).filter((each) => each.recipe !== undefined && wanted.has(of(each)))
}

function adviceOfUnits(units: readonly UnitSensitivity[], quantizedNsr: number | null): Advice[] {
  const sum = units.reduce((total, { alone }) => total + alone, 0)
  if (sum === 0) return []
  return units.filter(({ alone }) => alone / sum >= LEAST_SHARE).slice(0, MOST_UNITS).flatMap((unit): Advice[] => {
    const share = unit.alone / sum
    // What was measured with everything else quantized is the gain itself; the share of all units alone is its estimate.
    const gain = unit.allButOne !== null && quantizedNsr !== null && quantizedNsr > 0 ? Math.max(0, 1 - unit.allButOne / quantizedNsr) : share
    const figure = `${unit.unit} alone makes ${percent(share)} of the noise at the outputs (noise over signal ${unit.alone.toExponential(2)}, rank ${unit.rank}).`
    if (unit.layer === null) return [{ what: `No line of the recipe can set ${unit.unit} and leave the graph as it is.`, figures: [figure], gain, act: null, settings: [], unit: unit.unit }]
    const line = (setting: string): string => lineFor(unit.layer!, setting)
    const [weights, codes] = [unit.weightNsr ?? 0, unit.outputNsr ?? 0]
    if ((unit.clipShare ?? 0) > CLIPPED_SHARE) {
      return [{ what: `Widen the range of ${unit.unit}.`, figures: [figure, `${percent(unit.clipShare!)} of the noise of its codes is from clipped values.`], gain: gain * unit.clipShare!, act: 'set', settings: [line('method=max')], unit: unit.unit }]
    }
    if (unit.nodes.length > 0 && weights > codes) {
      return [{ what: `Round the weights of ${unit.unit} by what its outputs lose.`, figures: [figure, `Its weights make ${weights.toExponential(1)}, its codes ${codes.toExponential(1)} at its own result.`], gain: gain * (weights / (weights + codes)), act: 'set', settings: [line('rounding=adaround')], unit: unit.unit }]
    }
    return [{ what: `Give the result of ${unit.unit} 16 bits.`, figures: [figure, `Its codes make ${codes.toExponential(1)}, its weights ${weights.toExponential(1)} at its own result.`], gain: gain * (codes / (weights + codes || 1)), act: 'set', settings: [line('bits=16')], unit: unit.unit }]
  })
}

const lineFor = (layer: string, setting: string): string => `quantize.layers.${shownName(layer)}.${setting}`

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`

const adviceOfLayer = ({ node, tensor, sqnrDb, clippedPercent }: LayerError): Advice => ({
  what: `Widen the range of ${node}.`, figures: [`Its own codes leave ${sqnrDb.toFixed(1)} dB and clip ${clippedPercent.toFixed(2)} % of its values.`], gain: null, act: 'set', settings: [lineFor(tensor, 'method=max')], unit: node,
})
