import { useCallback, useState } from 'react'
import { Link, useNavigate, useSearchParams } from 'react-router'
import { isOver } from '../../app/live.ts'
import { Screen } from '../../app/screen.tsx'
import { call, useCall, type JobDetail } from '../../client.ts'
import { NoModel } from '../../project/no-model.tsx'
import { changeProject, project, recipeAt } from '../../project/project.ts'
import { useSay } from '../../texts/texts.ts'
import { Button } from '../../ui/button.tsx'
import { FaultNotice } from '../../ui/fault-notice.tsx'
import { useFaultWords } from '../../ui/fault-words.ts'
import { changed } from '../../ui/search.ts'
import { useWhyNot } from '../../ui/use-writable.ts'
import { roughSeconds, useCost, type Cost } from './cost.ts'
import { chosenMethods, linedJson } from './draft.ts'
import { MethodsStep } from './methods-step.tsx'
import { ResultStep } from './result-step.tsx'
import { ReviewStep } from './review-step.tsx'
import { RunStep } from './run-step.tsx'
import { SamplesStep } from './samples-step.tsx'
import { StepPath } from './step-path.tsx'
import { stepBeside, stepFrom, stepName } from './steps.ts'
import { TargetStep } from './target-step.tsx'
import { useDraft, type Draft } from './use-draft.ts'
import './calibrate.css'
import './settings.css'
import './job.css'

const NO_MODEL = { label: 'place.calibrate', title: 'calibrate.no-model', what: 'calibrate.no-model.what', choose: 'calibrate.no-model.choose', bundled: 'calibrate.no-model.bundled' } as const

/** From a model and its samples to runs: a path of steps, each a place of its own, all of them on the project's draft. */
export function CalibrateScreen() {
  const say = useSay()
  const draft = useDraft()
  const [parameters] = useSearchParams()
  const hasPlace = parameters.get('job') !== null || parameters.get('runs') !== null
  const crumbs = [{ name: say('place.calibrate') }]
  if (typeof draft.recipe['model'] !== 'string' && !hasPlace) return <Screen crumbs={crumbs}><NoModel {...NO_MODEL} /></Screen>
  return <Screen crumbs={crumbs}><Wizard draft={draft} /></Screen>
}

function Wizard({ draft }: { readonly draft: Draft }) {
  const [parameters, setParameters] = useSearchParams()
  const job = parameters.get('job') ?? draft.project.job?.id ?? null
  const step = stepFrom(parameters.get('step'), draft.project.job !== null)
  const methods = chosenMethods(draft.project)
  const cost = useCost(draft.recipe, methods.length)
  const { fault, isStarting, start } = useStart(methods)
  const done = useCallback((ended: JobDetail) => setParameters((known) => changed(known, { step: 'result', job: ended.id, runs: runsOf(ended).join(','), pick: '' }), { replace: true }), [setParameters])
  return (
    <div className="wizard">
      <StepPath draft={draft} step={step} methods={methods} cost={cost} />
      <div className="wizard-body" data-step={step}>
        {fault === null ? null : <FaultNotice fault={fault} />}
        {step === 'target' ? <TargetStep draft={draft} /> : null}
        {step === 'methods' ? <MethodsStep draft={draft} /> : null}
        {step === 'samples' ? <SamplesStep draft={draft} cost={cost} methods={methods.length} /> : null}
        {step === 'review' ? <ReviewStep draft={draft} methods={methods} /> : null}
        {step === 'run' ? <RunStep job={job} onDone={done} onAgain={start} /> : null}
        {step === 'result' ? <Results job={job} named={parameters.get('runs')} ran={draft.project.ran?.id ?? null} /> : null}
      </div>
      <WizardFoot draft={draft} step={step} methods={methods} cost={cost} isStarting={isStarting} onStart={start} />
    </div>
  )
}

