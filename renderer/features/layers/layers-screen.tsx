import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { Link, useParams } from 'react-router'
import { Screen } from '../../app/screen.tsx'
import { call, useCall, type Run } from '../../client.ts'
import { useSay } from '../../texts/texts.ts'
import { Empty } from '../../ui/empty.tsx'
import { FaultNotice } from '../../ui/fault-notice.tsx'
import { modelName, shortRun } from '../../ui/format.ts'
import { RunTabs } from '../../ui/run-tabs.tsx'
import { changed } from '../../ui/search.ts'
import { useAddress } from '../../ui/use-address.ts'
import { chartChange, keyInAddress, readAddress, type LayersAddress } from './address.ts'
import { ApplyBar } from './apply-bar.tsx'
import { changeOf, draftsOf, edited, redone, undone, withoutDrafts, type Drafts } from './draft.ts'
import { useDraftLog } from './draft-store.ts'
import { LayerFigures, ParentLine } from './figures.tsx'
import { LayerTable } from './layer-table.tsx'
import { joinedRows, withDrafts, worstOf, type LayerRow } from './rows.ts'
import { TensorPanel } from './tensor-panel.tsx'
import { useChildRun } from './use-child-run.ts'
import { useUndoKeys } from './use-editor-keys.ts'
import './layers.css'
import './histogram.css'

/** Every layer of a run: where the error comes from, and what would change it. */
export function LayersScreen() {
  const say = useSay()
  const { run: id = '' } = useParams()
  const { data, error } = useCall('runs.show', { run: id }, { enabled: id !== '' })
  const crumbs = [{ name: say('history'), to: '/history' }, { name: data === undefined ? say('run') : modelName(data.run.model?.path), ...(data === undefined ? {} : { to: `/run/${data.run.run}` }) }, { name: shortRun(id), mono: true }]
  if (data === undefined) return <Screen crumbs={crumbs}>{error === null ? null : <FaultNotice fault={error} />}</Screen>
  const { run } = data
  const hasRows = (run.scales?.length ?? 0) + (run.layers?.length ?? 0) > 0
  return (
    <Screen crumbs={crumbs} steps={<RunTabs run={run} view="layers" />}>
      {hasRows ? <Layers run={run} key={run.run} /> : (
        <Empty id="run-view" title={say('layers.nothing')} what={say('layers.nothing.what')}><Link className="button" data-tone="primary" to={`/run/${run.run}`}>{say('job.show-run')}</Link></Empty>
      )}
    </Screen>
  )
}

const NO_PLAN: readonly never[] = []

function Layers({ run }: { readonly run: Run }) {
  const [parameters, set] = useAddress()
  const address = useMemo(() => readAddress(parameters), [parameters])
  const planned = useCall('layers.plan', { run: run.run })
  const plan = planned.data?.tensors ?? NO_PLAN
  const parent = useCall('runs.show', { run: run.parent ?? '' }, { enabled: run.parent !== null }).data?.run
  const mode = modeOf(run, address)
  const bare = useMemo(() => joinedRows({ run, plan, mode, parent }), [run, plan, mode, parent])
  const parentRows = useMemo(() => (parent === undefined ? undefined : joinedRows({ run: parent, plan: NO_PLAN, mode, parent: undefined })), [parent, mode])

  const [log, change] = useDraftLog(run.run)
  const drafts = useMemo(() => draftsOf(log), [log])
  const rows = useMemo(() => withDrafts(bare, drafts), [bare, drafts])
  const worst = useMemo(() => worstOf(bare), [bare])
  const row = rowAt(rows, address.tensor, worst)
  // A draft of any tensor of a scale is the scale's: it is changed where it was begun.
  const owner = row === undefined ? '' : ([row.tensor, ...row.ties].find((tensor) => drafts[tensor] !== undefined) ?? row.tensor)
  const below = useBelow(run.run, drafts, bare)
  const child = useChildRun({ run: run.run, jobId: address.job, onJob: (job) => set({ job: job ?? '' }), search: () => searchOf(parameters) })
  const undo = (): void => change(undone)
  const redo = (): void => change(redone)
  useUndoKeys(undo, redo)

  return (
    <div className="layers-screen" id="run-view" role="tabpanel" aria-labelledby="tab-layers">
      <div className="layers-left">
        {parent === undefined ? null : <ParentLine run={run} parent={parent} search={searchOf(parameters)} />}
        <LayerTable rows={rows} address={{ ...address, mode, tensor: address.tensor || (row === undefined ? '' : row.key.replace(/^activation /, '')) }} hasParent={parent !== undefined} hasErrors={hasBoth(run)} set={set} />
        <section className="panel layers-foot"><LayerFigures run={run} parent={parent} rows={bare} parentRows={parentRows} /></section>
      </div>
      <section className="panel layers-right" aria-label={row?.tensor ?? ''}>
        <TensorPanel
          run={run} row={row} draft={drafts[owner]} planFault={planned.error} view={address.chart} onView={(next) => set(chartChange(next))}
          onDraft={(draft, tag) => change((known) => edited(known, { [owner]: draft }, tag))}
        />
        {planned.error === null ? (
          <ApplyBar
            drafts={drafts} below={below.data} isWaiting={below.isPlaceholderData || child.isStarting} fault={child.fault ?? below.error} job={child.job} canUndo={log.done > 0} canRedo={log.done < log.edits.length} onUndo={undo} onRedo={redo}
            onRemove={(tensor) => change((known) => edited(known, { [tensor]: null }))} onReset={() => change(withoutDrafts)} onShow={(tensor) => set({ tensor })}
            onApply={() => { if (below.data !== undefined) child.start(below.data.recipe) }}
          />
        ) : null}
      </section>
    </div>
  )
}

const hasBoth = ({ layers = [] }: Run): boolean => layers.some(({ mode }) => mode === 'alone') && layers.some(({ mode }) => mode === 'accumulated')

/** The mode that is asked for, where it was measured. */
const modeOf = ({ layers = [] }: Run, { mode }: LayersAddress): LayersAddress['mode'] =>
  layers.length === 0 || layers.some((layer) => layer.mode === mode) ? mode : mode === 'alone' ? 'accumulated' : 'alone'

/** The row that the address names; the worst where it names none, or the first. */
const rowAt = (rows: readonly LayerRow[], tensor: string, worst: LayerRow | undefined): LayerRow | undefined =>
  tensor === '' ? rows.find(({ key }) => key === worst?.key) ?? rows[0] : rows.find(({ key }) => key === keyInAddress(tensor))

/** What holds for a child too: everything but the job. */
function searchOf(parameters: URLSearchParams): string {
  const text = changed(parameters, { job: '' }).toString()
  return text === '' ? '' : `?${text}`
}

/** What the drafts reach; the answer before stays while the next one is on its way. */
function useBelow(run: string, drafts: Drafts, rows: readonly LayerRow[]) {
  const layers = useMemo(() => Object.fromEntries(Object.entries(drafts).map(([tensor, draft]) => {
    const row = rows.find((each) => each.kind === 'activation' && each.tensor === tensor)
    return [tensor, changeOf(draft, { lo: row?.lo ?? 0, hi: row?.hi ?? 0, method: row?.method ?? '' })]
  })), [drafts, rows])
  const isAny = Object.keys(layers).length > 0
  return useQuery({
    queryKey: ['layers.below', { run, layers }], queryFn: ({ signal }) => call('layers.below', { run, layers }, signal), enabled: isAny,
    ...(isAny ? { placeholderData: keepPreviousData } : {}),
  })
}
