import { useStore, type Node, type NodeProps } from '@xyflow/react'
import { memo } from 'react'
import { useSay, type TextKey } from '../../texts/texts.ts'
import type { Box } from '../model/graph/drawing.ts'
import type { ChangeKind } from './graph-diff.ts'

export interface DiffBoxData extends Record<string, unknown> {
  readonly box: Box
  readonly kind: ChangeKind
  readonly selected: boolean
}
export type DiffBoxNode = Node<DiffBoxData, 'diff'>

export const KIND_NAMES: Readonly<Record<ChangeKind, TextKey>> = {
  same: 'rewrite.kind.same', changed: 'rewrite.kind.changed', removed: 'rewrite.kind.removed', added: 'rewrite.kind.added',
}

/** What colour says, in a sign. */
export const SIGNS: Readonly<Record<ChangeKind, string>> = { same: '', changed: '↔', removed: '−', added: '+' }

const READABLE = 0.3
const isFar = (state: { readonly transform: readonly [number, number, number] }): boolean => state.transform[2] < READABLE

/** A node of the graph before or after: a ghost where it stays as it is. */
export const DiffBox = memo(({ data: { box, kind, selected } }: NodeProps<DiffBoxNode>) => {
  const say = useSay()
  const far = useStore(isFar)
  return (
    <div className="diff-box" data-change={kind} data-end={box.kind === 'input' || box.kind === 'output' || undefined} data-group={box.kind === 'group' || undefined} data-selected={selected || undefined} data-far={far || undefined}>
      {far ? null : (
        <>
          <div className="diff-box-name" title={box.title}>{kind === 'same' ? null : <b><span aria-hidden="true">{SIGNS[kind]}</span><span className="unseen">{say(KIND_NAMES[kind])}</span></b>}<span>{box.title}</span></div>
          {box.lines.map((line) => <div key={line} className="diff-box-line mono" title={line}>{line}</div>)}
        </>
      )}
    </div>
  )
})
