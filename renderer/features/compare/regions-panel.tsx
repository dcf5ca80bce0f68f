import { IconTrash } from '@tabler/icons-react'
import { useMemo } from 'react'
import { useSay } from '../../texts/texts.ts'
import { Button } from '../../ui/button.tsx'
import { fixed, signed } from '../../ui/format.ts'
import { LineChart, type Tone } from '../../ui/line-chart.tsx'
import { Panel } from '../../ui/panel.tsx'
import { profileOf } from './profile.ts'
import { measureName, measureOf, type Region } from './psnr.ts'
import { SideLetter, SideMark, useSideName } from './side-mark.tsx'
import { versionOf, type Faces, type Side } from './sides.ts'
import type { RegionScore } from './use-scores.ts'

interface RegionsPanelProps {
  readonly faces: Faces
  readonly a: Side
  readonly b: Side
  readonly protocol: string
  readonly regions: readonly Region[]
  readonly scores: readonly RegionScore[] | null
  readonly onShow: (region: Region) => void
  readonly onDrop: (region: Region) => void
}

/** Regions with quality of their own, and the levels along their diagonal. */
export function RegionsPanel({ faces, a, b, protocol, regions, scores, onShow, onDrop }: RegionsPanelProps) {
  const say = useSay()
  if (regions.length === 0) return null
  const name = measureName(measureOf(protocol))
  return (
    <Panel title={say('compare.regions')} aside={<span className="panel-note">{faces.reference === undefined ? say('compare.regions.without') : name}</span>}>
      <table className="plain regions">
        <thead>
          <tr>
            <th scope="col">{say('compare.region')}</th>{[a, b].map((side, index) => <th key={index} scope="col" data-align="right"><SideLetter side={side}>{index === 0 ? 'A' : 'B'}</SideLetter></th>)}
            <th scope="col" data-align="right">Δ dB</th><th scope="col"><span className="unseen">{say('compare.region.drop')}</span></th>
          </tr>
        </thead>
        <tbody>
          {regions.map((region, index) => {
            const score = scores?.[index]
            const where = `x ${region.x} y ${region.y}, ${region.width} × ${region.height}`
            return (
              <tr key={where}>
                <th scope="row"><button type="button" className="link number" title={`${say('compare.region.show')}: ${where}`} onClick={() => onShow(region)}>{index + 1}: {region.width} × {region.height}</button></th>
                <td data-align="right">{fixed(score?.a, 2)}</td><td data-align="right">{fixed(score?.b, 2)}</td>
                <td data-align="right">{score?.a === null || score?.b === null || score === undefined ? '–' : signed(score.b - score.a, 2)}</td>
                <td><Button tone="quiet" className="square" aria-label={`${say('compare.region.drop')} ${index + 1}`} onClick={() => onDrop(region)}><IconTrash size={14} aria-hidden /></Button></td>
              </tr>
            )
          })}
        </tbody>
      </table>
      <Profile faces={faces} a={a} b={b} region={regions.at(-1)!} number={regions.length} />
    </Panel>
  )
}

const toneOf = (side: Side): Tone => {
  const version = versionOf(side)
  return version === 'bicubic' ? 'accent' : version
}

interface ProfileProps extends Pick<RegionsPanelProps, 'faces' | 'a' | 'b'> {
  readonly region: Region
  readonly number: number
}

/** Luma of both sides along the diagonal of the last region; numbers in the table below it. */
function Profile({ faces, a, b, region, number }: ProfileProps) {
  const say = useSay()
  const nameOf = useSideName()
  const lines = useMemo(() => [a, b].flatMap((side) => {
    const picture = faces[side]
    return picture === undefined ? [] : [{ side, points: profileOf(picture, region) }]
  }), [faces, a, b, region])
  const first = lines[0]
  if (first === undefined || first.points.length < 2) return null
  return (
    <details className="more">
      <summary>{say('compare.profile', { number })}</summary>
      <div className="small-chart">
        <LineChart
          label={say('compare.profile.alt', { number })} labels={first.points.map((_, index) => String(index))} write={(value) => fixed(value, 0)}
          lines={lines.map(({ side, points }, index) => ({ name: nameOf(side), tone: toneOf(side), points: [...points], dashed: index === 1 && toneOf(side) === toneOf(a) }))}
        />
      </div>
      <details className="more">
        <summary>{say('compare.numbers')}</summary>
        <table className="plain">
          <thead><tr><th scope="col">#</th>{lines.map(({ side }) => <th key={side} scope="col" data-align="right"><SideMark side={side} /></th>)}</tr></thead>
          <tbody>{first.points.map((_, index) => <tr key={index}><th scope="row" className="mono">{index}</th>{lines.map(({ side, points }) => <td key={side} data-align="right">{fixed(points[index], 2)}</td>)}</tr>)}</tbody>
        </table>
      </details>
    </details>
  )
}
