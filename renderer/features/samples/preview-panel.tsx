import type { SamplePreview, ShownPicture } from '../../../preload/contract/index.ts'
import { useSay } from '../../texts/texts.ts'
import { Button } from '../../ui/button.tsx'
import { EngineText } from '../../ui/engine-text.tsx'
import { FaultNotice } from '../../ui/fault-notice.tsx'
import { significant } from '../../ui/format.ts'
import { Panel } from '../../ui/panel.tsx'
import { Segmented } from '../../ui/segmented.tsx'
import { RawCanvas } from './raw-canvas.tsx'

export type Reading = 'model' | 'stretched'

interface PreviewPanelProps {
  readonly name: string
  readonly drawn: number
  readonly crop: number
  readonly as: Reading
  readonly preview: SamplePreview | undefined
  readonly fault: unknown
  readonly onChange: (change: Readonly<Record<string, string>>) => void
}

/** One file as it stands, what the model gets of it, and the values that it gets. */
export function PreviewPanel({ name, drawn, crop, as, preview, fault, onChange }: PreviewPanelProps) {
  const say = useSay()
  return (
    <Panel
      title={say('samples.preview')}
      aside={(
        <>
          <span className="panel-note mono" title={name}>{preview?.id ?? name}</span>
          {drawn > 1 ? (
            <span className="samples-step">
              <Button tone="quiet" aria-label={say('samples.crop.before')} disabled={crop === 0} onClick={() => onChange({ crop: crop > 1 ? String(crop - 1) : '' })}>‹</Button>
              <span className="number">{say('samples.crop', { at: crop + 1, count: drawn })}</span>
              <Button tone="quiet" aria-label={say('samples.crop.after')} disabled={crop >= drawn - 1} onClick={() => onChange({ crop: String(crop + 1) })}>›</Button>
            </span>
          ) : null}
          <Segmented
            label={say('samples.as')} value={as} onChange={(next) => onChange({ as: next === 'model' ? '' : next })}
            choices={[{ value: 'model', name: say('samples.as.model') }, { value: 'stretched', name: say('samples.as.stretched') }]}
          />
        </>
      )}
    >
      {fault === null ? null : <FaultNotice fault={fault} />}
      {preview === undefined ? <div className="samples-before-after" /> : <BeforeAfter preview={preview} />}
      {preview?.tensor ? <ChannelTable preview={preview} /> : null}
    </Panel>
  )
}

function BeforeAfter({ preview }: { readonly preview: SamplePreview }) {
  const say = useSay()
  const { before, after, region, why, isDrawn } = preview
  return (
    <div className="samples-before-after">
      {before === null && after !== null ? null : (
        <figure>
          <span className="samples-frame" data-enlarged={isEnlarged(before) || undefined}>
            {before === null ? <span className="samples-broken" aria-hidden="true">✕</span> : (
              <span className="samples-picture" style={{ aspectRatio: `${before.width} / ${before.height}` }} data-tall={before.height > before.width || undefined}>
                <RawCanvas picture={before} label={say('samples.before.alt', { size: sizeText(before) })} />
                {region === null ? null : <span className="samples-region" style={{ left: `${region.left * 100}%`, top: `${region.top * 100}%`, width: `${region.width * 100}%`, height: `${region.height * 100}%` }} />}
              </span>
            )}
          </span>
          <figcaption>{say('samples.before')} <span className="number">{before === null ? '' : sizeText(before)}</span></figcaption>
        </figure>
      )}
      <figure>
        <span className="samples-frame" data-enlarged={isEnlarged(after) || undefined}>
          {after === null ? <span className="samples-why">{why === null ? say('samples.no-picture') : <EngineText text={why} />}</span> : (
            <span className="samples-picture" style={{ aspectRatio: `${after.width} / ${after.height}` }} data-tall={after.height > after.width || undefined}>
              <RawCanvas picture={after} label={say('samples.after.alt', { size: sizeText(after) })} />
            </span>
          )}
        </span>
        <figcaption>
          {say('samples.after')} <span className="number">{after === null ? '' : sizeText(after)}</span>
          {after !== null && !isDrawn ? <span className="samples-left-out"> · {say('samples.not-drawn')}</span> : null}
        </figcaption>
      </figure>
    </div>
  )
}

const FRAME = 240
const isEnlarged = (picture: ShownPicture | null): boolean => picture !== null && Math.max(picture.width, picture.height) < FRAME
const sizeText = ({ full: [height, width] }: ShownPicture): string => `${width}×${height}`

/** The values that are fed, a channel a row. */
function ChannelTable({ preview: { tensor, channels, levels } }: { readonly preview: SamplePreview }) {
  const say = useSay()
  return (
    <div className="samples-values">
      <table className="plain" aria-label={say('samples.channels')}>
        <thead>
          <tr><th scope="col">{say('samples.channel')}</th><th scope="col" data-align="right">{say('samples.min')}</th><th scope="col" data-align="right">{say('samples.max')}</th><th scope="col" data-align="right">{say('samples.mean')}</th></tr>
        </thead>
        <tbody>
          {channels.map(({ name, min, max, mean }) => (
            <tr key={name}><th scope="row" className="mono">{name === '' ? '–' : name}</th><td data-align="right">{significant(min)}</td><td data-align="right">{significant(max)}</td><td data-align="right">{significant(mean)}</td></tr>
          ))}
        </tbody>
      </table>
      <dl className="samples-facts">
        {tensor === null ? null : <div><dt>{say('samples.tensor')}</dt><dd className="number">{tensor.type} [{tensor.dims.join(', ')}]{[tensor.layout, tensor.color].map((word) => (word === null ? '' : ` ${word.toUpperCase()}`)).join('')}</dd></div>}
        {levels === null ? null : <div><dt>{say('samples.levels')}</dt><dd className="number">{significant(levels.low)} … {significant(levels.high)}</dd></div>}
        {levels === null ? null : (
          <div>
            <dt>{say('samples.outside')}</dt>
            <dd className="number" data-tone={levels.outside > 0.001 ? 'warning' : undefined}>{levels.outside > 0.001 ? '! ' : ''}{(levels.outside * 100).toFixed(1)} %</dd>
          </div>
        )}
      </dl>
    </div>
  )
}
