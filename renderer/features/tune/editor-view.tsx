import { IconArrowBackUp, IconArrowForwardUp } from '@tabler/icons-react'
import { useMemo } from 'react'
import { Link } from 'react-router'
import { call, useCall } from '../../client.ts'
import { changeProject, useProject } from '../../project/project.ts'
import { useSay, type Say } from '../../texts/texts.ts'
import { Button } from '../../ui/button.tsx'
import { DataTable } from '../../ui/data-table.tsx'
import { FaultNotice } from '../../ui/fault-notice.tsx'
import { NOTHING, significant } from '../../ui/format.ts'
import type { Column } from '../../ui/grid.tsx'
import { toastFault } from '../../ui/toast.tsx'
import { useWhyNot } from '../../ui/use-writable.ts'
import { useUndoKeys } from '../layers/use-editor-keys.ts'
import { JobProgress } from '../../app/job-progress.tsx'
import { useJobs } from '../../app/live.ts'
import { FloatPanel } from './float-panel.tsx'
import { KnobsPanel } from './knobs-panel.tsx'
import { floatOpsOf, layersOf, limitsOf, linesOf, means, precisionOf, useBoard, type Layer } from './lines.ts'
import { LinesPanel } from './lines-panel.tsx'
import { redo, undo, useRecipeLog } from './recipe-log.ts'
import { sensitivityRuns } from './sensitivity-view.tsx'
import type { TunePart } from './tune-screen.tsx'

/** Layers by precision and method, single or by pattern, written into the project's recipe. */
export function EditorView({ run, runs, model, recipe: text, work, parameters, set }: TunePart) {
  const say = useSay()
  const { recipe } = useProject()
  const planned = useCall('layers.plan', { run: run.run })
  const choices = useCall('recipe.choices', {}).data
  const checked = useCall('recipe.check', { text }).data
  const board = useBoard()
  const inspected = useCall('models.inspect', { model: { kind: 'path', path: model }, boards: [board] })
  const report = inspected.data?.boards[0]
  const lines = linesOf(recipe)
  const floatOps = floatOpsOf(recipe)
  const units = sensitivityRuns(runs)[0]?.sensitivity
  const layers = useMemo(() => layersOf({ plan: planned.data?.tensors ?? [], scales: run.scales ?? [], units: units ?? [], lines, floatOps }), [planned.data, run.scales, units, lines, floatOps])
  const asked = parameters.get('layer') ?? ''
  const fallback = layers.toSorted((a, b) => (a.unit?.rank ?? Infinity) - (b.unit?.rank ?? Infinity))[0]
  // A unit, a node or a tensor may be asked for: each leads to the layer that it belongs to.
  const current = layers.find(({ name, tensor }) => name === asked || tensor === asked) ?? layers.find(({ unit }) => unit !== undefined && (unit.unit === asked || unit.nodes.includes(asked) || unit.tensors.includes(asked)))
  const line = asked === '' ? (fallback?.name ?? '') : (current?.name ?? asked)
  const meant = useMemo(() => layers.filter((layer) => means(line, layer)), [layers, line])
  const columns = useMemo(() => layerColumns(say), [say])
  useUndoKeys(undo, redo)
  if (planned.error !== null) return <FaultNotice fault={planned.error} />
  const tensor = (current ?? (asked === '' ? fallback : undefined))?.tensor
  return (
    <div className="tune-editor">
      <div className="tune-rows">
        <section className="panel" data-grows aria-label={say('tune.layers')}>
          <header className="panel-head">
            <h2 className="panel-title">{say('tune.layers')}</h2>
            <span className="panel-note">{say('tune.layers.what')}</span>
          </header>
          <DataTable
            label={say('tune.layers')} rows={layers} columns={columns} keyOf={({ key }) => key} sort={parameters.get('sort') ?? ''} onSort={(sort) => set({ sort })} {...(tensor === undefined ? {} : { current: tensor })}
            onCurrent={({ name }) => set({ layer: name })} empty={say('tune.layers.none')}
          />
        </section>
        <LinesPanel lines={lines} layers={layers} current={line} onCurrent={(layer) => set({ layer })} />
      </div>
      <div className="tune-side">
        <div className="tune-side-scroll">
          {line === '' ? null : (
            <KnobsPanel
              key={line} line={line} value={lines[line] ?? {}} meant={meant} limits={limitsOf(report, meant)} board={board} boardFault={inspected.error} methods={choices?.methods ?? []}
              links={tensor === undefined ? null : <Link to={`/run/${run.run}/layers?tensor=${encodeURIComponent(tensor)}`}>{say('place.layers')}</Link>}
            />
          )}
          <FloatPanel recipe={recipe} layers={layers} />
        </div>
        <EditorFoot run={run.run} text={text} isBusy={work.isRunning} fault={checked?.ok === false ? checked.fault : null} />
      </div>
    </div>
  )
}

