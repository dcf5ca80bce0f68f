import { Menu } from '@mantine/core'
import { IconContrastFilled, IconDeviceDesktop, IconHistory, IconHome, IconKeyboard, IconMoon, IconStack2, IconSun } from '@tabler/icons-react'
import { NavLink } from 'react-router'
import { useSay, type TextKey } from '../texts/texts.ts'
import { useFrame } from './frame-context.ts'
import { isOver, useJobs } from './live.ts'
import { changeSettings, THEMES, useSettings, type Theme } from './settings.ts'

const PLACES = [
  { to: '/', name: 'home', keys: 'G H', Icon: IconHome },
  { to: '/history', name: 'history', keys: 'G R', Icon: IconHistory },
  { to: '/jobs', name: 'jobs', keys: 'G J', Icon: IconStack2 },
] as const

const THEME_ICONS = { system: IconDeviceDesktop, light: IconSun, dark: IconMoon, contrast: IconContrastFilled } as const
const themeName = (theme: Theme): TextKey => `theme.${theme}`

export function Rail() {
  const say = useSay()
  const { openKeys } = useFrame()
  const { theme } = useSettings()
  const open = useJobs().filter((job) => !isOver(job)).length
  const ThemeIcon = THEME_ICONS[theme]
  return (
    <nav className="rail" aria-label={say('nav.places')}>
      <img className="rail-mark" src="./icon.svg" alt="Scalewright" width={30} height={30} />
      {PLACES.map(({ to, name, keys, Icon }) => (
        <NavLink key={to} to={to} end className="rail-link" aria-label={say(name)} title={`${say(name)}  ${keys}`}>
          <Icon size={20} stroke={1.6} aria-hidden />
          {name === 'jobs' && open > 0 ? <span className="rail-count" title={say('jobs.open', { count: open })}>{open}</span> : null}
        </NavLink>
      ))}
      <span className="rail-space" />
      <button type="button" className="rail-link" onClick={openKeys} aria-label={say('keys.title')} title={`${say('keys.title')}  ?`}>
        <IconKeyboard size={20} stroke={1.6} aria-hidden />
      </button>
      <Menu position="right-end" shadow="md" withinPortal transitionProps={{ duration: 0 }}>
        <Menu.Target>
          <button type="button" className="rail-link" aria-label={say('theme.title')} title={`${say('theme.title')}: ${say(themeName(theme))}`}>
            <ThemeIcon size={20} stroke={1.6} aria-hidden />
          </button>
        </Menu.Target>
        <Menu.Dropdown>
          {THEMES.map((each) => {
            const Icon = THEME_ICONS[each]
            return (
              <Menu.Item
                key={each} leftSection={<Icon size={16} aria-hidden />} rightSection={each === theme ? '✓' : null}
                onClick={() => changeSettings({ theme: each })}
              >
                {say(themeName(each))}
              </Menu.Item>
            )
          })}
        </Menu.Dropdown>
      </Menu>
    </nav>
  )
}
