import type { ReactNode } from 'react'
import { faultOf } from '../client.ts'
import { useSettings } from '../app/settings.ts'
import { textOf, useSay } from '../texts/texts.ts'
import { CopyButton } from './copy-button.tsx'

interface FaultNoticeProps {
  readonly fault: unknown
  /** What a person can do about it here. */
  readonly children?: ReactNode
}

/** What went wrong: a title in the person's language, what was found and where, what to do next, and the whole of it to copy. */
export function FaultNotice({ fault, children }: FaultNoticeProps) {
  const say = useSay()
  const { code, what, where, next } = faultOf(fault)
  const { language } = useSettings()
  const title = textOf(say, `fault.${code}`) ?? textOf(say, `fault.${code.split('.')[0]}`) ?? say('fault.bug')
  // What the engine says names things and is English; a step that is known by its code is said in the person's own language.
  const step = (language === 'en' ? next : undefined) ?? textOf(say, `fault.${code}.next`) ?? next
  return (
    <div className="fault" role="alert">
      <h3><span aria-hidden="true">✕</span> {title}</h3>
      <p lang="en">{what}</p>
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