/** Runs that a job gave and that can be compared. */
const runsOf = (job: JobDetail): readonly string[] => (job.runs.length > 0 ? job.runs.map(({ run }) => run) : job.run === null || job.state !== 'done' ? [] : [job.run])

function Results({ job: id, named, ran }: { readonly job: string | null; readonly named: string | null; readonly ran: string | null }) {
  const isNamed = named !== null && named !== ''
  const { data: job, isPending } = useCall('jobs.get', { id: id ?? '' }, { enabled: id !== null && !isNamed })
  if (isNamed) return <ResultStep runs={named.split(',')} />
  if (id !== null && isPending) return null
  const given = job === undefined || !isOver(job) ? [] : runsOf(job)
  return <ResultStep runs={given.length > 0 ? given : ran === null ? [] : [ran]} />
}

/** Starts the draft as a job and goes to it; the job stands in the address and in the project, so that a reload finds it. */
function useStart(methods: readonly string[]) {
  const navigate = useNavigate()
  const [fault, setFault] = useState<unknown>(null)
  const [isStarting, setStarting] = useState(false)
  async function begin(): Promise<void> {
    const { recipe, ran } = project()
    // What is shown may be a keystroke old: the recipe is checked once more as it stands now.
    const checked = await call('recipe.check', { text: linedJson(recipe).text })
    if (!checked.ok) return setFault(checked.fault)
    const parent = ran !== null && ran.recipe['model'] === recipe['model'] ? { parent: ran.id } : {}
    const spec = { recipe: checked.text, ...parent }
    const job = await call('jobs.start', methods.length > 1 ? { kind: 'methods', methods: [...methods], ...spec } : { kind: 'run', ...spec })
    changeProject({ job: { id: job.id, recipe } })
    await navigate(`/calibrate?step=run&job=${job.id}`)
  }
  function start(): void {
    setFault(null)
    setStarting(true)
    begin().catch(setFault).finally(() => setStarting(false))
  }
  return { fault, isStarting, start }
}

interface WizardFootProps {
  readonly draft: Draft
  readonly step: ReturnType<typeof stepFrom>
  readonly methods: readonly string[]
  readonly cost: Cost
  readonly isStarting: boolean
  readonly onStart: () => void
}

/** Back and on; on the review the one action that costs something, with what it costs. */
function WizardFoot({ draft, step, methods, cost, isStarting, onStart }: WizardFootProps) {
  const say = useSay()
  const [parameters] = useSearchParams()
  const whyNot = useWhyNot()
  const [before, after] = [stepBeside(step, -1), stepBeside(step, 1)]
  const to = (next: string): { search: string } => ({ search: `?${changed(parameters, { step: next }).toString()}` })
  const hasSamples = typeof recipeAt(draft.recipe, ['samples', 'calibration', 'path']) === 'string'
  const words = useFaultWords()
  const why = whyNot ?? (hasSamples ? draft.wrong && words(draft.wrong.fault).title : say('calibrate.samples.none'))
  const about = cost.seconds === null ? '' : say('calibrate.about', { seconds: roughSeconds(cost.seconds) })
  return (
    <footer className="wizard-foot">
      {before === undefined ? <span /> : <Link className="button" to={to(before)}>← {say(stepName(before))}</Link>}
      <span className="bar-space" />
      {step === 'review' ? (
        <>
          {why === null ? <span className="muted">{[cost.samples === null ? '' : say('calibrate.cost.samples', { count: cost.samples }), about].filter(Boolean).join(', ')}</span> : <span className="wizard-why" title={why}><span aria-hidden="true">!</span> {why}</span>}
          <Button tone="primary" disabled={why !== null || draft.whole === null || isStarting} onClick={onStart}>{methods.length > 1 ? say('calibrate.start.several', { count: methods.length }) : say('calibrate.start.one', { method: methods[0] ?? '' })}</Button>
        </>
      ) : after === undefined || step === 'run' ? null : <Link className="button" data-tone="primary" to={to(after)}>{say(stepName(after))} →</Link>}
    </footer>
  )
}
