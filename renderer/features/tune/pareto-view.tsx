import { useState, type FormEvent } from 'react'
import { Link } from 'react-router'
import type { ParetoPoint } from '../../../preload/contract/index.ts'
import type { Run } from '../../client.ts'
import { useSay, type Say, type TextKey } from '../../texts/texts.ts'
import { Button } from '../../ui/button.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import { Empty } from '../../ui/empty.tsx'
import { bytes, fixed, moment, NOTHING, protocolName, shortRun, significant } from '../../ui/format.ts'
import type { Column } from '../../ui/grid.tsx'
import { Panel } from '../../ui/panel.tsx'
import { Segmented } from '../../ui/segmented.tsx'
import { toastFault, useToast } from '../../ui/toast.tsx'
import { useWhyNot } from '../../ui/use-writable.ts'
import { BUDGET_NAMES, COSTS, keyOfPoint, kneeOf, LOSSES, type Cost } from './pareto.ts'
import { ParetoChart, type PlanPoint } from './pareto-chart.tsx'
import { takeSettings } from './recipe-log.ts'
import type { TunePart } from './tune-screen.tsx'
import { editorTo } from './views.ts'

const COST_NAMES: Readonly<Record<Cost, TextKey>> = { bitMacs: 'tune.cost.bitmacs', latency: 'tune.cost.latency', bytes: 'tune.cost.bytes', macsInt16: 'tune.cost.int16' }

/** Measured plans of mixed precision: what a smaller loss costs. */
export function ParetoView(part: TunePart) {
  const { runs, parameters, set } = part
  const say = useSay()
  const measured = runs.filter(({ pareto }) => (pareto?.length ?? 0) > 0)
  const shown = measured.find(({ run }) => run === parameters.get('of')) ?? measured[0]
  if (shown === undefined) return <Empty title={say('tune.pareto.none')} what={say('tune.pareto.what')}><BudgetForm {...part} primary /></Empty>
  const picker = measured.length < 2 ? null : (
    <select className="field" aria-label={say('tune.measured')} value={shown.run} onChange={(event) => set({ of: event.target.value, plan: '' })}>
      {measured.map((each) => <option key={each.run} value={each.run}>{shortRun(each.run)} · {moment(each.created)}</option>)}
    </select>
  )
  return <Plans key={shown.run} {...part} shown={shown} picker={picker} />
}

const BUDGETS = ['psnr_y_drop_db<=0.02', 'latency<=0.6x', 'bitmacs<=1.2x', 'bytes<=0.5x', 'macs_int16<=0.2x']

/** A budget in the words of the terminal; empty: all plans, none taken. */
function BudgetForm({ run, work, recipe, primary = false }: TunePart & { readonly primary?: boolean }) {
  const say = useSay()
  const whyNot = useWhyNot()
  const [budget, setBudget] = useState('')
  const why = whyNot ?? (work.isRunning ? say('tune.busy') : undefined)
  function start(event: FormEvent): void {
    event.preventDefault()
    const text = budget.trim()
    work.start({ kind: 'tune', mode: 'pareto', recipe, parent: run.run, ...(text === '' ? {} : { budget: text }) })
  }
  return (
    <form className="budget-form" onSubmit={start}>
      <input className="field mono" list="tune-budgets" aria-label={say('tune.budget')} title={say('tune.budget.what')} placeholder={say('tune.budget.hint')} value={budget} onChange={(event) => setBudget(event.target.value)} autoComplete="off" spellCheck={false} />
      <datalist id="tune-budgets">{BUDGETS.map((text) => <option key={text} value={text} />)}</datalist>
      <Button type="submit" {...(primary ? { tone: 'primary' as const } : {})} disabled={why !== undefined} title={why ?? say('tune.pareto.what')}>{say(budget.trim() === '' ? 'tune.pareto.start' : 'tune.pareto.within')}</Button>
    </form>
  )
}

