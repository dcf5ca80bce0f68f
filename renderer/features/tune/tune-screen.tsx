import { useEffect, useRef } from 'react'
import { Link } from 'react-router'
import { isOver } from '../../app/live.ts'
import { Screen } from '../../app/screen.tsx'
import { useCall, type Run } from '../../client.ts'
import { NoModel } from '../../project/no-model.tsx'
import { useProject } from '../../project/project.ts'
import { useSay, type TextKey } from '../../texts/texts.ts'
import { Empty } from '../../ui/empty.tsx'
import { FaultNotice } from '../../ui/fault-notice.tsx'
import { modelName } from '../../ui/format.ts'
import { useAddress, type ChangeAddress } from '../../ui/use-address.ts'
import { EditorView } from './editor-view.tsx'
import { JobStrip } from './job-strip.tsx'
import { NextView } from './next-view.tsx'
import { ParetoView } from './pareto-view.tsx'
import { SearchView } from './search-view.tsx'
import { SensitivityView } from './sensitivity-view.tsx'
import { useTuneJob, type TuneJob } from './use-tune-job.ts'
import { useTuneRuns, type TunedRun } from './use-tune-runs.ts'
import { TUNE_VIEWS, viewFrom, type TuneView } from './views.ts'
import '../layers/layers.css'
import './tune.css'
import './tune-forms.css'

const NO_MODEL = { label: 'place.tune', title: 'tune.no-model', what: 'tune.no-model.what', choose: 'tune.no-model.choose', bundled: 'tune.no-model.bundled' } as const
const NAMES: Readonly<Record<TuneView, TextKey>> = { next: 'tune.next', sensitivity: 'tune.sensitivity', editor: 'tune.editor', search: 'tune.search', pareto: 'tune.pareto' }

/** What every part of the screen works on. */
export interface TunePart {
  readonly model: string
  /** The project's run: what is tuned. */
  readonly run: Run
  /** Runs of tuning of this model, the newest first. */
  readonly runs: readonly TunedRun[]
  readonly work: TuneJob
  /** The project's recipe as a file's text. */
  readonly recipe: string
  readonly parameters: URLSearchParams
  readonly set: ChangeAddress
}

/** What loses most, and what would lose less: diagnosis, sensitivity, layers, search, plans. */
export function TuneScreen() {
  const say = useSay()
  const { recipe, ran } = useProject()
  const model = recipe['model']
  const crumbs = [{ name: say('place.tune') }]
  if (typeof model !== 'string') return <Screen crumbs={crumbs}><NoModel {...NO_MODEL} /></Screen>
  if (ran === null || ran.recipe['model'] !== model) {
    return (
      <Screen crumbs={[...crumbs, { name: modelName(model) }]}>
        <Empty title={say('tune.no-run')} what={say('tune.no-run.what')}><Link className="button" data-tone="primary" to="/calibrate">{say('pick-run.calibrate')}</Link></Empty>
      </Screen>
    )
  }
  return <Tuning model={model} ran={ran.id} key={model} />
}

function Tuning({ model, ran }: { readonly model: string; readonly ran: string }) {
  const say = useSay()
  const [parameters, set] = useAddress()
  const { recipe } = useProject()
  const view = viewFrom(parameters.get('view'))
  const { data, error } = useCall('runs.show', { run: ran })
  const found = useTuneRuns(model)
  const work = useTuneJob(parameters.get('job'), (job) => set({ job }))
  useEnded(work, () => set({ of: '' }))
  const crumbs = [{ name: say('place.tune') }, { name: modelName(model) }]
  const part: TunePart | undefined = data && { model, run: data.run, runs: found.runs, work, recipe: JSON.stringify(recipe), parameters, set }
  return (
    <Screen crumbs={crumbs} steps={<Tabs view={view} onView={(next) => set({ view: next === 'next' ? '' : next })} />}>
      <div className="tune" id="tune-view" role="tabpanel" aria-labelledby={`tab-tune-${view}`}>
        {(error ?? found.error) === null ? null : <FaultNotice fault={error ?? found.error}><Link className="button" to="/calibrate">{say('pick-run.calibrate')}</Link></FaultNotice>}
        <JobStrip work={work} />
        {part === undefined || !found.isKnown ? null : <View view={view} part={part} />}
      </div>
    </Screen>
  )
}

function View({ view, part }: { readonly view: TuneView; readonly part: TunePart }) {
  switch (view) {
    case 'next': return <NextView {...part} />
    case 'sensitivity': return <SensitivityView {...part} />
    case 'editor': return <EditorView {...part} />
    case 'search': return <SearchView {...part} />
    case 'pareto': return <ParetoView {...part} />
  }
}

/** A job that ends while it is watched brings its run into view: the newest is looked at. */
function useEnded({ job }: TuneJob, act: () => void): void {
  const watched = useRef<string | null>(null)
  const latest = useRef(act)
  useEffect(() => { latest.current = act })
  useEffect(() => {
    if (job === undefined) return
    if (!isOver(job)) watched.current = job.id
    else if (watched.current === job.id) {
      watched.current = null
      latest.current()
    }
  }, [job])
}

function Tabs({ view, onView }: { readonly view: TuneView; readonly onView: (view: TuneView) => void }) {
  const say = useSay()
  function turn(key: string): void {
    const by = key === 'ArrowRight' ? 1 : key === 'ArrowLeft' ? -1 : 0
    const next = TUNE_VIEWS[(TUNE_VIEWS.indexOf(view) + by + TUNE_VIEWS.length) % TUNE_VIEWS.length]
    if (by === 0 || next === undefined) return
    onView(next)
    requestAnimationFrame(() => document.querySelector<HTMLElement>(`#tab-tune-${next}`)?.focus())
  }
  return (
    <div className="tabs" role="tablist" aria-label={say('tune.parts')}>
      {TUNE_VIEWS.map((each) => (
        <button key={each} type="button" role="tab" id={`tab-tune-${each}`} aria-controls="tune-view" aria-selected={each === view} tabIndex={each === view ? 0 : -1} onClick={() => onView(each)} onKeyDown={(event) => turn(event.key)}>
          {say(NAMES[each])}
        </button>
      ))}
    </div>
  )
}
