import { useNavigate } from 'react-router'
import type { Run } from '../client.ts'
import { useSay } from '../texts/texts.ts'

export const RUN_VIEWS = ['overview', 'layers', 'compare', 'scales', 'lineage', 'record'] as const
export type RunView = (typeof RUN_VIEWS)[number]

/** Layers and pictures have screens of their own. */
export const hasOwnScreen = (view: RunView): view is 'layers' | 'compare' => view === 'layers' || view === 'compare'

/** Views that the run has something for. */
export const viewsOf = (run: Run): readonly RunView[] =>
  RUN_VIEWS.filter((view) => {
    if (view === 'layers') return (run.scales?.length ?? 0) + (run.layers?.length ?? 0) > 0
    if (view === 'compare') return run.artifacts?.some(({ role }) => role === 'quantized-model') ?? false
    return view === 'scales' ? (run.scales?.length ?? 0) > 0 : true
  })

/** Where a view of a run is. */
export const viewTo = (run: string, view: RunView): string => (hasOwnScreen(view) ? `/run/${run}/${view}` : view === 'overview' ? `/run/${run}` : `/run/${run}?view=${view}`)

interface RunTabsProps {
  readonly run: Run
  readonly view: RunView
}

/** The parts of a run, in the bar of each of them. */
export function RunTabs({ run, view }: RunTabsProps) {
  const say = useSay()
  const navigate = useNavigate()
  const views = viewsOf(run)
  // Views of one screen are one step of the browser's history.
  const replacing = (next: RunView) => ({ replace: !hasOwnScreen(view) && !hasOwnScreen(next) })
  function turn(key: string): void {
    const by = key === 'ArrowRight' ? 1 : key === 'ArrowLeft' ? -1 : 0
    const next = views[(views.indexOf(view) + by + views.length) % views.length]
    if (by === 0 || next === undefined) return
    void Promise.resolve(navigate(viewTo(run.run, next), replacing(next))).then(() => requestAnimationFrame(() => document.querySelector<HTMLElement>(`#tab-${next}`)?.focus()))
  }
  return (
    <div className="tabs" role="tablist" aria-label={say('run.views')}>
      {views.map((each) => (
        <button
          key={each} type="button" role="tab" id={`tab-${each}`} aria-controls="run-view" aria-selected={each === view} tabIndex={each === view ? 0 : -1}
          onClick={() => void navigate(viewTo(run.run, each), replacing(each))} onKeyDown={(event) => turn(event.key)}
        >
          {say(`run.${each}`)}
        </button>
      ))}
    </div>
  )
}
