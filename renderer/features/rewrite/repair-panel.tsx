import { Link } from 'react-router'
import type { RewriteStep, RewriteWish } from '../../../preload/contract/index.ts'
import { faultOf } from '../../client.ts'
import { useSay } from '../../texts/texts.ts'
import { Button } from '../../ui/button.tsx'
import { FaultNotice } from '../../ui/fault-notice.tsx'
import { fixed, shortRun, significant } from '../../ui/format.ts'
import { optionsText } from './options.ts'
import type { RepairMeasure } from './proved.ts'
import { RegionCanvas } from './region-canvas.tsx'
import { RepairScore } from './repair-score.tsx'
import { useRepair, type RepairPlace } from './use-repair.ts'

interface RepairPanelProps {
  readonly recipe: string
  readonly wishes: readonly RewriteWish[]
  readonly steps: readonly RewriteStep[]
  /** The run that kept them. */
  readonly run: string | null
  /** By step: what a run measured on all samples. */
  readonly measures: readonly (RepairMeasure | undefined)[]
  readonly sample: number
  readonly onPictures: (step: number) => void
}

/** What each ticked repair does to the pictures: a measurement on samples, nothing more. */
export function RepairPanel({ recipe, wishes, steps, run, measures, sample, onPictures }: RepairPanelProps) {
  const say = useSay()
  return (
    <section className="panel repair-effects" aria-label={say('rewrite.repair.measured')}>
      <header className="panel-head"><h2 className="panel-title"><span aria-hidden="true">⚠</span> {say('rewrite.repair.measured')}</h2>{run === null ? null : <Link to={`/run/${run}`} title={run}>{say('rewrite.proved.run', { run: shortRun(run) })}</Link>}</header>
      <div className="repair-scroll">
        {steps.map((step, index) => (step.kind === 'repair' ? <RepairCard key={`${index} ${step.rewrite}`} place={{ recipe, wishes, step: index }} step={step} measure={measures[index]} sample={sample} onPictures={() => onPictures(index)} /> : null))}
      </div>
    </section>
  )
}

interface RepairCardProps {
  readonly place: RepairPlace
  readonly step: RewriteStep
  readonly measure: RepairMeasure | undefined
  readonly sample: number
  readonly onPictures: () => void
}

/** A hundredth of a dB is what rounding alone may do. */
const isWorse = (score: { readonly before: number | null; readonly after: number | null } | null): boolean =>
  score !== null && score.after !== null && (score.before === null || score.after < score.before - 0.01)

const TILES = { before: 'rewrite.repair.tile.before', after: 'rewrite.repair.tile.after' } as const

function RepairCard({ place, step, measure, sample, onPictures }: RepairCardProps) {
  const say = useSay()
  const { data: view, error } = useRepair(place, sample)
  return (
    <article className="repair-card" aria-label={step.rewrite}>
      <h3><span className="mono">{[step.rewrite, optionsText(step.options)].filter(Boolean).join(' · ')}</span></h3>
      <p className="repair-what"><span aria-hidden="true">⚠</span> {say('rewrite.repair.what')}</p>
      {error === null ? null : <NoPictures fault={error} />}
      {error === null && view === undefined ? <p className="muted" role="status">{say('rewrite.repair.looking')}</p> : null}
      {error === null && view !== undefined ? (
        <>
          <div className="repair-pair">
            {(['before', 'after'] as const).map((side) => (
              <figure key={side}><RegionCanvas picture={view.pictures[side]} region={view.tile} label={say(TILES[side], { sample: view.sample })} /><figcaption>{say(side === 'before' ? 'rewrite.repair.side.before' : 'rewrite.repair.side.after')}</figcaption></figure>
            ))}
          </div>
          <dl className="facts">
            {view.protocol === null ? null : <div><dt title={view.sample}>{say('rewrite.repair.sample')}</dt><dd><RepairScore protocol={view.protocol} {...view.scores} /></dd></div>}
            {measure === undefined ? null : <div><dt title={measure.protocol}>{say('rewrite.repair.mean', { count: measure.samples })}</dt><dd><RepairScore protocol={measure.protocol} before={measure.before} after={measure.after} /></dd></div>}
            <div><dt>{say('rewrite.repair.changed')}</dt><dd className="number">{fixed(measure?.changedPercent ?? view.changedPercent, 2)} %</dd></div>
            <div><dt>{say('rewrite.repair.largest')}</dt><dd className="number">{significant(view.largest, 3)} / 255</dd></div>
          </dl>
          {view.protocol === null ? <p className="repair-note">{say('rewrite.repair.no-reference')} <Link to="/samples">{say('rewrite.repair.samples')}</Link></p> : measure === undefined ? <p className="repair-note">{say('rewrite.repair.one-sample', { count: view.samples })}</p> : null}
          {isWorse(measure ?? (view.protocol === null ? null : view.scores)) ? <p className="repair-worse"><span aria-hidden="true">▼</span> {say('rewrite.repair.worse.advice')}</p> : null}
          <Button onClick={onPictures}>{say('rewrite.repair.pictures')}</Button>
        </>
      ) : null}
    </article>
  )
}

/** Without samples there is a way to them; any other fault is said. */
export function NoPictures({ fault }: { readonly fault: unknown }) {
  const say = useSay()
  if (faultOf(fault).code !== 'recipe.no-samples') return <FaultNotice fault={fault} />
  return <p className="repair-note" role="status">{say('rewrite.repair.no-samples')} <Link to="/samples">{say('rewrite.repair.samples')}</Link></p>
}
