import { useEffect, type ReactNode } from 'react'
import { Link } from 'react-router'
import { ProjectBar } from '../project/project-bar.tsx'
import { useSay } from '../texts/texts.ts'
import { Key } from '../ui/marks.tsx'
import { useFrame } from './frame-context.ts'

export interface Crumb {
  readonly name: string
  readonly to?: string
  readonly mono?: boolean
}

interface ScreenProps {
  readonly crumbs: readonly Crumb[]
  /** Parts of this screen, to choose from in the bar. */
  readonly steps?: ReactNode
  /** The one primary action. */
  readonly action?: ReactNode
  readonly children: ReactNode
}

/** A screen: its bar and its content. */
export function Screen({ crumbs, steps, action, children }: ScreenProps) {
  const say = useSay()
  const frame = useFrame()
  const title = crumbs.map((crumb) => crumb.name).join(' / ')
  useEffect(() => {
    document.title = `${title} · Scalewright`
  }, [title])
  return (
    <>
      <header className="bar">
        <nav aria-label={say('nav.where')}>
          <ol className="crumbs">
            {crumbs.map(({ name, to, mono }, index) => {
              const isLast = index === crumbs.length - 1
              const text = <span className={mono ? 'mono' : undefined}>{name}</span>
              return <li key={name}>{to === undefined ? (isLast ? <h1>{text}</h1> : text) : <Link to={to}>{text}</Link>}</li>
            })}
          </ol>
        </nav>
        {steps}
        <ProjectBar compact={steps !== undefined} />
        <span className="bar-space" />
        <button type="button" className="bar-palette" onClick={frame.openPalette} title={say('palette.title')}><span className="unseen">{say('palette.title')}</span><Key>{frame.mod}</Key><Key>K</Key></button>
        {action}
      </header>
      <main className="content" id="content" tabIndex={-1}>{children}</main>
    </>
  )
}