function Plans(part: TunePart & { readonly shown: Run; readonly picker: React.ReactNode }) {
  const { shown, picker, parameters, set } = part
  const say = useSay()
  const points = shown.pareto!
  const costs = COSTS.filter((cost) => points.some((point) => point[cost] !== null))
  const cost = costs.find((each) => BUDGET_NAMES[each] === parameters.get('cost')) ?? 'bitMacs'
  const losses = LOSSES.filter((each) => each === 'nsr' || points.some(({ lost }) => lost !== null))
  const loss = losses.find((each) => each === parameters.get('loss')) ?? losses[0]!
  const knee = kneeOf(points, cost)
  const at = points.find((point) => keyOfPoint(point) === parameters.get('plan')) ?? points.find(({ chosen }) => chosen) ?? knee ?? points[0]!
  const columns = planColumns(say, knee, points.some(({ lost }) => lost !== null))
  const drawn = points.flatMap((point): PlanPoint[] => (point[cost] === null ? [] : [{ key: keyOfPoint(point), x: point[cost], y: loss === 'nsr' ? point.nsr : (point.lost ?? NaN), front: point.front, chosen: point.chosen, knee: point === knee, text: planText(say, point) }]))
  const protocol = points[0]!.protocol
  const missed = points.some(({ chosen }) => chosen) ? null : (shown.tune?.budget ?? null)
  const yTitle = loss === 'lost' ? say('tune.lost.of', { protocol: protocolName(protocol) }) : 'NSR'
  return (
    <div className="tune-pareto">
      <div className="tune-rows">
        <section className="panel tune-chart" aria-label={say('tune.pareto')}>
          <header className="panel-head">
            <h2 className="panel-title">{say('tune.pareto')}</h2>
            <select className="field" aria-label={say('tune.cost')} value={cost} onChange={(event) => set({ cost: event.target.value === 'bitMacs' ? '' : BUDGET_NAMES[event.target.value as Cost] })}>{costs.map((each) => <option key={each} value={each}>{say(COST_NAMES[each])}</option>)}</select>
            {losses.length < 2 ? null : <Segmented label={say('tune.loss')} value={loss} onChange={(next) => set({ loss: next === losses[0] ? '' : next })} choices={losses.map((each) => ({ value: each, name: each === 'nsr' ? 'NSR' : say('tune.lost') }))} />}
            <span className="bar-space" />
            {picker}
            <BudgetForm {...part} />
          </header>
          <div className="chart">
            <ul className="legend plan-legend"><li>◆ {say('tune.chosen')}</li><li>▲ {say('tune.knee')}</li><li>● {say('tune.front')}</li>{missed === null ? null : <li className="verdict" data-tone="warning">! {say('tune.budget.missed', { budget: missed })}</li>}</ul>
            <ParetoChart label={say('tune.pareto.alt', { count: drawn.length })} points={drawn} xTitle={say(COST_NAMES[cost])} yTitle={yTitle} picked={keyOfPoint(at)} writeX={(value) => costText(cost, value)} writeY={(value) => significant(value, 3)} onPick={(plan) => set({ plan })} />
          </div>
        </section>
        <section className="panel" data-grows aria-label={say('tune.plans')}>
          <DataTable label={say('tune.plans')} rows={points} columns={columns} keyOf={keyOfPoint} sort={parameters.get('sort') ?? 'bitMacs'} onSort={(sort) => set({ sort })} current={keyOfPoint(at)} onCurrent={(point) => set({ plan: keyOfPoint(point) })} empty={say('none-fit')} />
        </section>
      </div>
      <PlanPanel point={at} run={shown} />
    </div>
  )
}

const costText = (cost: Cost, value: number): string => (cost === 'bytes' ? bytes(value) : cost === 'macsInt16' ? `${fixed(value * 100, 0)} %` : `${fixed(value, 2)}×`)

const planText = (say: Say, { plan }: ParetoPoint): string => (plan.length === 0 ? say('tune.plan.int8') : say('tune.plan.count', { count: plan.length }))

