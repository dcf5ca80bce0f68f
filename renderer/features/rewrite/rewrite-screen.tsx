import { useCallback } from 'react'
import { Link, useSearchParams } from 'react-router'
import { Screen } from '../../app/screen.tsx'
import { placeTo } from '../../app/places.ts'
import { useProject } from '../../project/project.ts'
import { useSay } from '../../texts/texts.ts'
import { Button } from '../../ui/button.tsx'
import { FaultNotice } from '../../ui/fault-notice.tsx'
import { modelName } from '../../ui/format.ts'
import { changed } from '../../ui/search.ts'
import { useWhyNot } from '../../ui/use-writable.ts'
import { DiffPanel } from './diff-panel.tsx'
import { NoModel } from './no-model.tsx'
import { planText, wishesOf, type Plan } from './plan.ts'
import { PlanPanel, usePlanOfProject } from './plan-panel.tsx'
import { ProofPanel } from './proof-panel.tsx'
import { RewriteList } from './rewrite-list.tsx'
import { useRewriteJob, type RewriteJob } from './use-rewrite-job.ts'
import { useRewrites, type Rewrites } from './use-rewrites.ts'
import './rewrite.css'
import './rewrite-diff.css'

/** Rewrites of the project's model: found, looked at before and after, proved, and taken into the recipe. */
export function RewriteScreen() {
  const say = useSay()
  const { recipe } = useProject()
  const model = recipe['model']
  if (typeof model !== 'string') return <Screen crumbs={[{ name: say('place.rewrite') }]}><NoModel /></Screen>
  return <Wizard key={model} model={model} />
}

function Wizard({ model }: { readonly model: string }) {
  const say = useSay()
  const { recipe, ran } = useProject()
  const [parameters, setParameters] = useSearchParams()
  // At once: a tick that waits for a drawing of the graph would jump back for a moment.
  const onAddress = useCallback((change: Readonly<Record<string, string>>) => setParameters((known) => changed(known, change), { replace: true, flushSync: true }), [setParameters])
  const rewrites = useRewrites(recipe, parameters)
  const { found, plan, preview } = rewrites
  const work = useRewriteJob(parameters.get('job'), (job) => onAddress({ job }))
  // What was proved or refused belongs to the ticks as they were.
  const onPlan = (next: Plan): void => onAddress({ plan: planText(next), only: '', job: '', change: '' })
  const at = Number(parameters.get('change') ?? Number.NaN)
  return (
    <Screen crumbs={[{ name: say('place.rewrite') }, { name: modelName(model) }]} action={<Action rewrites={rewrites} work={work} parent={ran?.recipe['model'] === model ? ran.id : null} />}>
      {rewrites.findFault === null ? null : <FaultNotice fault={rewrites.findFault}><Link className="button" to="/model">{say('place.model')}</Link></FaultNotice>}
      {found === undefined ? (rewrites.findFault === null ? <section className="panel empty" role="status"><p>{say('rewrite.looking')}</p></section> : null) : (
        <div className="rewrite">
          <RewriteList rewrites={found.rewrites} plan={plan} preview={preview} only={parameters.get('only')} onPlan={onPlan} />
          {preview === undefined ? (
            <section className="panel rewrite-diff" data-grows aria-label={say('rewrite.changes')}>
              {rewrites.previewFault === null ? <p className="panel-text" role="status">{say('rewrite.previewing')}</p> : <FaultNotice fault={rewrites.previewFault} />}
            </section>
          ) : (
            <DiffPanel
              preview={preview} isOld={rewrites.isOld} isList={parameters.get('view') === 'list'} change={Number.isInteger(at) && at > 0 ? at - 1 : null} open={parameters.get('open') ?? ''} onAddress={onAddress}
            />
          )}
          <div className="rewrite-side">
            <ProofPanel preview={preview} proved={rewrites.proved} work={work} compareTo={placeTo('compare', ran?.id ?? null)} />
            <PlanPanel model={model} found={found} plan={plan} preview={preview} proved={rewrites.proved} />
          </div>
        </div>
      )}
    </Screen>
  )
}

interface ActionProps {
  readonly rewrites: Rewrites
  readonly work: RewriteJob
  /** The run that the new one follows. */
  readonly parent: string | null
}

/** The one action: first prove and keep; then use what is proved; then calibrate with it. */
function Action({ rewrites: { recipe, found, plan, preview, isOld, proved }, work, parent }: ActionProps) {
  const say = useSay()
  const whyNot = useWhyNot()
  const { isUsed, use } = usePlanOfProject(plan, found)
  if (found === undefined || preview === undefined) return null
  const count = preview.steps.length
  if (proved?.isWhole === true && isUsed) return <Link className="button" data-tone="primary" to="/calibrate?step=review">{say('rewrite.plan.calibrate')}</Link>
  if (proved?.isWhole === true) return <Button tone="primary" disabled={isOld} title={say('rewrite.use.what')} onClick={use}>{say('rewrite.use')}</Button>
  const isRepair = count > 0 && preview.steps.every(({ kind }) => kind === 'repair')
  const isBroken = work.job?.fault?.code === 'model.rewrite-broken'
  const why = whyNot ?? (count === 0 ? say('rewrite.nothing-ticked') : isBroken ? say('rewrite.broken.keep') : undefined)
  return (
    <Button tone="primary" disabled={why !== undefined || isOld || work.isRunning} title={why ?? say(isRepair ? 'rewrite.keep.what' : 'rewrite.prove.what')} onClick={() => work.start(recipe, wishesOf(plan, found.rewrites), parent)}>
      {work.isRunning ? say('rewrite.proving') : say(isRepair ? 'rewrite.keep' : 'rewrite.prove', { count })}
    </Button>
  )
}
