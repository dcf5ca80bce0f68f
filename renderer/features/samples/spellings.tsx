import type { SamplePreview } from '../../../preload/contract/index.ts'
import { useSay } from '../../texts/texts.ts'
import { CopyButton } from '../../ui/copy-button.tsx'
import { Panel } from '../../ui/panel.tsx'

const MAKERS = { horizon: 'Horizon', rknn: 'Rockchip RKNN', sophon: 'Sophon tpu-mlir', formula: 'ONNX Runtime · TensorRT' } as const

/** The same preprocessing as other tools write it. */
export function Spellings({ spellings }: { readonly spellings: SamplePreview['spellings'] }) {
  const say = useSay()
  return (
    <Panel title={say('samples.spellings')} aside={<span className="panel-note">{say('samples.spellings.note')}</span>}>
      <dl className="samples-spellings">
        {spellings.map(({ speller, text }) => (
          <div key={speller}>
            <dt>{MAKERS[speller]}<CopyButton text={text} label={say('copy')} /></dt>
            <dd><pre>{text}</pre></dd>
          </div>
        ))}
      </dl>
    </Panel>
  )
}
