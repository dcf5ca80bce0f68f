import { useEffect } from 'react'
import { useNavigate } from 'react-router'
import { project } from '../project/project.ts'
import { isTyping } from '../ui/typing.ts'
import type { FrameActions } from './frame-context.ts'
import { PLACES, placeTo } from './places.ts'
import { settings } from './settings.ts'

/** A second key after `G` counts for so long. */
const SEQUENCE_MS = 1200

/** The keys that work on every screen. Single letters rest while a text is typed, and where a person turned them off. */
export function useKeys({ openPalette, openKeys, openJobs }: FrameActions): void {
  const navigate = useNavigate()
  useEffect(() => {
    let wentAt = -Infinity
    function onKey(event: KeyboardEvent): void {
      if (event.isComposing) return
      const key = event.key.toLowerCase()
      if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && /^[kpj]$/.test(key)) {
        if (key === 'j') openJobs()
        else openPalette()
        event.preventDefault()
        return
      }
      if (isTyping(event.target) || event.ctrlKey || event.metaKey || event.altKey || !settings().letters) return
      const place = event.timeStamp - wentAt < SEQUENCE_MS ? PLACES.find(({ letter }) => letter === key) : undefined
      wentAt = key === 'g' ? event.timeStamp : -Infinity
      if (place !== undefined) void navigate(placeTo(place.name, project().ran?.id ?? null))
      else if (event.key === '?') openKeys()
      else if (event.key === '/') focusFilter(event)
    }
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  }, [navigate, openPalette, openKeys, openJobs])
}

function focusFilter(event: KeyboardEvent): void {
  const filter = document.querySelector<HTMLInputElement>('[data-filter]')
  if (filter === null) return
  filter.focus()
  event.preventDefault()
}
