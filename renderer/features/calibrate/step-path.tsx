import { useMemo } from 'react'
import { Link, useSearchParams } from 'react-router'
import { useJobs } from '../../app/live.ts'
import { useSay, wordIn, type Say } from '../../texts/texts.ts'
import { changed } from '../../ui/search.ts'
import type { Cost } from './cost.ts'
import { settingsOf, stepOfKey } from './draft.ts'
import { stepName, WIZARD_STEPS, type WizardStep } from './steps.ts'
import type { Draft } from './use-draft.ts'

interface StepPathProps {
  readonly draft: Draft
  readonly step: WizardStep
  readonly methods: readonly string[]
  readonly cost: Cost
}

/** All steps and what each of them says so far; any of them can be gone to at any time. */
export function StepPath({ draft, step, methods, cost }: StepPathProps) {
  const say = useSay()
  const [parameters] = useSearchParams()
  const { whole, defaults } = draft
  const settings = useMemo(() => (whole === null || defaults === undefined ? 0 : settingsOf(whole.recipe, defaults).length), [whole, defaults])
  const job = useJobs().find(({ id }) => id === (parameters.get('job') ?? draft.project.job?.id))
  const says = (each: WizardStep): string => {
    if (each === 'review') return settings === 0 ? '' : say('calibrate.says.changed', { count: settings })
    if (each === 'run') return job === undefined ? '' : wordIn(say, 'status', job.state)
    if (each === 'result') return job?.recommendation?.method ?? ''
    return saysOf(say, each, draft, methods, cost)
  }
  const wrong = draft.wrong === null ? null : (stepOfKey(draft.wrong.path) ?? 'review')
  return (
    <nav className="panel wizard-path" aria-label={say('calibrate.path')}>
      <ol>
        {WIZARD_STEPS.map((each, index) => (
          <li key={each}>
            <Link to={{ search: `?${changed(parameters, { step: each }).toString()}` }} className="wizard-step" aria-current={each === step ? 'step' : undefined} data-wrong={each === wrong || undefined}>
              <span className="wizard-number" aria-hidden="true">{each === wrong ? '✕' : index + 1}</span>
              <span className="wizard-name">{say(stepName(each))}{each === wrong ? <span className="unseen">, {say('calibrate.wrong')}</span> : null}</span>
              {says(each) === '' ? null : <span className="wizard-says" title={says(each)}>{says(each)}</span>}
            </Link>
          </li>
        ))}
      </ol>
    </nav>
  )
}

function saysOf(say: Say, step: WizardStep, draft: Draft, methods: readonly string[], cost: Cost): string {
  if (step === 'target') {
    const { at } = draft
    const type = at(['quantize', 'activations', 'type'])
    return `${String(at(['board']) ?? '')} · ${typeof type === 'string' ? type : say('calibrate.bits-count', { count: Number(at(['quantize', 'activations', 'bits']) ?? 8) })}`
  }
  if (step === 'methods') return methods.join(', ')
  if (step === 'samples') return cost.samples === null ? '' : say('calibrate.cost.samples', { count: cost.samples })
  return ''
}
