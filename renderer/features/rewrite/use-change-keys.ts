import { useEffect } from 'react'
import { settings } from '../../app/settings.ts'
import { isTyping } from '../../ui/typing.ts'
import { useStable } from '../../ui/use-stable.ts'

const isElsewhere = (target: EventTarget | null): boolean => target instanceof HTMLElement && target.closest('[role=dialog], [role=menu]') !== null

/** `[` and `]` go through the changes, wherever the focus is. */
export function useChangeKeys(onStep: (by: 1 | -1) => void): void {
  const step = useStable(onStep)
  useEffect(() => {
    function onKey(event: KeyboardEvent): void {
      if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || isElsewhere(event.target) || !settings().letters) return
      if (event.key !== '[' && event.key !== ']') return
      step(event.key === ']' ? 1 : -1)
      event.preventDefault()
    }
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  }, [step])
}