interface EditorFootProps {
  readonly run: string
  readonly text: string
  readonly isBusy: boolean
  /** What is wrong with the recipe as it stands. */
  readonly fault: unknown
}

function EditorFoot({ run, text, isBusy, fault }: EditorFootProps) {
  const say = useSay()
  const whyNot = useWhyNot()
  const { canUndo, canRedo } = useRecipeLog()
  const { job: own, recipe, ran } = useProject()
  const job = useJobs().find(({ id }) => id === own?.id)
  const isSame = JSON.stringify(recipe['quantize']) === JSON.stringify(ran?.recipe['quantize'])
  const why = whyNot ?? (isBusy || own !== null ? say('tune.busy') : isSame ? say('tune.editor.same') : undefined)
  const measure = (): void => {
    call('jobs.start', { kind: 'run', recipe: text, parent: run }).then(({ id }) => changeProject({ job: { id, recipe } }), toastFault)
  }
  return (
    <section className="panel tune-act" aria-label={say('tune.editor.act')}>
      {fault === null ? null : <FaultNotice fault={fault} />}
      {job === undefined ? null : <JobProgress job={job} />}
      <div className="tune-foot">
        <button type="button" className="tool" disabled={!canUndo} onClick={undo} aria-label={say('layers.undo')} title={`${say('layers.undo')}  Ctrl Z`}><IconArrowBackUp size={16} aria-hidden /></button>
        <button type="button" className="tool" disabled={!canRedo} onClick={redo} aria-label={say('layers.redo')} title={`${say('layers.redo')}  Ctrl ⇧ Z`}><IconArrowForwardUp size={16} aria-hidden /></button>
        <span className="muted">{isSame ? say('tune.editor.same') : say('tune.editor.changed')}</span>
        <Button tone="primary" disabled={why !== undefined || fault !== null} title={why ?? say('tune.editor.run.what')} onClick={measure}>{say('tune.editor.run')}</Button>
      </div>
    </section>
  )
}

/** As it is in the run, and what the recipe says otherwise. */
function Precision({ layer }: { readonly layer: Layer }) {
  const wish = precisionOf(layer.wish)
  return wish === null || wish === layer.now ? <span className="mono muted">{layer.now}</span> : <span className="changed-cell mono">{wish}</span>
}

function layerColumns(say: Say): readonly Column<Layer>[] {
  return [
    { id: 'name', title: say('tune.layer'), width: 'minmax(140px, 2fr)', frozen: true, value: ({ name }) => name, hint: ({ name, tensor }) => `${name}\n${tensor}`, cell: ({ name }) => <span className="mono">{name}</span> },
    { id: 'op', title: 'Op', titleHint: say('operator'), width: 'minmax(80px, 1fr)', value: ({ ops }) => ops.join('+'), hint: ({ ops }) => ops.join('+'), cell: ({ ops }) => <span className="muted">{ops.join('+') || NOTHING}</span> },
    { id: 'rank', title: '#', titleHint: say('tune.rank.what'), width: '44px', align: 'right', value: ({ unit }) => unit?.rank, cell: ({ unit }) => unit?.rank ?? NOTHING },
    { id: 'alone', title: say('tune.alone'), width: 'minmax(84px, 0.8fr)', align: 'right', value: ({ unit }) => unit?.alone, cell: ({ unit }) => significant(unit?.alone, 3) },
    { id: 'precision', title: say('tune.precision'), width: '112px', value: (layer) => precisionOf(layer.wish) ?? layer.now, cell: (layer) => <Precision layer={layer} /> },
    { id: 'method', title: say('method'), width: 'minmax(84px, 0.8fr)', value: ({ wish, method }) => String(wish['method'] ?? method), cell: ({ wish, method }) => (wish['method'] === undefined ? <span className="muted">{method || NOTHING}</span> : <span className="changed-cell">{String(wish['method'])}</span>) },
    { id: 'by', title: say('tune.line'), titleHint: say('tune.line.what'), width: 'minmax(100px, 1fr)', value: ({ by }) => by, hint: ({ by }) => by ?? '', cell: ({ by }) => (by === null ? <span className="muted">{NOTHING}</span> : <span className="mono">{by}</span>) },
  ]
}
