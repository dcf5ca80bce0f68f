import type { Advice } from '../../app/api.ts'
import type { Run } from '../../core/run.ts'
import { shellWord } from '../../core/shell-word.ts'
import type { ParetoPoint, Trial, TuneFacts, UnitSensitivity } from '../../core/tune.ts'
import { plain, section, tableLines, type Column } from '../layout.ts'
import { bytes, decibels, fixed, grouped, NOTHING, ratio } from '../numbers.ts'
import type { ReportContext } from './context.ts'

const SHOWN = 20

/** What tuning came to, behind the report of the run itself. */
export function tuneReport({ tune, trials = [], sensitivity = [], pareto = [], quality }: Run, start: Run | null, context: ReportContext): string[][] {
  if (!tune) return []
  const { say } = context
  const before = start?.quality?.simulated ?? null
  const delta = start && quality && start.quality?.protocol === quality.protocol && before !== null && quality.simulated !== null
    ? [say('report.tune.delta', { start: start.run, delta: `${quality.simulated >= before ? '+' : ''}${fixed(quality.simulated - before, 4)} ${quality.unit} ${plain(quality.protocol)}` })] : []
  return [
    ...(tune.mode === 'search' && trials.length > 0 ? [trialsSection(trials, tune, context)] : []),
    ...(sensitivity.length > 0 ? [unitsSection(sensitivity, tune, context)] : []),
    ...(pareto.length > 0 ? [paretoSection(pareto, context)] : []),
    delta,
  ].filter((part) => part.length > 0)
}

const right = (title: string): Column => ({ title, align: 'right' })

function trialsSection(trials: readonly Trial[], tune: TuneFacts, { say, style, longestName }: ReportContext): string[] {
  const most = Math.max(...trials.map(({ samples }) => samples))
  const shown = trials.toSorted((a, b) => b.samples - a.samples || (b.score ?? -Infinity) - (a.score ?? -Infinity) || (a.nsr ?? Infinity) - (b.nsr ?? Infinity)).slice(0, SHOWN)
  const wins = (trial: Trial): boolean => trial.samples === most && JSON.stringify(trial.settings) === JSON.stringify(tune.winner)
  const columns: Column[] = [
    { title: say('report.tune.stage'), paint: (text, row) => (wins(shown[row]!) ? style.good(text) : text) }, right(say('report.tune.samples')), right(say('report.tune.score')), right('±'), right(say('report.tune.nsr')),
    { title: say('report.tune.settings'), most: longestName === Infinity ? Infinity : 100 },
  ]
  const rows = shown.map((trial) => [
    wins(trial) ? `${trial.stage} *` : trial.stage, String(trial.samples), decibels(trial.score, 4), fixed(trial.scoreError, 4), ratio(trial.nsr), trial.fault ?? (trial.settings.join(' ') || say('report.tune.as-it-was')),
  ])
  const counted = say('report.tune.count', {
    count: grouped(trials.length), seconds: fixed(tune.seconds, 1), inferences: grouped(tune.inferences), saved: grouped(tune.savedInferences), samples: tune.samples.count, from: tune.samples.from, protocol: tune.protocol,
  })
  const won = tune.winner.length === 0 ? say('report.tune.none-won') : say('report.tune.won', { settings: tune.winner.map((setting) => `--set ${shellWord(plain(setting))}`).join(' ') })
  return [...section(say('report.tune.trials'), tableLines(columns, rows, style), style), `  ${style.faint(counted)}`, `  ${style.strong(won)}`, ...(tune.stopped ? [`  ${say('report.tune.stopped')}`] : [])]
}

