import { useSettings } from '../app/settings.ts'
import type { FaultData } from '../client.ts'
import { textOf, useSay } from '../texts/texts.ts'

export interface FaultWords {
  readonly title: string
  /** Undefined where nobody knows one. */
  readonly step: string | undefined
}

/** What a fault is called and what to do about it, in the person's language: by its code, else by its family. */
export function useFaultWords(): (fault: FaultData) => FaultWords {
  const say = useSay()
  const { language } = useSettings()
  return ({ code, next }) => {
    const family = `fault.${code.split('.')[0]}`
    return {
      title: textOf(say, `fault.${code}`) ?? textOf(say, family) ?? say('fault.bug'),
      // What the engine says names things and is English; a step that is known by its code is said in the person's own language.
      step: (language === 'en' ? next : undefined) ?? textOf(say, `fault.${code}.next`) ?? next ?? textOf(say, `${family}.next`),
    }
  }
}
