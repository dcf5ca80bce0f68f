import type { Run } from '../../client.ts'
import { useSay } from '../../texts/texts.ts'
import { digitsOf, fixed, protocolName, signed } from '../../ui/format.ts'
import { Panel } from '../../ui/panel.tsx'
import { SideMark } from './side-mark.tsx'
import { isOther, sidesOf, versionOf, type Faces, type Side } from './sides.ts'
import type { Scores } from './use-scores.ts'

interface ScoresPanelProps {
  readonly run: Run
  readonly beside: Run | undefined
  readonly faces: Faces
  readonly scores: Scores
  readonly sample: string
}

/** Quality of each side: this sample, what is lost against float, and the mean of all samples. */
export function ScoresPanel({ run, beside, faces, scores, sample }: ScoresPanelProps) {
  const say = useSay()
  const { quality } = run
  if (quality === undefined) return null
  const digits = digitsOf(quality.unit)
  const meanOf = (side: Side): number | null => {
    const version = versionOf(side)
    if (version === 'reference' || version === 'bicubic') return null
    const from = isOther(side) ? (beside?.quality?.protocol === quality.protocol ? beside.quality : undefined) : quality
    return from?.[version] ?? null
  }
  const change = (side: Side): number | null => {
    const [own, float] = [scores[side], scores.float]
    return side === 'float' || own === undefined || own === null || float === undefined || float === null ? null : own - float
  }
  return (
    <Panel title={`${protocolName(quality.protocol)}, ${quality.unit}`} aside={<span className="panel-note mono" title={sample}>{sample}</span>}>
      <table className="plain sides">
        <thead>
          <tr>
            <th scope="col">{say('version')}</th><th scope="col" data-align="right">{say('compare.this-sample')}</th>
            <th scope="col" data-align="right">{say('compare.lost')}</th><th scope="col" data-align="right">{say('compare.mean', { count: quality.perSample.length })}</th>
          </tr>
        </thead>
        <tbody>
          {sidesOf(faces).filter((side) => side !== 'reference' && scores[side] !== undefined).map((side) => {
            const lost = change(side)
            return (
              <tr key={side}>
                <th scope="row"><SideMark side={side} /></th>
                <td data-align="right">{scores[side] === Infinity ? say('compare.identical') : fixed(scores[side], digits)}</td>
                <td data-align="right" data-tone={lost !== null && quality.unit === 'dB' && lost < -0.1 && versionOf(side) !== 'bicubic' ? 'bad' : undefined}>{lost === null ? '' : signed(lost, digits)}</td>
                <td data-align="right">{fixed(meanOf(side), digits)}</td>
              </tr>
            )
          })}
        </tbody>
      </table>
      <p className="panel-foot mono">{quality.protocol}</p>
    </Panel>
  )
}
