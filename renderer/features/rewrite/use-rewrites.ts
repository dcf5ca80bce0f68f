import { useQuery } from '@tanstack/react-query'
import { useDeferredValue, useMemo } from 'react'
import type { RecipeJson, ReplyOf, RewritePreview, RewriteWish } from '../../../preload/contract/index.ts'
import { artifactBytes, artifactPath, call, useCall } from '../../client.ts'
import { unrewrittenText } from '../../project/project-text.ts'
import { autoPlan, optionsFrom, planFrom, planOfRecipe, wishesOf, type Plan } from './plan.ts'
import { measuresFrom, planFileFrom, provedBy, type Proved, type ProvedRun } from './proved.ts'

export interface Rewrites {
  /** The draft without what it rewrites: the model as it came is what is looked at. */
  readonly recipe: string
  readonly found: ReplyOf<'rewrites.find'> | undefined
  /** What is ticked; empty until it is known what there is. */
  readonly plan: Plan
  /** The plan as the calls take it; a moment old while a tick is drawn. */
  readonly wishes: readonly RewriteWish[]
  /** The ticks as they were at the preview may be a moment old. */
  readonly preview: RewritePreview | undefined
  readonly isOld: boolean
  readonly proved: Proved | null
  readonly findFault: unknown
  readonly previewFault: unknown
}

const NO_PLAN: Plan = {}

/** Rewrites of the draft's model, what the ticked ones would make of it, and what is proved of that already. */
export function useRewrites(draft: RecipeJson, parameters: URLSearchParams): Rewrites {
  const recipe = useMemo(() => unrewrittenText(draft), [draft])
  const finding = useCall('rewrites.find', { recipe }, { staleTime: Infinity })
  const found = finding.data
  const [planned, only, options] = [parameters.get('plan'), parameters.get('only'), parameters.get('options')]
  const own = draft['rewrite']
  const plan = useMemo(() => {
    if (found === undefined) return NO_PLAN
    const ofProject = planOfRecipe(own, found.rewrites)
    // What a finding led to joins the project's plan, and stands alone where there is none.
    return planFrom(planned) ?? (only === null ? (ofProject ?? autoPlan(found.rewrites)) : { ...ofProject, [only]: { ...ofProject?.[only], ...optionsFrom(options) } })
  }, [found, planned, only, options, own])
  const wishes = useDeferredValue(useMemo(() => wishesOf(plan, found?.rewrites ?? []), [plan, found]))
  const looking = useCall('rewrites.preview', { recipe, wishes }, { enabled: found !== undefined, staleTime: Infinity, keepPrevious: true })
  const preview = looking.error === null ? looking.data : undefined
  const runs = useProvedRuns(found?.sha256)
  const proved = useMemo(() => (preview === undefined || found === undefined ? null : provedBy(preview, found.sha256, runs)), [preview, found, runs])
  return { recipe, found, plan, wishes, preview, isOld: looking.isPlaceholderData || looking.isFetching, proved, findFault: finding.error, previewFault: looking.error }
}

const LOOKED_AT = 8
const NO_RUNS: readonly ProvedRun[] = []

/** The newest runs that rewrote this model, each with its plan. Among the lists of runs, so that it is asked again when a run ended. */
function useProvedRuns(sha256: string | undefined): readonly ProvedRun[] {
  return useQuery({
    queryKey: ['runs.list', { plansOf: sha256 }], enabled: sha256 !== undefined,
    queryFn: async ({ signal }) => {
      const { runs } = await call('runs.list', { model: sha256!, verb: 'rewrite', status: 'done', limit: LOOKED_AT }, signal)
      return Promise.all(runs.map(async ({ run: id }): Promise<ProvedRun> => {
        const textOf = async (role: string): Promise<string> => (await artifactBytes(artifactPath(id, role), signal)).text()
        const [{ run }, plan] = await Promise.all([call('runs.show', { run: id }, signal), textOf('rewrite-plan')])
        const isMeasured = run.artifacts?.some(({ role }) => role === 'repair-measures') === true
        return { run, plan: planFileFrom(plan), measures: isMeasured ? measuresFrom(await textOf('repair-measures')) : [] }
      }))
    },
  }).data ?? NO_RUNS
}
