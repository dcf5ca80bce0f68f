import { useState } from 'react'
import { JobPart } from '../../app/job-part.tsx'
import type { NamedJob } from '../../app/use-named-job.ts'
import { useSay } from '../../texts/texts.ts'
import { Button } from '../../ui/button.tsx'
import type { CaffePair } from './use-upload.ts'
import './weights.css'

interface ImportingProps {
  readonly work: NamedJob
  /** What was handed over last; null after a reload. */
  readonly pair: CaffePair | null
  readonly onClose: () => void
}

const MOST = 65_536

/** A Caffe net on its way into ONNX; where it failed, what it can be tried again with. */
export function Importing({ work, pair, onClose }: ImportingProps) {
  const say = useSay()
  const [size, setSize] = useState<readonly [height: string, width: string]>(['', ''])
  const hasFailed = !work.isRunning && (work.fault !== null || work.job?.state === 'failed' || work.job?.state === 'cancelled')
  if (!work.isRunning && !hasFailed) return null
  const sides = size.map((text) => (/^\d{1,5}$/.test(text) ? Number(text) : 0)) as [number, number]
  const isSized = sides.every((side) => side >= 1 && side <= MOST)
  const field = (axis: 0 | 1, label: string) => <label>{label} <input className="field number" type="number" min={1} max={MOST} value={size[axis]} onChange={(event) => setSize(axis === 0 ? [event.target.value, size[1]] : [size[0], event.target.value])} /></label>
  return (
    <section className="panel importing" aria-label={say('model.importing')}>
      <header className="panel-head"><h2 className="panel-title">{say('model.importing')}</h2></header>
      <JobPart work={work} cancelled={say('model.import.cancelled')} />
      {hasFailed ? (
        <form className="importing-again" onSubmit={(event) => { event.preventDefault(); if (pair !== null) work.start({ kind: 'import', ...pair, ...(isSized ? { size: sides } : {}) }) }}>
          {pair === null ? null : <>{field(0, say('model.import.height'))}{field(1, say('model.import.width'))}<Button type="submit">{say(isSized ? 'model.import.again.size' : 'model.import.again')}</Button></>}
          <Button onClick={onClose}>{say('close')}</Button>
        </form>
      ) : null}
    </section>
  )
}
