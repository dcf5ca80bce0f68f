import { Link } from 'react-router'
import type { Run } from '../../client.ts'
import { useCall } from '../../client.ts'
import { recipeAt, useProject } from '../../project/project.ts'
import { useEngineWords } from '../../texts/engine-words.ts'
import { useSay, wordIn } from '../../texts/texts.ts'
import { FaultNotice } from '../../ui/fault-notice.tsx'
import { short } from '../../ui/format.ts'
import { FindingList, findingCounts } from '../../ui/finding-list.tsx'
import type { ChartView } from './address.ts'
import type { LayerDraft } from './draft.ts'
import { editorTo } from '../tune/views.ts'
import type { LayerRow } from './rows.ts'
import { ThresholdEditor } from './threshold-editor.tsx'
import { WeightView } from './weight-view.tsx'
import { shortType } from './columns.tsx'

interface TensorPanelProps {
  readonly run: Run
  readonly row: LayerRow | undefined
  readonly draft: LayerDraft | undefined
  /** Why nothing can be asked about tensors of this run. */
  readonly planFault: unknown
  readonly view: ChartView
  readonly onView: (change: Partial<ChartView>) => void
  readonly onDraft: (draft: LayerDraft | null, tag?: string) => void
}

/** The tensor that is looked at: its values, its range, and what else could be done with it. */
export function TensorPanel({ run, row, draft, planFault, view, onView, onDraft }: TensorPanelProps) {
  const say = useSay()
  const words = useEngineWords()
  const { ran } = useProject()
  const statistics = useCall('statistics.tensors', { run: run.run }, { enabled: planFault === null })
  const name = row === undefined ? undefined : (row.plan?.seenAs ?? row.tensor)
  const seen = statistics.data?.tensors.find(({ tensor }) => tensor === name)
  if (row === undefined) return <div className="tensor-body"><p className="tensor-empty">{say('layers.pick')}</p></div>
  const lines = recipeAt((run.recipe ?? {}) as Record<string, unknown>, ['quantize', 'layers', row.tensor])
  const currentScale = lines !== null && typeof lines === 'object' && 'th_scale' in lines && typeof lines.th_scale === 'number' ? lines.th_scale : 1
  return (
    <>
      <header className="panel-head tensor-head">
        <h2 className="mono tensor-name" title={row.tensor}>{row.tensor}</h2>
        <span className="panel-note" title={words(row.reason).text}>{[row.op, row.kind === 'activation' ? '' : wordIn(say, 'kind', row.kind), shortType(row.type), seen === undefined ? '' : say('layers.seen', { count: short(seen.count) })].filter(Boolean).join(' · ')}</span>
        {row.kind === 'activation' && ran?.id === run.run ? <Link to={editorTo(row.plan?.layer || row.tensor)}>{say('tune.knobs')}</Link> : null}
      </header>
      <div className="tensor-body">
        {row.ties.length > 0 ? <p className="tensor-ties" title={row.ties.join('\n')}>{say('layers.ties', { count: row.ties.length, names: row.ties.slice(0, 3).join(', ') + (row.ties.length > 3 ? ' …' : '') })}</p> : null}
        {(planFault ?? statistics.error) === null ? null : <FaultNotice fault={planFault ?? statistics.error} />}
        <Findings run={run} row={row} />
        {row.kind !== 'activation' ? <WeightView row={row} /> : null}
        {row.kind === 'activation' && row.plan !== undefined && statistics.data !== undefined && seen === undefined ? <p className="readout-float">{say('layers.not-seen')}</p> : null}
        {row.kind === 'activation' && row.plan !== undefined && seen !== undefined ? (
          <ThresholdEditor key={row.key} run={run.run} row={row} plan={row.plan} seen={seen} draft={draft} currentScale={currentScale} view={view} onView={onView} onDraft={onDraft} />
        ) : null}
      </div>
    </>
  )
}

/** What the run's audit says of this tensor, or of the node that makes it. */
function Findings({ run, row }: { readonly run: Run; readonly row: LayerRow }) {
  const say = useSay()
  const own = (run.findings ?? []).filter(({ tensor, node }) => tensor === row.tensor || (row.kind === 'activation' && node !== '' && node === row.node))
  if (own.length === 0) return null
  return (
    <details className="tensor-findings" data-severity={['error', 'warning'].find((severity) => own.some((each) => each.severity === severity))} key={row.key}>
      <summary>{say('findings')} <span className="number">{findingCounts(say, own)}</span></summary>
      <FindingList findings={own} model={run.model?.path} />
    </details>
  )
}
