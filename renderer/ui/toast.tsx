import { useEffect, useRef, useState, useSyncExternalStore } from 'react'
import { useSay } from '../texts/texts.ts'
import { Button } from './button.tsx'
import { FaultNotice } from './fault-notice.tsx'
import { isTyping } from './typing.ts'
import './toast.css'

export interface Toast {
  readonly text: string
  /** Takes back what was done; offered as a button and by Ctrl+Z while the toast stands. */
  readonly undo?: () => void
  readonly tone?: 'bad'
  /** What was thrown: said in full in place of the text, until it is closed. */
  readonly fault?: unknown
}

interface ShownToast extends Toast {
  readonly id: number
}

const STANDS_MS = 8000
/** The oldest leave when there are more. */
const MOST = 3

let last = 0
let shown: readonly ShownToast[] = []
const listeners = new Set<() => void>()

function show(next: readonly ShownToast[]): void {
  shown = next
  for (const listener of listeners) listener()
}

const onShown = (listener: () => void): (() => void) => {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** Says in passing that something was done, on whatever screen. */
export const toast = (said: Toast): void => show([...shown, { ...said, id: ++last }].slice(-MOST))

const dismiss = (id: number): void => show(shown.filter((each) => each.id !== id))

function takeBack({ id, undo }: ShownToast): void {
  dismiss(id)
  undo?.()
}

/** Says that something went wrong. */
export const toastFault = (fault: unknown): void => toast({ text: '', tone: 'bad', fault })

/** `useToast()({ text, undo })` */
export const useToast = (): typeof toast => toast

/** Where toasts stand. One for the whole window. */
export function Toasts() {
  const say = useSay()
  const toasts = useSyncExternalStore(onShown, () => shown)
  useEffect(() => {
    function onKey(event: KeyboardEvent): void {
      const latest = shown.findLast((each) => each.undo !== undefined)
      if (latest === undefined || event.defaultPrevented || isTyping(event.target) || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.key.toLowerCase() !== 'z') return
      takeBack(latest)
      event.preventDefault()
    }
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  }, [])
  return (
    <section className="toasts" role="status" aria-live="polite" aria-label={say('toast.place')}>
      {toasts.map((each) => <Line key={each.id} toast={each} />)}
    </section>
  )
}

/** Goes by itself, but not while the pointer or the focus is on it. */
function Line({ toast: said }: { readonly toast: ShownToast }) {
  const say = useSay()
  const [isHeld, setHeld] = useState(false)
  const line = useRef<HTMLDivElement>(null)
  const { id } = said
  const stays = isHeld || said.fault !== undefined
  useEffect(() => {
    if (stays) return
    const timer = setTimeout(() => dismiss(id), STANDS_MS)
    return () => clearTimeout(timer)
  }, [id, stays])
  return (
    <div
      className="toast" ref={line} data-tone={said.tone} onPointerEnter={() => setHeld(true)} onPointerLeave={() => setHeld(line.current?.contains(document.activeElement) ?? false)}
      onFocus={() => setHeld(true)} onBlur={() => setHeld(false)}
    >
      {said.fault === undefined ? <span>{said.text}</span> : <FaultNotice fault={said.fault} />}
      {said.undo === undefined ? null : <Button onClick={() => takeBack(said)}>{say('toast.undo')}</Button>}
      <Button tone="quiet" aria-label={say('close')} onClick={() => dismiss(id)}>✕</Button>
    </div>
  )
}
