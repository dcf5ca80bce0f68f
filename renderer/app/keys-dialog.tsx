import { Modal } from '@mantine/core'
import { useSay, type TextKey } from '../texts/texts.ts'
import { Key } from '../ui/marks.tsx'
import { useFrame } from './frame-context.ts'
import { changeSettings, useSettings } from './settings.ts'

interface Shortcut {
  readonly keys: readonly string[]
  readonly does: TextKey
}

const shortcuts = (mod: string): readonly { readonly title: TextKey; readonly list: readonly Shortcut[] }[] => [
  {
    title: 'keys.everywhere',
    list: [
      { keys: [mod, 'K'], does: 'palette.title' },
      { keys: [mod, 'J'], does: 'keys.jobs' },
      { keys: ['G', 'H'], does: 'home' },
      { keys: ['G', 'R'], does: 'history' },
      { keys: ['G', 'J'], does: 'jobs' },
      { keys: ['/'], does: 'keys.filter' },
      { keys: ['?'], does: 'keys.title' },
      { keys: ['Alt', '←'], does: 'keys.back' },
      { keys: ['Esc'], does: 'keys.close' },
    ],
  },
  {
    title: 'keys.tables',
    list: [
      { keys: ['↑', '↓'], does: 'keys.move' },
      { keys: ['Space'], does: 'keys.select' },
      { keys: ['Enter'], does: 'keys.open' },
      { keys: ['Shift', 'Click'], does: 'keys.sort' },
    ],
  },
  {
    title: 'keys.picture',
    list: [
      { keys: ['+', '−'], does: 'keys.zoom' },
      { keys: ['F'], does: 'picture.fit' },
      { keys: ['1'], does: 'picture.whole' },
      { keys: ['←', '→'], does: 'keys.pan' },
    ],
  },
]

/** All shortcuts there are; and the switch that turns single letters off. */
export function KeysDialog({ opened, onClose }: { readonly opened: boolean; readonly onClose: () => void }) {
  const say = useSay()
  const { mod } = useFrame()
  const { letters } = useSettings()
  return (
    <Modal opened={opened} onClose={onClose} title={say('keys.title')} size={620} lockScroll={false} transitionProps={{ duration: 0 }} closeButtonProps={{ 'aria-label': say('close') }}>
      <div className="keys">
        {shortcuts(mod).map(({ title, list }) => (
          <section key={title}>
            <h3>{say(title)}</h3>
            <dl>
              {list.map(({ keys, does }) => (
                <div key={does}><dt>{say(does)}</dt><dd>{keys.map((key) => <Key key={key}>{key}</Key>)}</dd></div>
              ))}
            </dl>
          </section>
        ))}
      </div>
      <label className="check"><input type="checkbox" checked={letters} onChange={(event) => changeSettings({ letters: event.target.checked })} /> {say('keys.letters')}</label>
    </Modal>
  )
}
