import type { ReactNode } from 'react'
import type { RewriteGraph } from '../../../preload/contract/index.ts'
import { useSay, type Say } from '../../texts/texts.ts'
import { KIND_NAMES, SIGNS } from './diff-box.tsx'
import { operatorOf, type Change, type Difference, type DiffRow } from './graph-diff.ts'

/** `weights w`, `input 1: a → b`: one thing in which a node differs. */
export function differenceText(say: Say, { what, name, before, after }: Difference): string {
  if (what === 'weights') return say('rewrite.differs.weights', { name })
  const title = what === 'operator' ? '' : what === 'attribute' ? name : say(what === 'input' ? 'rewrite.differs.input' : 'rewrite.differs.output', { place: Number(name) + 1 })
  return [title, `${before || '∅'} → ${after || '∅'}`].filter(Boolean).join(': ')
}

interface WordsProps {
  readonly change: Change
  readonly before: RewriteGraph
  readonly after: RewriteGraph
}

/** A change in words: what goes, what comes, and in what the rest differs. */
export function ChangeWords({ change, before, after }: WordsProps) {
  const say = useSay()
  const line = (row: DiffRow): ReactNode => {
    const node = row.after === null ? before.nodes[row.before!]! : after.nodes[row.after]!
    return (
      <li key={`${row.before} ${row.after}`} data-change={row.kind}>
        <b aria-hidden="true">{SIGNS[row.kind]}</b><span className="unseen">{say(KIND_NAMES[row.kind])} </span>
        <span>{operatorOf(node)}</span> <span className="mono">{node.name}</span>
        {row.differences.length === 0 ? null : <span className="muted"> · {row.differences.map((each) => differenceText(say, each)).join(' · ')}</span>}
      </li>
    )
  }
  return <ul className="change-words" tabIndex={0} aria-label={say('rewrite.change.words')}>{change.rows.map(line)}</ul>
}
