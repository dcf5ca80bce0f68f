import { lazy, Suspense } from 'react'
import { useParams, useSearchParams } from 'react-router'
import { Screen } from '../../app/screen.tsx'
import { useCall, type Run } from '../../client.ts'
import { useSay, type TextKey } from '../../texts/texts.ts'
import { CopyButton } from '../../ui/copy-button.tsx'
import { FaultNotice } from '../../ui/fault-notice.tsx'
import { modelName, shortRun } from '../../ui/format.ts'
import { changed } from '../../ui/search.ts'
import { commandOf } from './command.ts'
import { Overview } from './overview.tsx'
import { RecordView } from './record-view.tsx'
import { RunHead } from './run-head.tsx'
import { ScalesView } from './scales-view.tsx'
import './run.css'

const LayersView = lazy(async () => ({ default: (await import('./layers-view.tsx')).LayersView }))

const VIEWS = ['overview', 'layers', 'scales', 'record'] as const
type RunView = (typeof VIEWS)[number]

/** Views that the run has something for. */
const viewsOf = (run: Run): readonly RunView[] =>
  VIEWS.filter((view) => (view === 'layers' ? (run.layers?.length ?? 0) > 0 : view === 'scales' ? (run.scales?.length ?? 0) > 0 : true))

const viewName = (view: RunView): TextKey => `run.${view}`

/** One recorded run: what it was, what it gave, and everything that belongs to it. */
export function RunScreen() {
  const say = useSay()
  const { run: id = '' } = useParams()
  const [parameters, setParameters] = useSearchParams()
  const { data, error } = useCall('runs.show', { run: id })
  const workspace = useCall('app.info', {}).data?.workspace
  const set = (change: Readonly<Record<string, string>>) => setParameters((known) => changed(known, change), { replace: true })
  const crumbs = [{ name: say('history'), to: '/history' }, { name: data === undefined ? say('run') : modelName(data.run.model?.path) }, { name: shortRun(id), mono: true }]
  if (data === undefined) return <Screen crumbs={crumbs}>{error === null ? null : <FaultNotice fault={error} />}</Screen>

  const { run } = data
  const views = viewsOf(run)
  const view = views.find((each) => each === parameters.get('view')) ?? 'overview'
  const tabs = (
    <div className="tabs" role="tablist" aria-label={say('run.views')}>
      {views.map((each) => (
        <button
          key={each} type="button" role="tab" id={`tab-${each}`} aria-controls="run-view" aria-selected={each === view} tabIndex={each === view ? 0 : -1}
          onClick={() => set({ view: each === 'overview' ? '' : each, sort: '', q: '' })}
          onKeyDown={(event) => turn(event.key, views, view, (next) => { set({ view: next, sort: '', q: '' }); document.querySelector<HTMLElement>(`#tab-${next}`)?.focus() })}
        >
          {say(viewName(each))}
        </button>
      ))}
    </div>
  )
  return (
    <Screen
      crumbs={crumbs} steps={tabs}
      action={workspace === undefined ? null : <CopyButton text={commandOf(run, workspace)} label={say('copy.cli')} />}
    >
      <div className="run">
        <RunHead run={run} tags={data.tags} archived={data.archived} />
        <div className="run-view" id="run-view" role="tabpanel" aria-labelledby={`tab-${view}`}>
          {view === 'overview' ? <Overview run={run} onView={(next) => set({ view: next })} /> : null}
          {view === 'layers' ? (
            <Suspense fallback={null}>
              <LayersView
                layers={run.layers ?? []} mode={parameters.get('mode') === 'alone' ? 'alone' : 'accumulated'} sort={parameters.get('sort') ?? ''} text={parameters.get('q') ?? ''}
                onChange={set}
              />
            </Suspense>
          ) : null}
          {view === 'scales' ? <ScalesView scales={run.scales ?? []} sort={parameters.get('sort') ?? ''} text={parameters.get('q') ?? ''} onChange={set} /> : null}
          {view === 'record' ? <RecordView run={run} /> : null}
        </div>
      </div>
    </Screen>
  )
}

function turn(key: string, views: readonly RunView[], view: RunView, go: (view: RunView) => void): void {
  const by = key === 'ArrowRight' ? 1 : key === 'ArrowLeft' ? -1 : 0
  const next = views[(views.indexOf(view) + by + views.length) % views.length]
  if (by !== 0 && next !== undefined) go(next)
}
