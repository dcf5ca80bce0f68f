import { useMemo, useState } from 'react'
import { Link } from 'react-router'
import type { UnitSensitivity } from '../../../preload/contract/index.ts'
import type { Run } from '../../client.ts'
import { useSay, type Say } from '../../texts/texts.ts'
import { Button } from '../../ui/button.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import { Empty } from '../../ui/empty.tsx'
import { duration, fixed, moment, NOTHING, protocolName, shortRun, significant } from '../../ui/format.ts'
import type { Column } from '../../ui/grid.tsx'
import { Segmented } from '../../ui/segmented.tsx'
import { useWhyNot } from '../../ui/use-writable.ts'
import { SensitivityChart } from './sensitivity-chart.tsx'
import type { TunePart } from './tune-screen.tsx'
import { modelOf } from './use-tune-runs.ts'
import { editorTo } from './views.ts'

const MODES = ['alone', 'allButOne', 'accumulated'] as const
type Mode = (typeof MODES)[number]
/** More bars than this cannot be told apart: the table holds all. */
const DRAWN = 60

export const sensitivityRuns = (runs: readonly Run[]): readonly Run[] => runs.filter(({ sensitivity }) => (sensitivity?.length ?? 0) > 0)

/** Who takes most from the outputs: measured, drawn, and as a table; from a row to its knobs. */
export function SensitivityView(part: TunePart) {
  const { run, runs, work, recipe, parameters } = part
  const say = useSay()
  const whyNot = useWhyNot()
  const [full, setFull] = useState(false)
  const measured = sensitivityRuns(runs)
  const shown = measured.find((each) => each.run === parameters.get('of')) ?? measured[0]
  const why = whyNot ?? (work.isRunning ? say('tune.busy') : undefined)
  const start = (
    <>
      <label className="check" title={say('tune.sensitivity.full.what')}><input type="checkbox" checked={full} onChange={(event) => setFull(event.target.checked)} /> {say('tune.sensitivity.full')}</label>
      <Button {...(shown === undefined ? { tone: 'primary' as const } : {})} disabled={why !== undefined} title={why ?? say('tune.sensitivity.what')} onClick={() => work.start({ kind: 'tune', mode: 'sensitivity', recipe, full, parent: run.run })}>{say(shown === undefined ? 'tune.sensitivity.start' : 'tune.sensitivity.again')}</Button>
    </>
  )
  if (shown === undefined) return <Empty title={say('tune.sensitivity.none')} what={say('tune.sensitivity.what')}>{start}</Empty>
  return <Measured key={shown.run} {...part} shown={shown} measured={measured} start={start} />
}

interface MeasuredProps extends TunePart {
  readonly shown: Run
  readonly measured: readonly Run[]
  readonly start: React.ReactNode
}

function Measured({ run, shown, measured, start, parameters, set }: MeasuredProps) {
  const say = useSay()
  const facts = shown.tune?.sensitivity
  const units = shown.sensitivity!
  const has: Readonly<Record<Mode, boolean>> = { alone: true, allButOne: units.some(({ allButOne }) => allButOne !== null), accumulated: units.some(({ accumulated }) => accumulated !== null) }
  const asked = MODES.find((mode) => mode === parameters.get('mode')) ?? 'alone'
  const mode = has[asked] ? asked : 'alone'
  const sort = parameters.get('sort') ?? 'rank'
  const drawn = useMemo(() => drawnUnits(units, mode), [units, mode])
  const current = units.find(({ unit }) => unit === parameters.get('unit')) ?? drawn[0]
  const columns = useMemo(() => unitColumns(say, facts?.floatScore ?? null, `${mode}Score`), [say, facts, mode])
  const names = useMemo(() => drawn.map(({ unit }) => unit), [drawn])
  const bars = useMemo(() => drawn.map((unit) => unit[mode]), [drawn, mode])
  const curve = useMemo(() => (mode === 'alone' ? drawn.map(({ cumulativeShare }) => cumulativeShare) : undefined), [drawn, mode])
  return (
    <div className="tune-rows">
      <section className="panel tune-chart" aria-label={say('tune.sensitivity')}>
        <header className="panel-head">
          <h2 className="panel-title">{say('tune.sensitivity')}</h2>
          <Segmented label={say('tune.mode')} value={mode} onChange={(next) => set({ mode: next === 'alone' ? '' : next })} choices={MODES.filter((each) => has[each]).map((each) => ({ value: each, name: modeName(say, each) }))} />
          <span className="panel-note" title={facts?.protocol}>{scanText(say, shown)}</span>
          <span className="bar-space" />
          {measured.length < 2 ? null : (
            <select className="field" aria-label={say('tune.measured')} value={shown.run} onChange={(event) => set({ of: event.target.value, unit: '' })}>
              {measured.map((each) => <option key={each.run} value={each.run}>{shortRun(each.run)} · {moment(each.created)}</option>)}
            </select>
          )}
          {start}
        </header>
        <SensitivityChart
          label={say('tune.sensitivity.alt', { count: drawn.length })} names={names} bars={bars} barName={modeName(say, mode)} curve={curve} curveName={say('tune.cumulative')}
          picked={drawn.findIndex((unit) => unit === current)} write={(value) => significant(value, 2)} onPick={(index) => set({ unit: names[index] ?? '' })}
        />
      </section>
      {current === undefined ? null : <UnitLine run={run} unit={current} />}
      <section className="panel" data-grows aria-label={say('tune.units')}>
        <DataTable label={say('tune.units')} rows={units} columns={columns} keyOf={({ unit }) => unit} sort={sort} onSort={(next) => set({ sort: next })} current={current?.unit ?? ''} onCurrent={({ unit }) => set({ unit })} empty={say('none-fit')} />
      </section>
    </div>
  )
}

