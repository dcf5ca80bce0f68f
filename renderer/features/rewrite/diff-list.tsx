import { useEffect, useMemo, useRef } from 'react'
import type { RewritePreview } from '../../../preload/contract/index.ts'
import { useSay } from '../../texts/texts.ts'
import { CopyButton } from '../../ui/copy-button.tsx'
import { differenceText } from './change-words.tsx'
import { KIND_NAMES, SIGNS } from './diff-box.tsx'
import { nodeLines, unifiedText } from './diff-text.ts'
import type { DiffRow, GraphDiff } from './graph-diff.ts'

interface DiffListProps {
  readonly preview: RewritePreview
  readonly diff: GraphDiff
  readonly change: number | null
  readonly onChange: (change: number) => void
}

/** Both graphs as text, node by node in their order. */
export function DiffList({ preview, diff, change, onChange }: DiffListProps) {
  const say = useSay()
  const lines = useMemo(() => ({ before: nodeLines(preview.before), after: nodeLines(preview.after) }), [preview])
  const place = useRef<HTMLTableElement>(null)
  useEffect(() => {
    place.current?.querySelector(`[data-at='${change}']`)?.scrollIntoView({ block: 'nearest' })
  }, [change])
  const cells = (row: DiffRow): readonly { readonly sign: string; readonly text: string }[] => (row.kind === 'changed'
    ? [{ sign: '−', text: lines.before[row.before!]! }, { sign: '+', text: lines.after[row.after!]! }]
    : [{ sign: SIGNS[row.kind], text: row.after === null ? lines.before[row.before!]! : lines.after[row.after]! }])
  return (
    <div className="diff-list-area">
      <div className="diff-list-head"><span className="muted number">{say('rewrite.list.nodes', { before: preview.before.nodes.length, after: preview.after.nodes.length })}</span><CopyButton text={() => unifiedText(diff, preview.before, preview.after)} label={say('rewrite.list.copy')} /></div>
      <div className="diff-list-scroll" tabIndex={0} role="region" aria-label={say('rewrite.list')}>
        <table className="diff-list mono" ref={place} aria-label={say('rewrite.list')}>
          <thead><tr><th scope="col" data-align="right">{say('rewrite.before')}</th><th scope="col" data-align="right">{say('rewrite.after')}</th><th scope="col"><span className="unseen">{say('rewrite.list.sign')}</span></th><th scope="col">{say('model.node')}</th></tr></thead>
          <tbody>
            {diff.rows.map((row) => (
              <tr
                key={`${row.before} ${row.after}`} data-change={row.kind} data-at={row.change ?? undefined} data-selected={(row.change !== null && row.change === change) || undefined}
                onClick={() => { if (row.change !== null) onChange(row.change) }}
              >
                <td className="number muted">{row.before === null ? '' : row.before + 1}</td><td className="number muted">{row.after === null ? '' : row.after + 1}</td>
                <td className="diff-sign"><span aria-hidden="true">{SIGNS[row.kind]}</span><span className="unseen">{row.kind === 'same' ? '' : say(KIND_NAMES[row.kind])}</span></td>
                <td>
                  {cells(row).map(({ sign, text }) => <div key={sign} data-sign={row.kind === 'changed' ? sign : undefined}>{text}</div>)}
                  {row.differences.length === 0 ? null : <div className="diff-why">{row.differences.map((each) => differenceText(say, each)).join(' · ')}</div>}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  )
}
