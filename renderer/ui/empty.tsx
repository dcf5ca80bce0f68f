import type { ReactNode } from 'react'
import { FaultNotice } from './fault-notice.tsx'

interface EmptyProps {
  readonly title: string
  readonly what?: string
  readonly id?: string
  readonly label?: string
  readonly className?: string
  /** Drawn above the words. */
  readonly picture?: ReactNode
  /** Why a way on was none; null: nothing went wrong. */
  readonly fault?: unknown
  /** The ways on. */
  readonly children: ReactNode
}

/** A place that has nothing to show: why, and what to do. */
export function Empty({ title, what, id, label, className = '', picture, fault = null, children }: EmptyProps) {
  return (
    <section className={`panel empty ${className}`.trim()} id={id} aria-label={label}>
      {picture}
      <h2>{title}</h2>
      {what === undefined ? null : <p>{what}</p>}
      <div className="empty-acts">{children}</div>
      {fault === null ? null : <FaultNotice fault={fault} />}
    </section>
  )
}
