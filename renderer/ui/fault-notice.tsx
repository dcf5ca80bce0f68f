import type { ReactNode } from 'react'
import { faultOf } from '../client.ts'
import { useSay, type TextKey } from '../texts/texts.ts'
import { CopyButton } from './copy-button.tsx'

const FAMILIES: Readonly<Record<string, TextKey>> = {
  input: 'fault.input', model: 'fault.model', samples: 'fault.samples', recipe: 'fault.recipe',
  workspace: 'fault.workspace', engine: 'fault.engine', bug: 'fault.bug',
}

interface FaultNoticeProps {
  readonly fault: unknown
  /** What a person can do about it here. */
  readonly children?: ReactNode
}

/** What went wrong: a title in the person's language, what was found and where, what to do next, and the whole of it to copy. */
export function FaultNotice({ fault, children }: FaultNoticeProps) {
  const say = useSay()
  const { code, what, where, next } = faultOf(fault)
  const title = say(FAMILIES[code.split('.')[0] ?? ''] ?? 'fault.bug')
  return (
    <div className="fault" role="alert">
      <h3><span aria-hidden="true">✕</span> {title}</h3>
      <p>{what}</p>
      {where === undefined ? null : <p className="mono fault-where">{where}</p>}
      {next === undefined ? null : <p><b>{say('fault.next')}</b> {next}</p>}
      <div className="fault-actions">
        <code>{code}</code>
        <CopyButton text={[code, what, where, next].filter(Boolean).join('\n')} label={say('copy.details')} />
        {children}
      </div>
    </div>
  )
}
