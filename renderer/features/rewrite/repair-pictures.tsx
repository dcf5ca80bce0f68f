import { useState } from 'react'
import type { RepairView } from '../../../preload/contract/index.ts'
import { useSay } from '../../texts/texts.ts'
import { Button } from '../../ui/button.tsx'
import { fixed, significant } from '../../ui/format.ts'
import { Segmented } from '../../ui/segmented.tsx'
import { NoPictures } from './repair-panel.tsx'
import { RegionCanvas } from './region-canvas.tsx'
import { RepairScore } from './repair-score.tsx'
import { useRepair, type RepairPlace } from './use-repair.ts'

interface RepairPicturesProps {
  readonly place: RepairPlace
  readonly rewrite: string
  readonly sample: number
  readonly onSample: (sample: number) => void
}

/** A sample before and after a repair, their difference, and the reference where there is one. */
export function RepairPictures({ place, rewrite, sample, onSample }: RepairPicturesProps) {
  const say = useSay()
  const [area, setArea] = useState<'whole' | 'tile'>('whole')
  const { data: view, error, isPlaceholderData } = useRepair(place, sample)
  if (error !== null) return <div className="repair-pictures"><NoPictures fault={error} /></div>
  if (view === undefined) return <p className="panel-text" role="status">{say('rewrite.repair.looking')}</p>
  const count = view.samples
  return (
    <div className="repair-pictures" aria-busy={isPlaceholderData} data-old={isPlaceholderData || undefined}>
      <div className="repair-bar">
        <span className="repair-what"><span aria-hidden="true">⚠</span> {say('rewrite.repair')} <b className="mono">{rewrite}</b></span>
        <span className="bar-space" />
        <span className="diff-steps">
          <Button tone="quiet" disabled={count < 2} aria-label={say('rewrite.repair.sample.previous')} onClick={() => onSample((sample + count - 1) % count)}>←</Button>
          <span className="number" role="status">{say('rewrite.repair.sample.at', { sample: view.sample, at: sample + 1, count })}</span>
          <Button tone="quiet" disabled={count < 2} aria-label={say('rewrite.repair.sample.next')} onClick={() => onSample((sample + 1) % count)}>→</Button>
        </span>
        <Segmented label={say('rewrite.repair.area')} value={area} choices={[{ value: 'whole', name: say('rewrite.repair.whole') }, { value: 'tile', name: say('rewrite.repair.tile') }]} onChange={setArea} />
      </div>
      <div className="repair-line">
        {view.protocol === null ? <span className="muted">{say('rewrite.repair.no-reference')}</span> : <><span className="mono muted">{view.protocol}</span> <RepairScore protocol={view.protocol} {...view.scores} /></>}
        <span className="muted number">{say('rewrite.repair.changes', { percent: fixed(view.changedPercent, 2), largest: significant(view.largest, 3) })}</span>
      </div>
      <div className="repair-grid">{facesOf(view).map(({ side, picture }) => (
        <figure key={side} data-side={side}>
          <figcaption>{say(NAMES[side], { gain: view.gain })}</figcaption>
          <RegionCanvas picture={picture} region={area === 'tile' ? view.tile : undefined} label={say(NAMES[side], { gain: view.gain })} />
        </figure>
      ))}</div>
    </div>
  )
}

const NAMES = {
  before: 'rewrite.repair.side.before', after: 'rewrite.repair.side.after', difference: 'rewrite.repair.side.difference', reference: 'rewrite.repair.side.reference',
} as const
const SIDES = ['before', 'after', 'difference', 'reference'] as const

const facesOf = ({ pictures }: RepairView) => SIDES.flatMap((side) => (pictures[side] === undefined ? [] : [{ side, picture: pictures[side] }]))
