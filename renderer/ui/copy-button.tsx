import { IconCheck, IconCopy } from '@tabler/icons-react'
import { useEffect, useState } from 'react'
import { useSay } from '../texts/texts.ts'
import { Button } from './button.tsx'

interface CopyButtonProps {
  /** A function where it is costly to put together: it is asked when it is copied. */
  readonly text: string | (() => string)
  readonly label: string
}

/** Copies a text and says so for a moment. A browser that forbids it shows the text to be copied by hand. */
export function CopyButton({ text, label }: CopyButtonProps) {
  const say = useSay()
  const [state, setState] = useState<'idle' | 'copied' | 'refused'>('idle')
  useEffect(() => {
    if (state !== 'copied') return
    const timer = setTimeout(() => setState('idle'), 1600)
    return () => clearTimeout(timer)
  }, [state])
  const whole = (): string => (typeof text === 'string' ? text : text())
  if (state === 'refused') return <input className="field mono" readOnly value={whole()} aria-label={label} onFocus={(event) => event.target.select()} />
  return (
    <Button onClick={() => void navigator.clipboard.writeText(whole()).then(() => setState('copied'), () => setState('refused'))} title={typeof text === 'string' ? text : undefined}>
      {state === 'copied' ? <IconCheck size={15} aria-hidden /> : <IconCopy size={15} aria-hidden />}
      <span aria-live="polite">{state === 'copied' ? say('copy.done') : label}</span>
    </Button>
  )
}
