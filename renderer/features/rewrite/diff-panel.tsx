import { lazy, Suspense, useMemo, type ReactNode } from 'react'
import type { RewritePreview } from '../../../preload/contract/index.ts'
import { useSay } from '../../texts/texts.ts'
import { Button } from '../../ui/button.tsx'
import { Key } from '../../ui/marks.tsx'
import { Segmented } from '../../ui/segmented.tsx'
import { ChangeWords } from './change-words.tsx'
import { DiffList } from './diff-list.tsx'
import { KIND_NAMES, SIGNS } from './diff-box.tsx'
import { graphDiff, type GraphDiff } from './graph-diff.ts'
import { useChangeKeys } from './use-change-keys.ts'

const DiffPanes = lazy(async () => ({ default: (await import('./diff-panes.tsx')).DiffPanes }))

interface DiffPanelProps {
  readonly preview: RewritePreview
  /** The ticks changed since; the next preview is on its way. */
  readonly isOld: boolean
  readonly view: 'graph' | 'list' | 'pictures'
  /** What repairs do to the pictures; null where none is ticked. */
  readonly pictures: ReactNode
  readonly change: number | null
  readonly open: string
  readonly onAddress: (change: Readonly<Record<string, string>>) => void
}

/** What the ticked rewrites make of the graph: both beside each other, or as a list. */
export function DiffPanel({ preview, isOld, view: asked, pictures, change, open, onAddress }: DiffPanelProps) {
  const say = useSay()
  const view = asked === 'pictures' && pictures === null ? 'graph' : asked
  const diff = useMemo(() => graphDiff(preview.before, preview.after), [preview])
  const count = diff.changes.length
  const at = change === null || change >= count ? null : change
  const go = (next: number): void => onAddress({ change: String(next + 1) })
  const step = (by: 1 | -1): void => { if (count > 0) go(at === null ? (by > 0 ? 0 : count - 1) : (at + by + count) % count) }
  useChangeKeys(step)
  const choices = [
    { value: 'graph', name: say('model.view.graph') }, { value: 'list', name: say('model.view.list') }, ...(pictures === null ? [] : [{ value: 'pictures', name: say('rewrite.view.pictures') } as const]),
  ] as const
  return (
    <section className="panel rewrite-diff" data-grows data-old={isOld || undefined} aria-label={say('rewrite.changes')} aria-busy={isOld}>
      <header className="panel-head">
        <h2 className="panel-title">{say('rewrite.changes')}</h2>
        <Counts diff={diff} />
        <span className="bar-space" />
        <span className="diff-steps">
          <Button tone="quiet" disabled={count === 0} title={`${say('rewrite.previous')}  [`} onClick={() => step(-1)}><span className="unseen">{say('rewrite.previous')}</span><span aria-hidden="true">↑</span> <Key>[</Key></Button>
          <span className="number" role="status">{count === 0 ? say('rewrite.change.none') : at === null ? say('rewrite.change.count', { count }) : say('rewrite.change.at', { at: at + 1, count })}</span>
          <Button tone="quiet" disabled={count === 0} title={`${say('rewrite.next')}  ]`} onClick={() => step(1)}><span className="unseen">{say('rewrite.next')}</span><span aria-hidden="true">↓</span> <Key>]</Key></Button>
        </span>
        <Segmented label={say('model.view')} value={view} choices={choices} onChange={(next) => onAddress({ view: next === 'graph' ? '' : next })} />
      </header>
      {view === 'pictures' ? pictures : view === 'list' ? <DiffList preview={preview} diff={diff} change={at} onChange={go} /> : (
        <Suspense fallback={<div className="diff-panes" />}>
          <DiffPanes preview={preview} diff={diff} change={at} open={open} onChange={go} onOpen={(next) => onAddress({ open: next })} onList={() => onAddress({ view: 'list' })} />
        </Suspense>
      )}
      {at === null || view !== 'graph' ? null : <ChangeWords change={diff.changes[at]!} before={preview.before} after={preview.after} />}
    </section>
  )
}

const KINDS = ['removed', 'added', 'changed'] as const

function Counts({ diff: { rows } }: { readonly diff: GraphDiff }) {
  const say = useSay()
  return (
    <ul className="diff-counts">
      {KINDS.map((kind) => {
        const count = rows.filter((row) => row.kind === kind).length
        return count === 0 ? null : <li key={kind} data-change={kind} title={say(KIND_NAMES[kind])}><span aria-hidden="true">{SIGNS[kind]}</span><span className="unseen">{say(KIND_NAMES[kind])} </span>{count}</li>
      })}
    </ul>
  )
}
