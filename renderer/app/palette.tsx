import { Modal } from '@mantine/core'
import { useEffect, useId, useRef, useState, type KeyboardEvent } from 'react'
import { useNavigate } from 'react-router'
import { useCall } from '../client.ts'
import { useProject } from '../project/project.ts'
import { useSay } from '../texts/texts.ts'
import { modelName, moment, shortRun } from '../ui/format.ts'
import { nextActive } from '../ui/next-active.ts'
import { useFrame } from './frame-context.ts'
import { matching, type Command } from './match.ts'
import { PLACES, placeTo } from './places.ts'
import { changeSettings, useSettings } from './settings.ts'

function useCommands(opened: boolean): Command[] {
  const say = useSay()
  const navigate = useNavigate()
  const { openJobs, openKeys, mod } = useFrame()
  const { language } = useSettings()
  const ran = useProject().ran?.id ?? null
  const runs = useCall('runs.list', { limit: 50 }, { enabled: opened }).data?.runs ?? []
  const go = (to: string) => () => void navigate(to)
  return [
    ...PLACES.map(({ name, letter }): Command => ({ id: name, name: say(`place.${name}`), hint: `G ${letter.toUpperCase()}`, also: name, act: go(placeTo(name, ran)) })),
    { id: 'drawer', name: say('keys.jobs'), hint: `${mod} J`, act: openJobs },
    { id: 'keys', name: say('keys.title'), hint: '?', act: openKeys },
    { id: 'dark', name: `${say('theme.title')}: ${say('theme.dark')}`, act: () => changeSettings({ theme: 'dark' }) },
    { id: 'light', name: `${say('theme.title')}: ${say('theme.light')}`, act: () => changeSettings({ theme: 'light' }) },
    { id: 'language', name: language === 'en' ? '中文' : 'English', hint: say('language'), act: () => changeSettings({ language: language === 'en' ? 'zh' : 'en' }) },
    ...runs.map((run): Command => ({
      id: run.run,
      name: `${run.model === null ? run.verb : modelName(run.model)} ${shortRun(run.run)}`,
      hint: moment(run.created),
      also: [run.run, run.verb, ...run.tags].join(' '),
      act: go(`/run/${run.run}`),
    })),
  ]
}

interface PaletteProps {
  readonly opened: boolean
  readonly onClose: () => void
}

/** Every place and every recent run, by a few letters of its name. */
export function Palette({ opened, onClose }: PaletteProps) {
  const say = useSay()
  return (
    <Modal.Root opened={opened} onClose={onClose} size={560} padding={0} yOffset="12vh" lockScroll={false} transitionProps={{ duration: 0 }}>
      <Modal.Overlay />
      <Modal.Content aria-label={say('palette.title')}><Choices onClose={onClose} opened={opened} /></Modal.Content>
    </Modal.Root>
  )
}

function Choices({ onClose, opened }: PaletteProps) {
  const say = useSay()
  const base = useId()
  const [text, setText] = useState('')
  const [active, setActive] = useState(0)
  const found = matching(useCommands(opened), text).slice(0, 12)
  const field = useRef<HTMLInputElement>(null)

  // The dialog takes the focus a moment after it is there: letters typed meanwhile are the field's too.
  useEffect(() => {
    const toField = (event: globalThis.KeyboardEvent): void => {
      if (event.key.length !== 1 || event.ctrlKey || event.metaKey || event.altKey || document.activeElement === field.current) return
      field.current?.focus()
      event.stopPropagation()
    }
    window.addEventListener('keydown', toField, true)
    return () => window.removeEventListener('keydown', toField, true)
  }, [])

  function run(command: Command | undefined): void {
    if (command === undefined) return
    onClose()
    // After the dialog has given the focus back: the command may open another one.
    setTimeout(command.act)
  }

  function onKeyDown(event: KeyboardEvent): void {
    if (event.nativeEvent.isComposing) return
    const next = event.key === 'Home' || event.key === 'End' ? null : nextActive(event.key, active, found.length, 6)
    if (event.key === 'Enter') run(found[active])
    else if (next === null) return
    else setActive(next)
    event.preventDefault()
  }

  return (
    <>
      <input
        ref={field} className="palette-field" role="combobox" aria-expanded="true" aria-controls={`${base}-list`} aria-label={say('palette.title')} data-autofocus
        aria-activedescendant={found[active] === undefined ? undefined : `${base}-${active}`} placeholder={say('palette.hint')}
        value={text} onChange={(event) => { setText(event.target.value); setActive(0) }} onKeyDown={onKeyDown}
      />
      <div className="palette-list" id={`${base}-list`} role="listbox" aria-label={say('palette.title')}>
        {found.map((command, index) => (
          <div
            key={command.id} id={`${base}-${index}`} role="option" aria-selected={index === active} className="palette-choice"
            onMouseMove={() => setActive(index)} onClick={() => run(command)}
          >
            <span>{command.name}</span><span className="palette-hint mono">{command.hint}</span>
          </div>
        ))}
      </div>
      {found.length === 0 ? <p className="palette-none" role="status">{say('palette.none')}</p> : null}
    </>
  )
}
