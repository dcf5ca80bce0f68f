import { useState, type ReactNode } from 'react'
import { Link } from 'react-router'
import { call } from '../client.ts'
import { useSay, type TextKey } from '../texts/texts.ts'
import { Button } from '../ui/button.tsx'
import { FaultNotice } from '../ui/fault-notice.tsx'
import { beginProject } from './project.ts'

interface NoModelProps {
  readonly label: TextKey
  readonly title: TextKey
  readonly what: TextKey
  readonly choose: TextKey
  readonly bundled: TextKey
  readonly className?: string
  /** Drawn above the words. */
  readonly children?: ReactNode
}

/** A place that has nothing to show before there is a model: the ways to one. */
export function NoModel({ label, title, what, choose, bundled, className = '', children }: NoModelProps) {
  const say = useSay()
  const [fault, setFault] = useState<unknown>(null)
  async function takeBundled(): Promise<void> {
    beginProject({ recipe: (await call('recipe.bundled', {})).recipe })
  }
  return (
    <section className={`panel empty ${className}`} aria-label={say(label)}>
      {children}
      <h2>{say(title)}</h2>
      <p>{say(what)}</p>
      <div className="empty-acts">
        <Link className="button" data-tone="primary" to="/model">{say(choose)}</Link>
        <Button onClick={() => void takeBundled().catch(setFault)}>{say(bundled)}</Button>
      </div>
      {fault === null ? null : <FaultNotice fault={fault} />}
    </section>
  )
}
