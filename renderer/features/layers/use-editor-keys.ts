import { useEffect, useRef } from 'react'
import { settings } from '../../app/settings.ts'
import { isTyping } from '../../ui/typing.ts'

const SEQUENCE_MS = 1200

interface EditorKeys {
  /** 0 for the key 1, 9 for the key 0. */
  readonly onDigit: (index: number) => void
  readonly onLock: () => void
}

/** Single keys of the threshold editor. They rest while something is typed, and where a person turned them off. */
export function useEditorKeys(keys: EditorKeys): void {
  const latest = useRef(keys)
  useEffect(() => {
    latest.current = keys
  })
  useEffect(() => {
    let wentAt = -Infinity
    function onKey(event: KeyboardEvent): void {
      // The second key of `G S` leads elsewhere.
      const isSecond = event.timeStamp - wentAt < SEQUENCE_MS
      wentAt = event.key.toLowerCase() === 'g' ? event.timeStamp : -Infinity
      if (isSecond || event.defaultPrevented || event.isComposing || isTyping(event.target) || event.ctrlKey || event.metaKey || event.altKey || !settings().letters) return
      if (/^\d$/.test(event.key)) latest.current.onDigit((Number(event.key) + 9) % 10)
      else if (event.key.toLowerCase() === 's') latest.current.onLock()
      else return
      event.preventDefault()
    }
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  }, [])
}

/** Takes edits back and makes them again; not while a text is typed, whose own history counts there. */
export function useUndoKeys(undo: () => void, redo: () => void): void {
  const latest = useRef({ undo, redo })
  useEffect(() => {
    latest.current = { undo, redo }
  })
  useEffect(() => {
    function onKey(event: KeyboardEvent): void {
      if (event.defaultPrevented || isTyping(event.target) || event.altKey || !(event.ctrlKey || event.metaKey)) return
      const key = event.key.toLowerCase()
      if (key === 'z' && !event.shiftKey) latest.current.undo()
      else if ((key === 'z' && event.shiftKey) || key === 'y') latest.current.redo()
      else return
      event.preventDefault()
    }
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  }, [])
}