function unitsSection(units: readonly UnitSensitivity[], tune: TuneFacts, { say, style, longestName }: ReportContext): string[] {
  const facts = tune.sensitivity
  const floatScore = facts?.floatScore ?? null
  const percent = (share: number | null): string => (share === null ? NOTHING : fixed(100 * share, 1))
  const columns: Column[] = [
    right(say('report.tune.rank')), { title: say('report.tune.unit'), most: longestName }, { title: say('report.operator') }, right(say('report.tune.alone')), right(say('report.tune.cumulative')), right(say('report.tune.all-but-one')),
    right(say('report.tune.accumulated')), right(say('report.tune.loss', { unit: facts?.protocol.startsWith('psnr') === true ? 'dB' : '' }).trim()), right(say('report.tune.weights')), right(say('report.tune.reads')),
    right(say('report.tune.codes')), right(say('report.tune.clipped')), right(say('report.tune.macs')),
  ]
  const rows = units.map((unit) => [
    String(unit.rank), unit.unit, unit.op, ratio(unit.alone, 3), percent(unit.cumulativeShare), ratio(unit.allButOne, 3), ratio(unit.accumulated, 3),
    floatScore === null || unit.aloneScore === null ? NOTHING : fixed(floatScore - unit.aloneScore, 4), ratio(unit.weightNsr, 2), ratio(unit.inputNsr, 2), ratio(unit.outputNsr, 2), percent(unit.clipShare), percent(unit.macsShare),
  ])
  const scan = facts && say('report.tune.scan', {
    models: grouped(facts.models), samples: facts.samples, seconds: fixed(facts.seconds, 1), evaluations: facts.evaluations === 0 ? NOTHING : fixed(facts.evaluations, 1), reused: fixed(100 * facts.reusedShare, 0),
  })
  return [...section(say('report.tune.units'), tableLines(columns, rows, style), style, plain(tune.protocol)), ...(scan === undefined ? [] : [`  ${style.faint(scan)}`])]
}

function paretoSection(points: readonly ParetoPoint[], { say, style, longestName }: ReportContext): string[] {
  const columns: Column[] = [
    { title: '', paint: (text, row) => (points[row]!.chosen ? style.good(text) : text) }, right(say('report.tune.score')), right(say('report.tune.loss', { unit: '' }).trim()), right(say('report.tune.nsr')), right(say('report.tune.predicted')),
    right(say('report.tune.bitmacs')), right(say('report.tune.bytes')), right(say('report.tune.int16')), right(say('report.tune.float')), right(say('report.tune.latency')), { title: say('report.tune.plan'), most: longestName === Infinity ? Infinity : 60 },
  ]
  const rows = points.map((point) => [
    point.chosen ? '*' : point.front ? '·' : '', decibels(point.score, 4), fixed(point.lost, 4), ratio(point.nsr, 3), ratio(point.predictedNsr, 3), `${fixed(point.bitMacs, 3)}x`, bytes(point.bytes),
    fixed(100 * point.macsInt16, 1), fixed(100 * point.macsFloat, 1), point.latency === null ? NOTHING : `${fixed(point.latency, 2)}x`, point.plan.map(({ unit, precision }) => `${unit}:${precision}`).join(' '),
  ])
  return section(say('report.tune.pareto'), tableLines(columns, rows, style), style, plain(points[0]?.protocol ?? ''))
}

/** Advice in order of expected gain, each with its figure and the lines to add. */
export function adviceReport(advice: readonly Advice[], { say, style }: ReportContext): string[][] {
  if (advice.length === 0) return [section(say('report.tune.advice'), [`  ${say('report.tune.no-advice')}`], style)]
  return [section(say('report.tune.advice'), advice.flatMap(({ what, figures, gain, act, settings }, index) => [
    `  ${index + 1}. ${style.strong(plain(what))}`, ...(gain === null ? [] : [`     ${say('report.tune.gain', { percent: fixed(100 * gain, 1) })}`]), ...figures.map((figure) => `     ${plain(figure)}`), ...settings.map((setting) => `     ${style.faint(`--set ${shellWord(plain(setting))}`)}`),
    ...(act === 'sensitivity' || act === 'search' ? [`     ${style.faint(`scalewright tune RECIPE --${act}`)}`] : []),
  ]), style)]
}
