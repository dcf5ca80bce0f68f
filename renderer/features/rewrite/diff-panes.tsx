import { useMemo, type KeyboardEvent } from 'react'
import type { RewritePreview } from '../../../preload/contract/index.ts'
import { useSay } from '../../texts/texts.ts'
import { Button } from '../../ui/button.tsx'
import { FaultNotice } from '../../ui/fault-notice.tsx'
import { useFrameSize } from '../../ui/use-frame-size.ts'
import { DiffPane } from './diff-pane.tsx'
import type { GraphDiff } from './graph-diff.ts'
import { useDiffLayout } from './use-diff-layout.ts'
import { useLinkedView } from './use-linked-view.ts'
import '../model/graph/graph.css'

interface DiffPanesProps {
  readonly preview: RewritePreview
  readonly diff: GraphDiff
  readonly change: number | null
  /** Ids of stretches without a change that are shown node by node, with commas between them. */
  readonly open: string
  readonly onChange: (change: number) => void
  readonly onOpen: (open: string) => void
  readonly onList: () => void
}

const STEP = 60
const ARROWS: Readonly<Record<string, readonly [number, number]>> = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }

/** The graph before and after beside each other, moved and enlarged as one. */
export function DiffPanes({ preview, diff, change, open, onChange, onOpen, onList }: DiffPanesProps) {
  const say = useSay()
  const opened = useMemo(() => new Set(open.split(',').filter(Boolean)), [open])
  const { before, after, layouts, busy, fault, cancel } = useDiffLayout(preview, diff, opened)
  const { frame, size } = useFrameSize()
  const linked = useLinkedView(layouts, diff, change, size)
  function onKeyDown(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target !== event.currentTarget) return
    const arrow = ARROWS[event.key]
    if (arrow !== undefined) linked.move(arrow[0] * STEP, arrow[1] * STEP)
    else if (event.key === 'f' || event.key === ' ') linked.fit()
    else if (event.key === '+' || event.key === '=') linked.zoom(1.3)
    else if (event.key === '-') linked.zoom(1 / 1.3)
    else return
    event.preventDefault()
  }
  const pane = (which: 'before' | 'after') => (layouts === null ? null : (
    <DiffPane
      graph={which === 'before' ? before : after} layout={layouts[which === 'before' ? 0 : 1]} rows={diff[which]} change={change} view={linked.view} onView={linked.setView}
      onChange={onChange} onOpen={(group) => onOpen([...opened, group].join(','))}
    />
  ))
  return (
    <div className="graph diff-panes" tabIndex={0} role="group" aria-label={say('rewrite.panes')} onKeyDown={onKeyDown}>
      <section className="diff-pane" aria-label={say('rewrite.before')}><h3>{say('rewrite.before')} <span className="number">{preview.before.nodes.length}</span></h3><div className="diff-flow" ref={frame}>{pane('before')}</div></section>
      <section className="diff-pane" aria-label={say('rewrite.after')}><h3>{say('rewrite.after')} <span className="number">{preview.after.nodes.length}</span></h3><div className="diff-flow">{pane('after')}</div></section>
      {layouts === null ? null : (
        <div className="graph-zoom">
          <Button tone="quiet" aria-label={say('picture.smaller')} title="−" onClick={() => linked.zoom(1 / 1.3)}>−</Button>
          <span className="number muted graph-percent">{Math.round(linked.view.zoom * 100)} %</span>
          <Button tone="quiet" aria-label={say('picture.larger')} title="+" onClick={() => linked.zoom(1.3)}>+</Button>
          <Button tone="quiet" title="F" onClick={linked.fit}>{say('picture.fit')}</Button>
        </div>
      )}
      {busy ? <div className="graph-busy" role="status"><span>{say('model.graph.laying', { count: preview.before.nodes.length + preview.after.nodes.length })}</span><Button tone="quiet" onClick={cancel}>{say('cancel')}</Button></div> : null}
      {fault === null ? null : <FaultNotice fault={fault}><Button onClick={onList}>{say('model.view.list')}</Button></FaultNotice>}
      {!busy && layouts === null && fault === null ? <p className="graph-busy">{say('model.graph.stopped')} <Button tone="quiet" onClick={onList}>{say('model.view.list')}</Button></p> : null}
    </div>
  )
}