const modeName = (say: Say, mode: Mode): string => say(mode === 'alone' ? 'tune.alone' : mode === 'allButOne' ? 'tune.all-but-one' : 'tune.up-to')

/** In the order that the mode speaks of: the worst first; what leaves least noise when it is float first; and along the model. */
export function drawnUnits(units: readonly UnitSensitivity[], mode: Mode): readonly UnitSensitivity[] {
  const known = units.filter((unit) => unit[mode] !== null)
  const by = mode === 'alone' ? known.toSorted((a, b) => a.rank - b.rank) : known.toSorted((a, b) => a[mode]! - b[mode]!)
  return by.slice(0, DRAWN)
}

function scanText(say: Say, { tune }: Run): string {
  const facts = tune?.sensitivity
  if (facts === undefined) return ''
  return say('tune.scan', { samples: facts.samples, models: facts.models, seconds: duration(facts.seconds), protocol: protocolName(facts.protocol) })
}

/** The unit that is looked at: what its noise is made of, and where to go on. */
function UnitLine({ run, unit }: { readonly run: Run; readonly unit: UnitSensitivity }) {
  const say = useSay()
  const [node] = unit.nodes
  const tensor = unit.tensors[0]
  const model = modelOf(run)
  return (
    <section className="panel tune-unit" aria-label={unit.unit}>
      <h3 className="mono" title={unit.unit}>{unit.unit}</h3>
      <Parts unit={unit} />
      <span className="bar-space" />
      {unit.layer === null ? <span className="muted">{say('tune.unit.no-name')}</span> : <Link className="button" data-tone="primary" to={editorTo(unit.layer)}>{say('tune.knobs')}</Link>}
      {tensor === undefined ? null : <Link className="button" to={`/run/${run.run}/layers?tensor=${encodeURIComponent(tensor)}`}>{say('place.layers')}</Link>}
      {node === undefined || model === undefined ? null : <Link className="button" to={`/model?m=${encodeURIComponent(`path:${model}`)}&at=${encodeURIComponent(`n:${node}`)}&run=${run.run}`}>{say('tune.graph')}</Link>}
    </section>
  )
}

/** Noise over signal at its own result by where it comes from; numbers beside the bars. */
function Parts({ unit }: { readonly unit: UnitSensitivity }) {
  const say = useSay()
  const parts = [
    { name: say('tune.weights'), value: unit.weightNsr, tone: 'simulated' }, { name: say('tune.reads'), value: unit.inputNsr, tone: 'float' }, { name: say('tune.codes'), value: unit.outputNsr, tone: 'fused' },
  ]
  const most = Math.max(0, ...parts.map(({ value }) => value ?? 0))
  return (
    <dl className="unit-parts">
      {parts.map(({ name, value, tone }) => <div key={name}><dt>{name}</dt><dd><span className="unit-bar" data-tone={tone} style={{ width: `${most === 0 || value === null ? 0 : Math.max(2, (56 * value) / most)}px` }} /> <span className="number">{significant(value, 2)}</span></dd></div>)}
      <div><dt>{say('tune.clipped')}</dt><dd className="number" data-tone={(unit.clipShare ?? 0) > 0.7 ? 'bad' : undefined}>{percent(unit.clipShare)}</dd></div>
    </dl>
  )
}

const percent = (share: number | null): string => (share === null ? NOTHING : `${fixed(share * 100, 1)} %`)

function unitColumns(say: Say, floatScore: number | null, score: `${Mode}Score`): readonly Column<UnitSensitivity>[] {
  const lost = ({ [score]: own }: UnitSensitivity): number | null => (own === null || floatScore === null ? null : floatScore - own)
  const number = (id: keyof UnitSensitivity, title: string, width: string, digits: number): Column<UnitSensitivity> => ({ id, title, width, align: 'right', value: (unit) => unit[id] as number | null, cell: (unit) => significant(unit[id] as number | null, digits) })
  const share = (id: 'cumulativeShare' | 'clipShare' | 'macsShare', title: string, width = '78px'): Column<UnitSensitivity> => ({ id, title, width, align: 'right', value: (unit) => unit[id], cell: ({ [id]: value }) => (value === null ? NOTHING : fixed(value * 100, 1)) })
  return [
    { id: 'rank', title: '#', width: '44px', value: (unit) => unit.rank, align: 'right', cell: (unit) => <span className="muted">{unit.rank}</span> },
    { id: 'unit', title: say('tune.unit'), width: 'minmax(130px, 2fr)', frozen: true, value: (unit) => unit.unit, hint: (unit) => unit.nodes.join('\n') || unit.unit, cell: (unit) => <span className="mono">{unit.unit}</span> },
    { id: 'op', title: 'Op', titleHint: say('operator'), width: 'minmax(76px, 1fr)', value: (unit) => unit.op, hint: (unit) => unit.op, cell: (unit) => <span className="muted">{unit.op}</span> },
    number('alone', say('tune.alone'), 'minmax(92px, 1fr)', 3),
    share('cumulativeShare', 'Σ %'),
    number('allButOne', say('tune.all-but-one'), 'minmax(92px, 1fr)', 3),
    number('accumulated', say('tune.up-to'), 'minmax(92px, 1fr)', 3),
    { id: 'loses', title: say('tune.loses'), titleHint: say('tune.loses.what'), width: '84px', align: 'right', value: lost, cell: (unit) => fixed(lost(unit), 4) },
    number('weightNsr', say('tune.weights'), '88px', 2), number('inputNsr', say('tune.reads'), '88px', 2), number('outputNsr', say('tune.codes'), '88px', 2),
    share('clipShare', say('tune.clip-percent'), '88px'), share('macsShare', 'MACs %'),
  ]
}
