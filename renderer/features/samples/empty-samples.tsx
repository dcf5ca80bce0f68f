import { useState } from 'react'
import type { SamplesPart } from '../../../preload/contract/index.ts'
import { useSay } from '../../texts/texts.ts'
import { Button } from '../../ui/button.tsx'
import { FaultNotice } from '../../ui/fault-notice.tsx'
import { DropPanel, UploadButtons } from './drop-panel.tsx'
import { takeBundled } from './source-panel.tsx'
import type { SamplesUpload } from './use-upload.ts'

/** A part without samples: how to give it some. */
export function NoSamples({ part, upload }: { readonly part: SamplesPart; readonly upload: SamplesUpload }) {
  const say = useSay()
  const [fault, setFault] = useState<unknown>(null)
  return (
    <DropPanel label={say('samples.pictures')} upload={upload} className="empty samples-empty samples-drop">
      <Ghost />
      <h2>{say(`samples.empty.${part}`)}</h2>
      <p>{say(`samples.empty.${part}.what`)}</p>
      <div className="empty-acts">
        <UploadButtons upload={upload} />
        <Button onClick={() => void takeBundled(part).catch(setFault)}>{say('samples.bundled')}</Button>
      </div>
      <p>{say('samples.cost')}</p>
      {fault === null ? null : <FaultNotice fault={fault} />}
    </DropPanel>
  )
}

/** A ghost of what comes: pictures, one of them picked. */
export function Ghost() {
  return (
    <svg className="samples-ghost" viewBox="0 0 224 100" aria-hidden="true">
      {Array.from({ length: 8 }, (_, at) => <rect key={at} x={4 + (at % 4) * 56} y={4 + Math.floor(at / 4) * 48} width={48} height={40} rx={5} data-picked={at === 1 || undefined} />)}
      <path d="M66 40l12-14 9 9 6-5 9 10z" />
    </svg>
  )
}
