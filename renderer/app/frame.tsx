import { useQueryClient } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { Outlet } from 'react-router'
import { useProjectJob } from '../project/use-project-job.ts'
import { useSay } from '../texts/texts.ts'
import { Toasts } from '../ui/toast.tsx'
import { Foot } from './foot.tsx'
import { FrameContext } from './frame-context.ts'
import { JobsDrawer } from './jobs-drawer.tsx'
import { KeysDialog } from './keys-dialog.tsx'
import { useEvents } from './live.ts'
import { Palette } from './palette.tsx'
import { Rail } from './rail.tsx'
import { useKeys } from './use-keys.ts'

type Layer = 'none' | 'palette' | 'keys' | 'jobs'

const MOD = /Mac|iP(hone|ad)/.test(navigator.userAgent) ? '⌘' : 'Ctrl'

/** The window around every screen: rail, foot, and what opens above them. */
export function Frame() {
  const say = useSay()
  const [layer, setLayer] = useState<Layer>('none')
  const line = useEvents(useQueryClient())
  const actions = useMemo(() => ({
    openPalette: () => setLayer('palette'),
    openKeys: () => setLayer('keys'),
    openJobs: () => setLayer('jobs'),
    mod: MOD,
  }), [])
  useKeys(actions)
  useProjectJob()
  const close = (): void => setLayer('none')
  return (
    <FrameContext.Provider value={actions}>
      <a className="skip" href="#content" onClick={(event) => { event.preventDefault(); document.querySelector<HTMLElement>('#content')?.focus() }}>{say('nav.skip')}</a>
      <div className="frame">
        <Rail />
        <div className="frame-screen">
          {line === 'on' ? null : <p className="banner" role="status" data-line={line}>{say(`line.${line}`)}</p>}
          <Outlet />
          <Foot />
        </div>
      </div>
      <Palette opened={layer === 'palette'} onClose={close} />
      <KeysDialog opened={layer === 'keys'} onClose={close} />
      <JobsDrawer opened={layer === 'jobs'} onClose={close} />
      <Toasts />
    </FrameContext.Provider>
  )
}
