import { useEffect, useLayoutEffect, useRef } from 'react'
import { settings } from '../../app/settings.ts'
import { isTyping } from '../../ui/typing.ts'
import type { Hold } from './panes.ts'

export interface KeyActs {
  /** By letter; capital: with Shift. True: it was taken. */
  readonly letters: Readonly<Record<string, () => void>>
  readonly flip: () => void
  readonly move: (dx: number, dy: number) => void
  readonly zoom: (by: 1 | -1) => void
  readonly hold: (hold: Hold) => void
  readonly loupe: (on: boolean) => void
  readonly enter: () => void
  readonly escape: () => void
}

const isInMenu = (target: EventTarget | null): boolean => target instanceof HTMLElement && target.closest('[role=menu]') !== null

/** Space and Enter belong to a button that has the focus, arrows to a list or a slider. */
const isActing = (target: EventTarget | null): boolean => target instanceof HTMLElement && target.closest('button, a, summary, input, [role=listbox], [role=grid], [role=tablist], [role=slider]') !== null

const isInert = (): boolean => document.querySelector('[role=dialog]') !== null

/** A letter after `G` leads to a place; it means nothing here. */
const SEQUENCE_MS = 1200

const ARROWS: Readonly<Record<string, readonly [number, number]>> = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }

const isElsewhere = ({ isComposing, target }: KeyboardEvent): boolean => isComposing || isTyping(target) || isInMenu(target) || isInert()

/** Keys that were pressed before there was a picture. */
let early: KeyboardEvent[] = []
let isThere = false
const MOST_EARLY = 32

/** Keeps what is pressed while the picture is waited for: it is done once that is there. */
export function useEarlyKeys(): void {
  useLayoutEffect(() => {
    function onDown(event: KeyboardEvent): void {
      if (isThere || isElsewhere(event) || event.ctrlKey || event.metaKey || event.altKey || event.key.toLowerCase() === 'z') return
      if (early.length < MOST_EARLY) early.push(event)
    }
    document.addEventListener('keydown', onDown)
    return () => {
      document.removeEventListener('keydown', onDown)
      early = []
    }
  }, [])
}

/** The keys of the compare screen. Letters rest while a text is typed, and where a person turned them off. `isReady`: the picture has its size. */
export function useCompareKeys(acts: KeyActs, isReady: () => boolean): void {
  const latest = useRef(acts)
  useEffect(() => {
    latest.current = acts
  })
  useEffect(() => {
    let wentAt = -Infinity
    let frame = 0
    /** One a frame: what a key does depends on what the one before it has changed. */
    function catchUp(): void {
      const event = isReady() ? early.shift() : undefined
      if (event !== undefined && !takeKey(event, latest.current)) takeLetter(event)
      isThere = isReady() && early.length === 0
      if (!isThere) frame = requestAnimationFrame(catchUp)
    }
    catchUp()
    function onDown(event: KeyboardEvent): void {
      const { key } = event
      if (!isThere || isElsewhere(event)) return
      if ((key === 'Shift' || key === 'Control') && !event.repeat) return latest.current.hold(key === 'Shift' ? 'reference' : 'other')
      latest.current.hold(null)
      if (event.ctrlKey || event.metaKey || event.altKey) return
      if (takeKey(event, latest.current) || takeLetter(event)) event.preventDefault()
    }
    function takeLetter({ key, timeStamp, shiftKey, repeat }: KeyboardEvent): boolean {
      if (!settings().letters || key.length !== 1) return false
      const lower = key.toLowerCase()
      const isPlace = timeStamp - wentAt < SEQUENCE_MS
      wentAt = lower === 'g' ? timeStamp : -Infinity
      if (isPlace) return false
      if (lower === 'z') {
        if (!repeat) latest.current.loupe(true)
        return true
      }
      const act = latest.current.letters[shiftKey ? lower.toUpperCase() : lower] ?? (/[a-z]/.test(lower) ? undefined : latest.current.letters[lower])
      act?.()
      return act !== undefined
    }
    function onUp({ key }: KeyboardEvent): void {
      if (key === 'Shift' || key === 'Control') latest.current.hold(null)
      if (key.toLowerCase() === 'z') latest.current.loupe(false)
    }
    function onBlur(): void {
      latest.current.hold(null)
      latest.current.loupe(false)
    }
    document.addEventListener('keydown', onDown)
    document.addEventListener('keyup', onUp)
    window.addEventListener('blur', onBlur)
    return () => {
      isThere = false
      cancelAnimationFrame(frame)
      document.removeEventListener('keydown', onDown)
      document.removeEventListener('keyup', onUp)
      window.removeEventListener('blur', onBlur)
    }
  }, [isReady])
}

function takeKey({ key, target, shiftKey }: KeyboardEvent, acts: KeyActs): boolean {
  const arrow = ARROWS[key]
  if (key === 'Escape') acts.escape()
  else if (key === '+' || key === '=') acts.zoom(1)
  else if (key === '-') acts.zoom(-1)
  else if (isActing(target)) return false
  else if (key === ' ') acts.flip()
  else if (key === 'Enter') acts.enter()
  else if (arrow !== undefined) acts.move(arrow[0] * (shiftKey ? 10 : 1), arrow[1] * (shiftKey ? 10 : 1))
  else return false
  return true
}
