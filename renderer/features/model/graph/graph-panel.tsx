import { useMemo } from 'react'
import type { ModelGraph, Run } from '../../../../preload/contract/index.ts'
import { useSay } from '../../../texts/texts.ts'
import { Button } from '../../../ui/button.tsx'
import { FaultNotice } from '../../../ui/fault-notice.tsx'
import { grouped } from '../../../ui/format.ts'
import { Segmented } from '../../../ui/segmented.tsx'
import { useStable } from '../../../ui/use-stable.ts'
import type { ModelView } from '../model-view.ts'
import { found, nextHit } from './find.ts'
import { groupsOf } from './groups.ts'
import { FindField } from './find-field.tsx'
import { GraphCanvas } from './graph-canvas.tsx'
import { GraphList } from './graph-list.tsx'
import { GraphMenu } from './graph-menu.tsx'
import { Legend } from './legend.tsx'
import { marksOf, type Mark } from './overlay.ts'
import { OverlayChoice, type PaintableRun } from './overlay-choice.tsx'
import { atBox, atNode, boxAt, nodeAt } from './selection.ts'
import { useGraphView } from './use-graph-view.ts'
import { useLayout } from './use-layout.ts'
import './graph.css'

export interface GraphPanelProps {
  readonly graph: ModelGraph
  readonly name: string
  readonly view: ModelView
  /** The run that is painted, once it is here. */
  readonly run: Run | undefined
  readonly runs: readonly PaintableRun[]
  readonly onChange: (change: Readonly<Record<string, string>>) => void
}

const NO_MARKS: ReadonlyMap<number, Mark> = new Map()
const NO_HITS: ReadonlySet<string> = new Set()

/** A model's graph with what finds, folds and paints it; or the same as a table. */
export function GraphPanel({ graph, name, view, run, runs, onChange }: GraphPanelProps) {
  const say = useSay()
  const shown = useGraphView(graph, view)
  const { drawing } = shown
  const work = useLayout(drawing, view.direction)
  const selected = boxAt(graph, drawing, view.at)
  const node = nodeAt(graph, view.at)
  const hits = useMemo(() => found(graph, view.find), [graph, view.find])
  const hitBoxes = useMemo(() => (hits.length === 0 ? NO_HITS : new Set(hits.flatMap((hit) => drawing.boxOf(hit) ?? []))), [hits, drawing])
  const marks = useMemo(() => (run === undefined ? NO_MARKS : marksOf(graph, run, view.overlay)), [graph, run, view.overlay])
  const onToggle = useStable((group: string) => onChange({ ...shown.toggled(group), at: `g:${group}` }))
  const onSelect = (box: string | null): void => onChange({ at: box === null ? '' : atBox(graph, box), side: '' })
  const findNext = (text: string, by: 1 | -1): void => {
    const next = nextHit(text === view.find ? hits : found(graph, text), node, by)
    if (next !== null) onChange({ ...shown.revealed(next), q: text, side: '' })
  }
  return (
    <section className="panel graph" data-grows aria-label={say('model.graph')}>
      <header className="panel-head graph-head">
        <FindField text={view.find} hits={hits} at={node} onText={(q) => onChange({ q })} onNext={findNext} />
        <Segmented label={say('model.view')} value={view.list ? 'list' : 'graph'} choices={[{ value: 'graph', name: say('model.view.graph') }, { value: 'list', name: say('model.view.list') }]} onChange={(next) => onChange({ view: next === 'list' ? 'list' : '' })} />
        {view.list ? null : (
          <>
            <Segmented
              label={say('model.graph.groups')} value={shown.grouping}
              choices={[{ value: 'none', name: say('model.group.none') }, { value: 'name', name: say('model.group.name') }, { value: 'repeat', name: say('model.group.repeat') }]}
              onChange={(group) => onChange({ group, groups: '' })}
            />
            <GraphMenu graph={graph} view={view} shown={shown} layout={work.layout} marks={marks} name={name} onChange={onChange} />
          </>
        )}
        <span className="bar-space" />
        <OverlayChoice runs={runs} run={view.run} overlay={view.overlay} onChange={onChange} />
      </header>
      {graph.notInferred === null ? null : <p className="graph-note" role="note" title={`${graph.notInferred.where ?? ''} ${graph.notInferred.what}`}>! {say('model.graph.stated')} {graph.notInferred.what}</p>}
      {view.list ? <GraphList graph={graph} hits={view.find === '' ? null : hits} marks={marks} view={view} onChange={onChange} onOpen={(index) => onChange({ at: atNode(graph, index), side: '' })} /> : (
        <div className="graph-area">
          {work.layout === null ? null : (
            <GraphCanvas
              graph={graph} layout={work.layout} direction={view.direction} folded={view.folded} selected={selected} opened={view.at?.startsWith('g:') ? view.at.slice(2) : null} hits={hitBoxes} marks={marks} overlay={view.overlay}
              spoken={node === null ? '' : say('model.graph.selected', { op: graph.nodes[node]!.op, name: graph.nodes[node]!.name, position: node + 1, count: graph.nodes.length })}
              onSelect={onSelect} onToggle={onToggle}
            />
          )}
          {work.busy ? (
            <div className="graph-busy" role="status">
              <span>{say('model.graph.laying', { count: grouped(drawing.boxes.length) })}</span>
              <Button tone="quiet" onClick={work.cancel}>{say('cancel')}</Button>
            </div>
          ) : null}
          {work.layout === null && !work.busy && work.fault === null ? <p className="graph-busy">{say('model.graph.stopped')} <Button tone="quiet" onClick={() => onChange({ view: 'list' })}>{say('model.view.list')}</Button></p> : null}
          {work.fault === null ? null : (
            <FaultNotice fault={work.fault}>
              <Button onClick={() => onChange({ group: groupsOf(graph, 'name').size > 0 ? 'name' : 'repeat', groups: '' })}>{say('model.groups.close')}</Button>
              <Button onClick={() => onChange({ view: 'list' })}>{say('model.view.list')}</Button>
            </FaultNotice>
          )}
          <Legend overlay={run === undefined ? null : view.overlay} graph={graph} />
        </div>
      )}
    </section>
  )
}
