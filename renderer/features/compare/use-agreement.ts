import { useEffect, useState } from 'react'
import { call, faultOf, type FaultData } from '../../client.ts'
import type { Judged } from './vectors.ts'

export interface SampleAgreement {
  readonly index: number
  readonly cosine: Readonly<Record<Judged, number>>
  readonly sqnrDb: Readonly<Record<Judged, number>>
  readonly sameTop: Readonly<Record<Judged, boolean>>
}

export interface Agreement {
  readonly done: readonly SampleAgreement[]
  readonly fault: FaultData | null
}

/** Goes through the samples one after the other and keeps how far the first output of each version is from float. */
export function useAgreement(run: string, indices: readonly number[], output: string | undefined): Agreement {
  const [agreement, setAgreement] = useState<Agreement>({ done: [], fault: null })
  useEffect(() => {
    const stop = new AbortController()
    const goThrough = async (): Promise<void> => {
      setAgreement({ done: [], fault: null })
      for (const index of indices) {
        const { outputs } = await call('pictures.vectors', { run, sample: index }, stop.signal)
        const found = outputs.find(({ name }) => name === output)
        if (found !== undefined) setAgreement(({ done }) => ({ fault: null, done: [...done, { index, cosine: found.cosine, sqnrDb: found.sqnrDb, sameTop: found.sameTop }] }))
      }
    }
    if (output !== undefined) {
      goThrough().catch((error: unknown) => {
        if (!stop.signal.aborted) setAgreement(({ done }) => ({ done, fault: faultOf(error) }))
      })
    }
    return () => stop.abort()
  }, [run, indices, output])
  return agreement
}
