import { useEffect, useState } from 'react'
import type { Mode } from './look.ts'
import type { Spot } from './moves.ts'
import type { Hold } from './panes.ts'
import type { Seen, StageActs } from './stage-acts.ts'
import { openValue } from './value.ts'

const BLINK_MS = 500

/** What a person holds and points at: none of it stands in the address. */
export function useHands(mode: Mode) {
  const [hold, setHold] = useState<Hold>(null)
  const [flipped, setFlipped] = useState(false)
  const [loupe, setLoupe] = useState(false)
  const [tool, setTool] = useState<'move' | 'region'>('move')
  const [pointed, setPointed] = useState(false)
  const [playing, setPlaying] = useState(false)
  const [values] = useState(() => {
    const seen = openValue<Seen | null>(null)
    return { spot: openValue<Spot | null>(null), seen, stage: openValue<StageActs | null>(null), corner: openValue<Spot | null>(null), isReady: () => seen.get() !== null }
  })

  useEffect(() => {
    if (!playing || mode !== 'blink') return
    const timer = setInterval(() => setFlipped((known) => !known), BLINK_MS)
    return () => clearInterval(timer)
  }, [playing, mode])

  /** Shows the cursor, in the middle of what is seen where nothing is pointed at, or takes it away. */
  const point = (): void => {
    const { part } = values.seen.get() ?? {}
    if (!pointed && values.spot.get() === null && part !== undefined) values.spot.set({ x: Math.floor(part.x + part.width / 2), y: Math.floor(part.y + part.height / 2) })
    // Arrows are the cursor's from now on, not those of the tabs or the button that has the focus.
    if (!pointed) values.stage.get()?.focus()
    setPointed(!pointed)
  }
  const drop = (): void => {
    setTool('move')
    setPointed(false)
    setPlaying(false)
    values.corner.set(null)
  }
  return {
    ...values, hold, setHold, flipped, flip: () => setFlipped((known) => !known), loupe, setLoupe, tool, setTool,
    pickRegion: () => setTool((known) => (known === 'region' ? 'move' : 'region')), pointed, point, playing: playing && mode === 'blink', setPlaying, drop,
  }
}
