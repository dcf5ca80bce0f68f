import { Modal } from '@mantine/core'
import { useSay, type TextKey } from '../texts/texts.ts'
import { Key } from '../ui/marks.tsx'
import { useFrame } from './frame-context.ts'
import { PLACES } from './places.ts'
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
      ...PLACES.map(({ name, letter }) => ({ keys: ['G', letter.toUpperCase()], does: `place.${name}` as const })),
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
    title: 'keys.layers',
    list: [
      { keys: ['←', '→'], does: 'keys.layers.one' },
      { keys: ['Shift', '←', '→'], does: 'keys.layers.ten' },
      { keys: ['Home', 'End'], does: 'keys.layers.ends' },
      { keys: ['1', '…', '0'], does: 'keys.layers.method' },
      { keys: ['S'], does: 'layers.symmetric' },
      { keys: ['Alt'], does: 'keys.layers.free' },
      { keys: [mod, 'Z'], does: 'layers.undo' },
      { keys: [mod, 'C'], does: 'keys.layers.copy' },
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
  {
    title: 'keys.graph',
    list: [
      { keys: ['↑', '↓'], does: 'keys.graph.walk' },
      { keys: ['Enter'], does: 'keys.graph.open' },
      { keys: ['F'], does: 'picture.fit' },
      { keys: ['+', '−'], does: 'keys.zoom' },
      { keys: [mod, 'F'], does: 'model.find' },
      { keys: ['F3'], does: 'keys.graph.next' },
    ],
  },
  {
    title: 'keys.rewrite',
    list: [
      { keys: ['[', ']'], does: 'keys.rewrite.step' },
      { keys: ['F'], does: 'picture.fit' },
      { keys: ['+', '−'], does: 'keys.zoom' },
    ],
  },
  {
    title: 'keys.compare',
    list: [
      { keys: ['X', 'D'], does: 'keys.compare.mode' },
      { keys: ['Space'], does: 'keys.compare.flip' },
      { keys: ['Shift', 'Ctrl'], does: 'keys.compare.hold' },
      { keys: ['N', 'P'], does: 'keys.compare.sample' },
      { keys: ['W'], does: 'keys.compare.worst' },
      { keys: [',', '.'], does: 'keys.compare.gain' },
      { keys: ['M', 'K', 'T'], does: 'keys.compare.kind' },
      { keys: ['E', 'O', '0'], does: 'keys.compare.tone' },
      { keys: ['R', 'C', 'V'], does: 'keys.compare.tools' },
      { keys: ['Z'], does: 'keys.compare.loupe' },
      { keys: ['←', '→'], does: 'keys.compare.nudge' },
      { keys: ['Shift', 'G'], does: 'keys.compare.grid' },
      { keys: [mod, 'C'], does: 'keys.compare.copy' },
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
