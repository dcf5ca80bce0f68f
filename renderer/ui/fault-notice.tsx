import type { ReactNode } from 'react'
import { faultOf } from '../client.ts'
import { useSay } from '../texts/texts.ts'
import { EngineText } from './engine-text.tsx'
import { CopyButton } from './copy-button.tsx'
import { useFaultWords } from './fault-words.ts'

interface FaultNoticeProps {
  readonly fault: unknown
  /** What a person can do about it here. */
  readonly children?: ReactNode
}

/** What went wrong: a title in the person's language, what was found and where, what to do next, and the whole of it to copy. */
export function FaultNotice({ fault, children }: FaultNoticeProps) {
  const say = useSay()
  const words = useFaultWords()
  const data = faultOf(fault)
  const { code, what, where, next } = data
  const { title, step } = words(data)
  return (
    <div className="fault" role="alert">
      <h3><span aria-hidden="true">✕</span> {title}</h3>
      <p><EngineText text={what} /></p>
      {where === undefined ? null : <p className="mono fault-where">{where}</p>}
      {step === undefined ? null : <p><b>{say('fault.next')}</b> {step}</p>}
      <div className="fault-actions">
        <code>{code}</code>
        <CopyButton text={[code, what, where, next].filter(Boolean).join('\n')} label={say('copy.details')} />
        {children}
      </div>
    </div>
  )
}
