import { useEffect, useRef } from 'react'
import type { ExportBoards } from '../../../preload/contract/index.ts'
import { useSay } from '../../texts/texts.ts'
import { Tag } from '../../ui/marks.tsx'
import { countsOf } from './check-state.ts'

type Board = ExportBoards['boards'][number]

interface BoardListProps {
  readonly boards: readonly Board[]
  readonly chosen: string
  /** Of the run's recipe: it stands first. */
  readonly own: string
  readonly onChoose: (board: string) => void
}

/** A card for every board, with what it would say of the run. */
export function BoardList({ boards, chosen, own, onChoose }: BoardListProps) {
  const say = useSay()
  const ordered = [...boards.filter(({ name }) => name === own), ...boards.filter(({ name }) => name !== own)]
  return (
    <section className="panel export-boards" data-grows aria-label={say('export.boards')}>
      <header className="panel-head"><h2 className="panel-title">{say('export.boards')}</h2><span className="panel-note number">{boards.length}</span></header>
      <div className="export-scroll" role="radiogroup" aria-label={say('export.boards')}>
        {ordered.map((board) => <Card key={board.name} board={board} isChosen={board.name === chosen} isOwn={board.name === own} onChoose={() => onChoose(board.name)} />)}
      </div>
    </section>
  )
}

interface CardProps {
  readonly board: Board
  readonly isChosen: boolean
  readonly isOwn: boolean
  readonly onChoose: () => void
}

function Card({ board: { name, title, formats, toolchain, checks, ready }, isChosen, isOwn, onChoose }: CardProps) {
  const say = useSay()
  const card = useRef<HTMLLabelElement>(null)
  // An address may name a board far below.
  useEffect(() => { if (isChosen) card.current?.scrollIntoView({ block: 'nearest' }) }, [isChosen])
  const { errors, warnings } = countsOf(checks)
  return (
    <label className="board-card" ref={card} data-on={isChosen || undefined}>
      <span className="board-card-head">
        <input type="radio" name="export-board" value={name} aria-label={name} checked={isChosen} onChange={onChoose} />
        <b>{title}</b>
      </span>
      <span className="board-card-name"><span className="mono">{name}</span>{isOwn ? <Tag>{say('export.of-recipe')}</Tag> : null}</span>
      <span className="board-card-counts">
        {ready ? <span className="verdict" data-tone="good">✓ {say('export.ready')}</span> : <span className="verdict" data-tone="bad">✕ {say('export.errors', { count: errors })}</span>}
        {warnings === 0 ? null : <span className="verdict" data-tone="warning">! {say('export.warnings', { count: warnings })}</span>}
      </span>
      <span className="board-card-tools" title={toolchain.join(', ')}>{formats.map((format) => format.title).join(', ')}</span>
    </label>
  )
}