function PlanPanel({ point, run }: { readonly point: ParetoPoint; readonly run: Run }) {
  const say = useSay()
  const toast = useToast()
  const take = (): void => {
    takeSettings(point.settings).then((undo) => toast({ text: say('tune.plan.took'), undo }), toastFault)
  }
  return (
    <Panel title={say('tune.plan')} aside={<Link to={`/run/${run.run}`} className="mono" title={run.run}>{shortRun(run.run)}</Link>} grows>
      <div className="tune-scroll" tabIndex={0} role="region" aria-label={say('tune.plan')}>
        <dl className="facts">
          <div><dt title={point.protocol}>{say('tune.lost')}</dt><dd className="number">{fixed(point.lost, 4)}</dd></div>
          <div><dt title={say('tune.nsr.what')}>NSR</dt><dd className="number">{significant(point.nsr, 3)}<small>{say('tune.predicted', { nsr: significant(point.predictedNsr, 3) })}</small></dd></div>
          {COSTS.map((cost) => <div key={cost}><dt>{say(COST_NAMES[cost])}</dt><dd className="number">{point[cost] === null ? NOTHING : costText(cost, point[cost])}</dd></div>)}
        </dl>
        {point.plan.length === 0 ? <p className="panel-text">{say('tune.plan.int8')}</p> : (
          <table className="plain"><thead><tr><th>{say('tune.unit')}</th><th>{say('tune.precision')}</th></tr></thead>
            <tbody>{point.plan.map(({ unit, precision }) => <tr key={unit}><th scope="row"><Link className="mono" to={editorTo(unit)}>{unit}</Link></th><td className="mono">{precision}</td></tr>)}</tbody>
          </table>
        )}
      </div>
      <footer className="tune-foot">
        <span className="muted">{point.settings.length === 0 ? say('tune.plan.as-it-is') : say('tune.plan.lines', { count: point.settings.length })}</span>
        <Button tone="primary" disabled={point.settings.length === 0} title={say('tune.plan.take.what')} onClick={take}>{say('tune.plan.take')}</Button>
      </footer>
    </Panel>
  )
}

function planColumns(say: Say, knee: ParetoPoint | undefined, hasLost: boolean): readonly Column<ParetoPoint>[] {
  const number = (id: 'score' | 'lost' | 'nsr' | 'predictedNsr', title: string, write: (value: number | null) => string, titleHint?: string): Column<ParetoPoint> => ({ id, title, ...(titleHint === undefined ? {} : { titleHint }), width: 'minmax(78px, 1fr)', align: 'right', value: (point) => point[id], cell: (point) => write(point[id]) })
  return [
    { id: 'mark', title: '', width: '92px', cell: (point) => (point.chosen ? <span className="verdict" data-tone="good">◆ {say('tune.chosen')}</span> : point === knee ? <span className="verdict" data-tone="warning">▲ {say('tune.knee')}</span> : point.front ? <span className="verdict" data-tone="accent">● {say('tune.front')}</span> : null) },
    number('score', say('tune.score'), (value) => fixed(value, 4)), ...(hasLost ? [number('lost', say('tune.lost'), (value) => fixed(value, 4))] : []),
    number('nsr', 'NSR', (value) => significant(value, 3), say('tune.nsr.what')), number('predictedNsr', say('tune.predicted.short'), (value) => significant(value, 3), say('tune.predicted.what')),
    ...COSTS.map((cost): Column<ParetoPoint> => ({ id: cost, title: say(COST_NAMES[cost]), width: 'minmax(82px, 1fr)', align: 'right', value: (point) => point[cost], cell: (point) => (point[cost] === null ? NOTHING : costText(cost, point[cost])) })),
    { id: 'plan', title: say('tune.plan.short'), width: 'minmax(110px, 1.6fr)', value: ({ plan }) => plan.length, hint: ({ plan }) => plan.map(({ unit, precision }) => `${unit}: ${precision}`).join('\n'), cell: (point) => <span className="muted">{planText(say, point)}</span> },
  ]
}
