import { Fault } from '../core/fault.ts'
import { didYouMean } from '../core/nearest.ts'
import type { GateResult, Run, Versions } from '../core/run.ts'

/** How a gate's number is read off a run, and which side of the bound is good. */
interface Gate {
  readonly sense: '<=' | '>='
  measure(run: Run, baseline: Run | undefined): number | null
}

const byMetric = (run: Run, metric: string): { protocol: string; values: Versions } | null => {
  const { quality } = run
  if (!quality) return null
  const all: [string, Versions][] = [[quality.protocol, quality], ...Object.entries(quality.others)]
  const found = all.find(([protocol]) => protocol === metric || protocol.startsWith(`${metric}/`))
  return found ? { protocol: found[0], values: found[1] } : null
}

/** Loss of the simulated model: against its own float model, or against the baseline's simulated one. */
const drop = (metric: string): Gate => ({
  sense: '<=',
  measure(run, baseline) {
    const own = byMetric(run, metric)
    if (!own) return null
    const reference = baseline ? sameProtocol(baseline, own.protocol, metric, run) : own.values.float
    return reference === null || own.values.simulated === null ? null : reference - own.values.simulated
  },
})

/** Numbers of different protocols are never compared. */
function sameProtocol(baseline: Run, protocol: string, metric: string, run: Run): number | null {
  const other = byMetric(baseline, metric)
  if (!other) return null
  const samples = (one: Run) => one.samples?.evaluation?.sha256
  if (other.protocol !== protocol || samples(baseline) !== samples(run)) {
    throw new Fault({
      code: 'input.protocols-differ', where: `${run.run}, ${baseline.run}`,
      what: other.protocol === protocol ? 'the two runs were measured on other samples' : `one run was measured by ${protocol}, the other by ${other.protocol}`,
      next: 'Run both with the same evaluation part of the recipe.',
    })
  }
  return other.values.simulated
}

const atLeast = (metric: string): Gate => ({ sense: '>=', measure: (run) => byMetric(run, metric)?.values.simulated ?? null })

/** The worst layer, everything before it quantized too where that was measured. */
function worstLayer(run: Run, field: 'cosine' | 'sqnrDb'): number | null {
  const layers = run.layers ?? []
  const accumulated = layers.filter((layer) => layer.mode === 'accumulated')
  const values = (accumulated.length > 0 ? accumulated : layers).map((layer) => layer[field])
  return values.length === 0 ? null : Math.min(...values)
}

const GATES: Readonly<Record<string, Gate>> = {
  psnr_y_drop_db: drop('psnr-y'),
  psnr_rgb_drop_db: drop('psnr-rgb'),
  ssim_y_drop: drop('ssim-y'),
  ssim_rgb_drop: drop('ssim-rgb'),
  psnr_y_db: atLeast('psnr-y'),
  psnr_rgb_db: atLeast('psnr-rgb'),
  output_sqnr_db: atLeast('sqnr'),
  output_cosine: atLeast('cosine'),
  top1_drop: drop('top1'),
  top5_drop: drop('top5'),
  top1: atLeast('top1'),
  top5: atLeast('top5'),
  agreement_top1: atLeast('agreement/top1'),
  agreement_top5: atLeast('agreement/top5'),
  ap_drop: drop('ap'),
  ap50_drop: drop('ap50'),
  ap75_drop: drop('ap75'),
  ap: atLeast('ap'),
  ap50: atLeast('ap50'),
  ap75: atLeast('ap75'),
  agreement_ap: atLeast('agreement/ap'),
  agreement_ap50: atLeast('agreement/ap50'),
  score_drop: drop('score'),
  score: atLeast('score'),
  worst_layer_cosine: { sense: '>=', measure: (run) => worstLayer(run, 'cosine') },
  worst_layer_sqnr_db: { sense: '>=', measure: (run) => worstLayer(run, 'sqnrDb') },
  latency_ratio: { sense: '<=', measure: (run) => run.latency?.ratio ?? null },
  size_ratio: { sense: '<=', measure: (run) => run.size?.ratio ?? null },
  findings_errors: { sense: '<=', measure: (run) => (run.findings ?? []).filter((finding) => finding.severity === 'error').length },
}

/** `top3_drop`, `agreement_top3` and the like: as many as there are k. */
const TOPK = /^(?:(top[1-9]\d*)(_drop)?|agreement_(top[1-9]\d*))$/

function gateOf(name: string): Gate | undefined {
  if (Object.hasOwn(GATES, name)) return GATES[name]
  const [, top, isDrop, agreement] = TOPK.exec(name) ?? []
  if (agreement !== undefined) return atLeast(`agreement/${agreement}`)
  return top === undefined ? undefined : isDrop === undefined ? atLeast(top) : drop(top)
}

/** Names of all gates with the side they bound. */
export const GATE_SENSES = Object.entries(GATES).map(([name, { sense }]) => ({ name, sense }))

/** Refuses names that are no gate, before anything is computed. */
export function checkGates(bounds: Readonly<Record<string, number>>): void {
  for (const name of Object.keys(bounds)) {
    if (gateOf(name) === undefined) {
      throw new Fault({ code: 'recipe.unknown-gate', what: `«${name}» is no gate`, where: 'gates', next: didYouMean(name, Object.keys(GATES)) })
    }
  }
}

/**
 * Every bound against what the run measured; drops count from the run's own float model, or from the simulated numbers of a
 * baseline. What was not measured fails its gate.
 */
export function evaluateGates(run: Run, bounds: Readonly<Record<string, number>>, baseline?: Run): GateResult[] {
  checkGates(bounds)
  return Object.entries(bounds).map(([name, bound]) => {
    const gate = gateOf(name)!
    const measured = gate.measure(run, baseline)
    const passed = measured !== null && (gate.sense === '<=' ? measured <= bound : measured >= bound)
    return { rule: `${name} ${gate.sense} ${bound}`, measured, passed }
  })
}
