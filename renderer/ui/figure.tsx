import type { ReactNode } from 'react'

interface FigureProps {
  readonly name: string
  readonly value: string
  readonly unit?: string
  readonly tone?: 'good' | 'bad'
  readonly remark?: ReactNode
}

/** One number that is read from afar. */
export function Figure({ name, value, unit, tone, remark }: FigureProps) {
  return (
    <div className="figure">
      <dt>{name}</dt>
      <dd className="figure-value number" data-tone={tone}>{value}{unit === undefined ? null : <small>{unit}</small>}</dd>
      {remark === undefined ? null : <dd className="figure-remark">{remark}</dd>}
    </div>
  )
}
