import { IconDownload } from '@tabler/icons-react'
import { Link } from 'react-router'
import type { ReplyOf, RewritePreview } from '../../../preload/contract/index.ts'
import { artifactPath, useCall } from '../../client.ts'
import { setRecipe, useProject } from '../../project/project.ts'
import { changedParts } from '../../project/steps.ts'
import { useSay } from '../../texts/texts.ts'
import { Button } from '../../ui/button.tsx'
import { CopyButton } from '../../ui/copy-button.tsx'
import { toast } from '../../ui/toast.tsx'
import { rewriteCommand } from './command.ts'
import { recipeLines, recipeOf, type Plan } from './plan.ts'
import { planFileOf, type Proved } from './proved.ts'

interface PlanPanelProps {
  readonly model: string
  readonly found: ReplyOf<'rewrites.find'>
  readonly plan: Plan
  readonly preview: RewritePreview | undefined
  readonly proved: Proved | null
  /** The last proof of it was broken: it can neither be used nor taken along. */
  readonly isBroken: boolean
}

/** Puts a plan into the project's recipe, or takes it out, with the way back. */
export function usePlanOfProject(plan: Plan, found: ReplyOf<'rewrites.find'> | undefined) {
  const say = useSay()
  const own = useProject().recipe['rewrite']
  const value = found === undefined ? undefined : recipeOf(plan, found.rewrites)
  const put = (next: unknown, text: string): void => {
    setRecipe(['rewrite'], next)
    toast({ text, undo: () => setRecipe(['rewrite'], own) })
  }
  return {
    own, isUsed: own !== undefined && JSON.stringify(own) === JSON.stringify(value),
    use: () => put(value, say('rewrite.used')),
    leave: () => put(undefined, say('rewrite.left')),
  }
}

/** What the project does with the plan, and the plan to take along. */
export function PlanPanel({ model, found, plan, preview, proved, isBroken }: PlanPanelProps) {
  const say = useSay()
  const project = useProject()
  const workspace = useCall('app.info', {}).data?.workspace ?? ''
  const { own, isUsed, use, leave } = usePlanOfProject(plan, found)
  const hasSteps = preview !== undefined && preview.steps.length > 0 && !isBroken
  const repairs = preview?.steps.filter(({ kind }) => kind === 'repair').length ?? 0
  const isStale = project.ran !== null && changedParts(project).includes('rewrite')
  const command = rewriteCommand(model, plan, found.rewrites, workspace)
  return (
    <section className="panel rewrite-plan" aria-label={say('rewrite.plan')}>
      <header className="panel-head"><h2 className="panel-title">{say('rewrite.plan')}</h2><span className="panel-note">{say(isUsed ? 'rewrite.plan.used' : own === undefined ? 'rewrite.plan.none' : 'rewrite.plan.other')}</span></header>
      {isStale ? <p className="plan-stale" role="status"><span aria-hidden="true">!</span> {say('rewrite.plan.stale')} <Link to="/calibrate?step=review">{say('rewrite.plan.calibrate')}</Link></p> : null}
      {hasSteps ? (
        <details className="plan-lines">
          <summary>{say('rewrite.plan.lines')}</summary>
          <pre className="mono" tabIndex={0} aria-label={say('rewrite.plan.recipe')}>{recipeLines(recipeOf(plan, found.rewrites))}</pre>
          <pre className="mono" tabIndex={0} aria-label={say('rewrite.plan.command')}>{command}</pre>
        </details>
      ) : null}
      <div className="plan-acts">
        {isUsed || proved?.isWhole === true ? null : <Button disabled={!hasSteps} title={isBroken ? say('rewrite.broken.keep') : say(repairs > 0 ? 'rewrite.use.repairs.what' : 'rewrite.use.what')} onClick={use}>{repairs > 0 ? say('rewrite.use.repairs', { count: repairs }) : say('rewrite.use')}</Button>}
        {own === undefined ? null : <Button title={say('rewrite.leave.what')} onClick={leave}>{say('rewrite.leave')}</Button>}
        {hasSteps ? <CopyButton text={() => `${JSON.stringify(planFileOf(preview, found.sha256), null, 2)}\n`} label={say('rewrite.plan.copy')} /> : null}
        {proved?.isWhole === true ? <a className="button" href={artifactPath(proved.run, 'rewrite-plan')} download="rewrite-plan.json"><IconDownload size={15} aria-hidden /> {say('rewrite.plan.download')}</a> : null}
        {proved?.isWhole === true ? <a className="button" href={artifactPath(proved.run, 'rewritten-model')} download="rewritten.onnx"><IconDownload size={15} aria-hidden /> {say('rewrite.model.download')}</a> : null}
        {hasSteps ? <CopyButton text={command} label={say('copy.cli')} /> : null}
      </div>
    </section>
  )
}
