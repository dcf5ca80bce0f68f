import { memo } from 'react'
import { useSay } from '../../texts/texts.ts'
import { fixed } from '../../ui/format.ts'
import { Panel } from '../../ui/panel.tsx'
import { SideMark } from './side-mark.tsx'
import type { Faces } from './sides.ts'
import type { ChangeLook } from './use-look.ts'
import { useHeadroom } from './use-scores.ts'

interface ClipsPanelProps {
  readonly faces: Faces
  readonly marks: boolean
  readonly change: ChangeLook
}

/** A share of pixels in percent: one pixel of many is not none. */
const percent = (share: number): string => (share > 0 && share < 0.00005 ? '<0.01' : fixed(share * 100, 2))

/** What is left above white and below black, and what clipping takes away. */
export const ClipsPanel = memo(function ClipsPanel({ faces, marks, change }: ClipsPanelProps) {
  const say = useSay()
  const rows = useHeadroom(faces)
  return (
    <Panel title={say('compare.headroom')} aside={<label className="clips-mark" title="V"><input type="checkbox" checked={marks} onChange={() => change((look) => ({ marks: !look.marks }))} /> {say('compare.mark-clips')}</label>}>
      <table className="plain sides">
        <thead>
          <tr>
            <th scope="col">{say('version')}</th><th scope="col" data-align="right">{say('low')}</th><th scope="col" data-align="right">{say('high')}</th>
            <th scope="col" data-align="right" title={say('compare.below.what')}>&lt; 0 %</th><th scope="col" data-align="right" title={say('compare.above.what')}>&gt; 255 %</th>
          </tr>
        </thead>
        <tbody>
          {(rows ?? []).map(([side, { below, above, min, max }]) => (
            <tr key={side}>
              <th scope="row"><SideMark side={side} /></th><td data-align="right">{fixed(min, 1)}</td><td data-align="right">{fixed(max, 1)}</td>
              <td data-align="right">{percent(below)}</td><td data-align="right">{percent(above)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {marks ? <p className="panel-text clips-key"><i data-kind="above" /> {say('compare.above')} <i data-kind="below" /> {say('compare.below')}</p> : null}
    </Panel>
  )
})
