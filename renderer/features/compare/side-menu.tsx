import { Menu } from '@mantine/core'
import { useSay } from '../../texts/texts.ts'
import type { Look } from './look.ts'
import { SideMark, useSideName } from './side-mark.tsx'
import { sidesOf, type Faces } from './sides.ts'
import type { ChangeLook } from './use-look.ts'

interface SideMenuProps {
  readonly slot: 'a' | 'b'
  readonly faces: Faces
  readonly look: Look
  readonly change: ChangeLook
}

/** One of both sides as a chip; opens the list of what it may be. */
export function SideMenu({ slot, faces, look, change }: SideMenuProps) {
  const say = useSay()
  const nameOf = useSideName()
  const side = look[slot]
  const label = say(slot === 'a' ? 'compare.side-a' : 'compare.side-b', { name: nameOf(side) })
  return (
    <Menu position="bottom-start" shadow="md" withinPortal transitionProps={{ duration: 0 }}>
      <Menu.Target>
        <button type="button" className="chip" aria-label={label} title={label}><SideMark side={side} /><span aria-hidden="true">▾</span></button>
      </Menu.Target>
      <Menu.Dropdown>
        {sidesOf(faces).map((each) => (
          <Menu.Item key={each} rightSection={each === side ? '✓' : null} onClick={() => change({ [slot]: each })}><SideMark side={each} /></Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}
