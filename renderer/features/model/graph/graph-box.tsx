import { useStore, type Node, type NodeProps } from '@xyflow/react'
import { memo } from 'react'
import { useSay } from '../../../texts/texts.ts'
import type { Box, Frame } from './drawing.ts'
import { familyOf } from './families.ts'
import { GLYPHS, type Mark } from './overlay.ts'

export interface BoxData extends Record<string, unknown> {
  readonly box: Box
  readonly selected: boolean
  readonly hit: boolean
  readonly mark: Mark | undefined
  readonly onToggle: (group: string) => void
}

export interface FrameData extends Record<string, unknown> {
  readonly frame: Frame
  readonly onToggle: (group: string) => void
}

export type BoxNode = Node<BoxData, 'box'>
export type FrameNode = Node<FrameData, 'frame'>

/** Below this zoom nothing can be read: only the colour of a box is drawn. */
const READABLE = 0.32

const isFar = (state: { readonly transform: readonly [number, number, number] }): boolean => state.transform[2] < READABLE

export const GraphBox = memo(({ data: { box, selected, hit, mark, onToggle } }: NodeProps<BoxNode>) => {
  const far = useStore(isFar)
  const family = box.kind === 'node' ? familyOf(box.title) : box.kind
  return (
    <div className="box" data-family={family} data-selected={selected || undefined} data-hit={hit || undefined} data-tone={mark?.tone} data-far={far || undefined}>
      {far ? null : (
        <>
          <div className="box-head">
            <span className="box-title" title={box.title}>{box.title}</span>
            {box.group === null ? null : <GroupCount box={box} onToggle={onToggle} />}
          </div>
          {box.lines.map((line) => <div key={line} className="box-line mono" title={line}>{line}</div>)}
          {mark === undefined ? null : <span className="box-mark number" data-tone={mark.tone}>{GLYPHS[mark.tone]} {mark.text}</span>}
        </>
      )}
    </div>
  )
})

function GroupCount({ box, onToggle }: { readonly box: Box; readonly onToggle: (group: string) => void }) {
  const say = useSay()
  const { id, nodes, alike, name } = box.group!
  return (
    <>
      {alike < 2 ? null : <span className="box-alike" title={say('model.graph.alike', { count: alike })}>≡{alike}</span>}
      <button type="button" className="box-open nodrag" tabIndex={-1} title={say('model.graph.open', { name })} onClick={(event) => { event.stopPropagation(); onToggle(id) }}>
        <span className="unseen">{say('model.graph.open', { name })}</span><span aria-hidden="true">{nodes.length} ＋</span>
      </button>
    </>
  )
}

export const GraphFrame = memo(({ data: { frame, onToggle } }: NodeProps<FrameNode>) => {
  const say = useSay()
  const { id, name, nodes } = frame.group
  return (
    <button type="button" className="box-frame-head nodrag" tabIndex={-1} title={say('model.graph.close', { name })} onClick={(event) => { event.stopPropagation(); onToggle(id) }}>
      <span className="unseen">{say('model.graph.close', { name })}</span><span aria-hidden="true">{name} <span className="muted">{nodes.length} −</span></span>
    </button>
  )
})
