import type { ReactNode } from 'react'

interface PanelProps {
  readonly title: string
  /** Right of the title: a count, a protocol, controls. */
  readonly aside?: ReactNode
  readonly children: ReactNode
  readonly id?: string
  /** Takes the height that is left; its content scrolls. */
  readonly grows?: boolean
}

/** A part of a screen: one line around it, its name in its head. */
export function Panel({ title, aside, children, id, grows }: PanelProps) {
  return (
    <section className="panel" data-grows={grows || undefined} aria-label={title} id={id}>
      <header className="panel-head">
        <h2 className="panel-title">{title}</h2>
        {aside}
      </header>
      {children}
    </section>
  )
}
