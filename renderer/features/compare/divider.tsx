import type { KeyboardEvent, PointerEvent } from 'react'
import { useSay } from '../../texts/texts.ts'
import type { Look } from './look.ts'
import { dividerAfter } from './moves.ts'
import { useSideName } from './side-mark.tsx'

interface DividerProps {
  readonly look: Look
  /** One picture fills the pane as long as a key is held; the line keeps its focus. */
  readonly isHidden: boolean
  readonly onMove: (x: number) => void
}

/** The line between both sides of Split: dragged, or moved by keys. */
export function Divider({ look, isHidden, onMove }: DividerProps) {
  const say = useSay()
  const nameOf = useSideName()
  const { x, lying } = look

  function follow(event: PointerEvent): void {
    const box = event.currentTarget.parentElement!.getBoundingClientRect()
    const share = lying ? (event.clientY - box.y) / box.height : (event.clientX - box.x) / box.width
    onMove(Math.max(0, Math.min(1, share)))
  }
  function onKeyDown(event: KeyboardEvent): void {
    const next = dividerAfter(event.key, event.shiftKey, x, lying)
    if (next === null) return
    onMove(next)
    event.preventDefault()
    event.stopPropagation()
  }
  return (
    <div
      className="divider" data-lying={lying || undefined} data-hidden={isHidden || undefined} role="slider" tabIndex={0} aria-label={say('compare.divider', { a: nameOf(look.a), b: nameOf(look.b) })}
      aria-orientation={lying ? 'vertical' : 'horizontal'} aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.round(x * 100)} aria-valuetext={`${Math.round(x * 100)} %`}
      style={lying ? { top: `${x * 100}%` } : { left: `${x * 100}%` }}
      onKeyDown={onKeyDown}
      onPointerDown={(event) => { event.stopPropagation(); event.currentTarget.setPointerCapture(event.pointerId) }}
      onPointerMove={(event) => { if (event.buttons === 1) { event.stopPropagation(); follow(event) } }}
      onPointerUp={(event) => event.stopPropagation()}
    >
      <span className="divider-grip" aria-hidden="true">{lying ? '↕' : '↔'}</span>
    </div>
  )
}
