import { createHashRouter, useRouteError } from 'react-router'
import { HomeScreen } from '../features/home/home-screen.tsx'
import { useSay } from '../texts/texts.ts'
import { Button } from '../ui/button.tsx'
import { FaultNotice } from '../ui/fault-notice.tsx'
import { Frame } from './frame.tsx'
import { PickCompareRun, PickLayersRun } from './pick-run.tsx'
import { Screen } from './screen.tsx'

/** Addresses stand behind `#`, so that any door can serve them from one file. Made once the token is out of the address. */
export const openRouter = () => createHashRouter([
  {
    path: '/',
    Component: Frame,
    children: [
      {
        ErrorBoundary: RouteFault,
        HydrateFallback: Nothing,
        children: [
          { index: true, Component: HomeScreen },
          { path: 'model', lazy: async () => ({ Component: (await import('../features/model/model-screen.tsx')).ModelScreen }) },
          { path: 'open', lazy: async () => ({ Component: (await import('../features/open/open-screen.tsx')).OpenScreen }) },
          { path: 'samples', lazy: async () => ({ Component: (await import('../features/samples/samples-screen.tsx')).SamplesScreen }) },
          { path: 'rewrite', lazy: async () => ({ Component: (await import('../features/rewrite/rewrite-screen.tsx')).RewriteScreen }) },
          { path: 'export', lazy: async () => ({ Component: (await import('../features/export/export-screen.tsx')).ExportScreen }) },
          { path: 'tune', lazy: async () => ({ Component: (await import('../features/tune/tune-screen.tsx')).TuneScreen }) },
          { path: 'calibrate', lazy: async () => ({ Component: (await import('../features/calibrate/calibrate-screen.tsx')).CalibrateScreen }) },
          { path: 'run/:run/layers', lazy: async () => ({ Component: (await import('../features/layers/layers-screen.tsx')).LayersScreen }) },
          { path: 'run/:run/compare', lazy: async () => ({ Component: (await import('../features/compare/compare-screen.tsx')).CompareScreen }) },
          { path: 'layers', Component: PickLayersRun },
          { path: 'compare', Component: PickCompareRun },
          { path: 'history', lazy: async () => ({ Component: (await import('../features/history/history-screen.tsx')).HistoryScreen }) },
          { path: 'diff/:runs', lazy: async () => ({ Component: (await import('../features/history/diff-screen.tsx')).DiffScreen }) },
          { path: 'diff/:a/:b', lazy: async () => ({ Component: (await import('../features/history/diff-screen.tsx')).DiffScreen }) },
          { path: 'run/:run', lazy: async () => ({ Component: (await import('../features/run/run-screen.tsx')).RunScreen }) },
          { path: 'jobs', lazy: async () => ({ Component: (await import('../features/jobs/jobs-screen.tsx')).JobsScreen }) },
          { path: '*', Component: NoSuchPlace },
        ],
      },
    ],
  },
])

function Nothing() {
  return null
}

/** How browsers say that a screen's file did not come: nobody answers, or the program was replaced by another version. */
const NOT_FETCHED = /dynamically imported module|importing a module script|preload/i

function RouteFault() {
  const say = useSay()
  const error = useRouteError()
  const isFetch = error instanceof Error && NOT_FETCHED.test(error.message)
  const fault = isFetch ? { code: 'engine.unreachable', what: 'the file of this screen did not come', next: 'Check that Scalewright still runs, then reload the window.' } : error
  return (
    <Screen crumbs={[{ name: say('fault.title') }]}>
      <FaultNotice fault={fault}>{isFetch ? <Button onClick={() => location.reload()}>{say('fault.reload')}</Button> : null}</FaultNotice>
    </Screen>
  )
}

function NoSuchPlace() {
  const say = useSay()
  return (
    <Screen crumbs={[{ name: say('place.none') }]}>
      <section className="panel empty"><h2>{say('place.none')}</h2><a className="button" href="#/">{say('home')}</a></section>
    </Screen>
  )
}
