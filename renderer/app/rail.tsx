import { Menu } from '@mantine/core'
import {
  IconAdjustmentsHorizontal, IconChartBar, IconColumns2, IconContrastFilled, IconDeviceDesktop, IconHistory, IconHome, IconKeyboard, IconListDetails, IconMoon,
  IconPackageExport,
  IconPhoto, IconSun, IconTargetArrow, IconTopologyStar3, IconTransform,
} from '@tabler/icons-react'
import { Link, useLocation } from 'react-router'
import { useProject } from '../project/project.ts'
import { useSay, type TextKey } from '../texts/texts.ts'
import { useFrame } from './frame-context.ts'
import { isOver, useJobs } from './live.ts'
import { PLACES, placeOfPath, placeTo, type PlaceName } from './places.ts'
import { changeSettings, THEMES, useSettings, type Theme } from './settings.ts'

const ICONS: Readonly<Record<PlaceName, typeof IconHome>> = {
  home: IconHome, model: IconTopologyStar3, samples: IconPhoto, calibrate: IconAdjustmentsHorizontal, layers: IconChartBar, compare: IconColumns2,
  rewrite: IconTransform, tune: IconTargetArrow, export: IconPackageExport, history: IconHistory, jobs: IconListDetails,
}

const THEME_ICONS = { system: IconDeviceDesktop, light: IconSun, dark: IconMoon, contrast: IconContrastFilled } as const
const themeName = (theme: Theme): TextKey => `theme.${theme}`

export function Rail() {
  const say = useSay()
  const { openKeys } = useFrame()
  const { theme } = useSettings()
  const ran = useProject().ran?.id ?? null
  const here = placeOfPath(useLocation().pathname)
  const open = useJobs().filter((job) => !isOver(job)).length
  const ThemeIcon = THEME_ICONS[theme]
  return (
    <nav className="rail" aria-label={say('nav.places')}>
      <img className="rail-mark" src="./icon.svg" alt="Scalewright" width={30} height={30} />
      {PLACES.map(({ name, letter }) => {
        const Icon = ICONS[name]
        return (
          <Link
            key={name} to={placeTo(name, ran)} className={here === name ? 'rail-link active' : 'rail-link'} aria-current={here === name ? 'page' : undefined}
            aria-label={name === 'jobs' && open > 0 ? `${say('place.jobs')} ${open}` : say(`place.${name}`)} title={`${say(`place.${name}`)}  G ${letter.toUpperCase()}`}
          >
            <Icon size={20} stroke={1.6} aria-hidden />
            {name === 'jobs' && open > 0 ? <span className="rail-count" title={say('jobs.open', { count: open })}>{open}</span> : null}
          </Link>
        )
      })}
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
