import { useParams } from 'react-router'
import { Screen } from '../../app/screen.tsx'
import { useCall, type Run } from '../../client.ts'
import { useSay } from '../../texts/texts.ts'
import { Empty } from '../../ui/empty.tsx'
import { FaultNotice } from '../../ui/fault-notice.tsx'
import { modelName, shortRun } from '../../ui/format.ts'
import { RunTabs } from '../../ui/run-tabs.tsx'
import { PictureCompare } from './picture-compare.tsx'
import { VectorCompare } from './vector-compare.tsx'
import { useEarlyKeys } from './use-compare-keys.ts'
import './compare.css'
import './compare-side.css'

/** What the versions of a run's model make of its samples. */
export function CompareScreen() {
  const say = useSay()
  const { run: id = '' } = useParams()
  useEarlyKeys()
  const { data, error } = useCall('runs.show', { run: id })
  const crumbs = [{ name: say('history'), to: '/history' }, { name: data === undefined ? say('run') : modelName(data.run.model?.path) }, { name: shortRun(id), mono: true }]
  if (data === undefined) return <Screen crumbs={crumbs}>{error === null ? null : <FaultNotice fault={error} />}</Screen>
  return (
    <Screen crumbs={crumbs} steps={<RunTabs run={data.run} view="compare" />}>
      <div id="run-view" className="compare-view" role="tabpanel" aria-labelledby="tab-compare"><Compared key={data.run.run} run={data.run} /></div>
    </Screen>
  )
}

function Compared({ run }: { readonly run: Run }) {
  const say = useSay()
  const holdsModel = run.artifacts?.some(({ role }) => role === 'quantized-model') ?? false
  const { data, error } = useCall('pictures.list', { run: run.run }, { enabled: holdsModel, staleTime: Infinity })
  if (!holdsModel) {
    return (
      <Empty title={say('compare.no-model')} what={say('compare.no-model.what')}>
        <a className="button" data-tone="primary" href="#/calibrate">{say('place.calibrate')}</a>
      </Empty>
    )
  }
  if (error !== null) {
    return <FaultNotice fault={error}><a className="button" href={`#/run/${run.run}`}>{say('compare.to-run')}</a><a className="button" href="#/samples">{say('place.samples')}</a></FaultNotice>
  }
  if (data === undefined) return <section className="panel empty" role="status">{say('compare.opening')}</section>
  return data.kind === 'picture' ? <PictureCompare run={run} list={data} /> : <VectorCompare run={run} list={data} />
}
