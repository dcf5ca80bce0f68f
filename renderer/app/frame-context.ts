import { createContext, useContext } from 'react'

export interface FrameActions {
  readonly openPalette: () => void
  readonly openKeys: () => void
  readonly openJobs: () => void
  /** The name of the modifier of this system: `Ctrl` or `⌘`. */
  readonly mod: string
}

const nothing = (): void => undefined

export const FrameContext = createContext<FrameActions>({ openPalette: nothing, openKeys: nothing, openJobs: nothing, mod: 'Ctrl' })

export const useFrame = (): FrameActions => useContext(FrameContext)
