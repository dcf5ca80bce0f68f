import { useCallback } from 'react'
import { Link, useSearchParams } from 'react-router'
import { Screen } from '../../app/screen.tsx'
import { useProject } from '../../project/project.ts'
import { useSay, type Say } from '../../texts/texts.ts'
import { Button } from '../../ui/button.tsx'
import { FaultNotice } from '../../ui/fault-notice.tsx'
import { modelName } from '../../ui/format.ts'
import { changed } from '../../ui/search.ts'
import { useWhyNot } from '../../ui/use-writable.ts'
import { DiffPanel } from './diff-panel.tsx'
import { NoModelToRewrite } from './no-model.tsx'
import { planText, wishesOf, type Plan } from './plan.ts'
import { PlanPanel, usePlanOfProject } from './plan-panel.tsx'
import { ProofPanel } from './proof-panel.tsx'
import { RepairPanel } from './repair-panel.tsx'
import { RepairPictures } from './repair-pictures.tsx'
import { RewriteList } from './rewrite-list.tsx'
import { useRewriteJob, type RewriteJob } from './use-rewrite-job.ts'
import { useRewrites, type Rewrites } from './use-rewrites.ts'
import './rewrite.css'
import './rewrite-diff.css'
import './repair.css'

/** Rewrites of the project's model: found, looked at before and after, proved, and taken into the recipe. */
export function RewriteScreen() {
  const say = useSay()
  const { recipe } = useProject()
  const model = recipe['model']
  if (typeof model !== 'string') return <Screen crumbs={[{ name: say('place.rewrite') }]}><NoModelToRewrite /></Screen>
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
  const onPlan = (next: Plan): void => onAddress({ plan: planText(next), only: '', options: '', job: '', change: '' })
  const at = Number(parameters.get('change') ?? Number.NaN)
  const { recipe: recipeText, wishes } = rewrites
  const repairs = (preview?.steps ?? []).flatMap(({ kind }, index) => (kind === 'repair' ? [index] : []))
  const step = repairs.find((each) => String(each) === parameters.get('repair')) ?? repairs[0]
  const sample = indexOf(parameters.get('sample'))
  const pictures = step === undefined || preview === undefined ? null : (
    <RepairPictures place={{ recipe: recipeText, wishes, step }} rewrite={preview.steps[step]!.rewrite} sample={sample} onSample={(next) => onAddress({ sample: next === 0 ? '' : String(next) })} />
  )
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
              preview={preview} isOld={rewrites.isOld} view={viewOf(parameters.get('view'))} pictures={pictures} change={Number.isInteger(at) && at > 0 ? at - 1 : null} open={parameters.get('open') ?? ''} onAddress={onAddress}
            />
          )}
          <div className="rewrite-side" tabIndex={0} role="region" aria-label={say('rewrite.side')}>
            {repairs.length === 0 ? null : (
              <RepairPanel recipe={recipeText} wishes={wishes} steps={preview!.steps} run={rewrites.proved?.isWhole === true ? rewrites.proved.run : null} measures={rewrites.proved?.measures ?? []} sample={sample} onPictures={(step) => onAddress({ view: 'pictures', repair: String(step) })} />
            )}
            <ProofPanel preview={preview} proved={rewrites.proved} work={work} onAgain={() => work.start(recipeText, wishes, ran?.recipe['model'] === model ? ran.id : null)} />
            <PlanPanel model={model} found={found} plan={plan} preview={preview} proved={rewrites.proved} isBroken={isBroken(work)} />
          </div>
        </div>
      )}
    </Screen>
  )
}

const viewOf = (text: string | null): 'graph' | 'list' | 'pictures' => (text === 'list' || text === 'pictures' ? text : 'graph')

/** A number from 0 as it stands in the address; 0 where none does. */
const indexOf = (text: string | null): number => (text !== null && /^\d{1,6}$/.test(text) ? Number(text) : 0)

const isBroken = ({ job }: RewriteJob): boolean => job?.fault?.code === 'model.rewrite-broken'

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
  const repairs = preview.steps.filter(({ kind }) => kind === 'repair').length
  const broken = isBroken(work)
  // What changes the function is taken by a button of its own word.
  if (proved?.isWhole === true && !broken) return <Button tone="primary" disabled={isOld} title={say(repairs > 0 ? 'rewrite.use.repairs.what' : 'rewrite.use.what')} onClick={use}>{repairs > 0 ? say('rewrite.use.repairs', { count: repairs }) : say('rewrite.use')}</Button>
  const why = whyNot ?? (count === 0 ? say('rewrite.nothing-ticked') : broken ? say('rewrite.broken.keep') : undefined)
  return (
    <Button tone="primary" disabled={why !== undefined || isOld || work.isRunning} title={why ?? say(repairs === count ? 'rewrite.keep.what' : 'rewrite.prove.what')} onClick={() => work.start(recipe, wishesOf(plan, found.rewrites), parent)}>
      {work.isRunning ? say(repairs === count && count > 0 ? 'rewrite.measuring' : 'rewrite.proving') : actText(say, count - repairs, repairs)}
    </Button>
  )
}

/** `Prove 4 rewrites, measure 1 repair`: what of the two there is. */
function actText(say: Say, rewrites: number, repairs: number): string {
  if (repairs === 0) return say('rewrite.prove', { count: rewrites })
  const keep = say('rewrite.keep', { count: repairs })
  return rewrites === 0 ? keep : say('rewrite.prove-and', { prove: say('rewrite.prove.short', { count: rewrites }), keep: say('rewrite.keep.short', { count: repairs }) })
}
