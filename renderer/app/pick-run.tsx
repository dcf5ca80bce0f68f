import { Link, Navigate } from 'react-router'
import { useCall } from '../client.ts'
import { useProject } from '../project/project.ts'
import { useSay } from '../texts/texts.ts'
import { FaultNotice } from '../ui/fault-notice.tsx'
import { Screen } from './screen.tsx'

const LOOKED_AT = 50

/** A screen of a run, asked for without one: the project's run, else the newest that was measured, else what to do first. */
export function PickRun({ place }: { readonly place: 'layers' | 'compare' }) {
  const say = useSay()
  const { ran } = useProject()
  const { data, error } = useCall('runs.list', { status: 'done', limit: LOOKED_AT }, { enabled: ran === null })
  const run = ran?.id ?? data?.runs.find(({ quality }) => quality !== null)?.run
  if (run !== undefined) return <Navigate to={`/run/${run}/${place}`} replace />
  return (
    <Screen crumbs={[{ name: say(`place.${place}`) }]}>
      {error === null ? null : <FaultNotice fault={error} />}
      {data === undefined ? null : (
        <section className="panel empty">
          <h2>{say('pick-run.none')}</h2>
          <p>{say('pick-run.what')}</p>
          <p className="empty-acts"><Link className="button" data-tone="primary" to="/calibrate">{say('pick-run.calibrate')}</Link> <Link className="button" to="/">{say('jobs.none.next')}</Link></p>
        </section>
      )}
    </Screen>
  )
}

export const PickLayersRun = () => <PickRun place="layers" />
export const PickCompareRun = () => <PickRun place="compare" />
