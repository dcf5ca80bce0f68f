import { useMemo } from 'react'
import { useSay } from '../../texts/texts.ts'
import { cosine, fixed, grouped, signed, significant } from '../../ui/format.ts'
import { LineChart } from '../../ui/line-chart.tsx'
import { VersionMark } from '../../ui/marks.tsx'
import { Panel } from '../../ui/panel.tsx'
import { differenceBins, isClasses, rowsBy, shownPlaces, type Judged, type OutputVectors } from './vectors.ts'

const MOST_POINTS = 600
const ROWS = 10

interface VectorPanelProps {
  readonly output: OutputVectors
  readonly judged: Judged
}

/** The values of an output along its places, float and the judged version over each other. */
export function ValuesPanel({ output, judged, sample }: VectorPanelProps & { readonly sample: string }) {
  const say = useSay()
  const places = useMemo(() => shownPlaces(output.float, output[judged], MOST_POINTS), [output, judged])
  const pick = (values: Float32Array): number[] => places.map((place) => values[place]!)
  const note = output.float.length > places.length ? say('compare.values.thinned', { shown: places.length, count: grouped(output.float.length) }) : say('compare.values.count', { count: output.float.length })
  return (
    <Panel title={say('compare.values', { name: output.name })} aside={<span className="panel-note">{sample} · {note} · {say('cosine')} {cosine(output.cosine[judged])} · SQNR {fixed(output.sqnrDb[judged], 2)} dB</span>} grows>
      <LineChart
        label={say('compare.values.alt', { name: output.name, count: output.float.length })} labels={places.map(String)} write={(value) => significant(value, 3)}
        lines={[{ name: say(`version.${judged}`), tone: judged, points: pick(output[judged]) }, { name: say('version.float'), tone: 'float', points: pick(output.float) }]}
      />
    </Panel>
  )
}

/** The first classes by score, or the places that differ most. */
export function RowsPanel({ output, judged }: VectorPanelProps) {
  const say = useSay()
  const classes = isClasses(output)
  const rows = useMemo(() => rowsBy(output, ROWS, classes ? ({ float }) => float : (row) => Math.abs(row[judged] - row.float)), [output, judged, classes])
  const rank = useMemo(() => new Map(rowsBy(output, ROWS, (row) => row[judged]).map(({ place }, index) => [place, index + 1])), [output, judged])
  return (
    <Panel title={say(classes ? 'compare.top' : 'compare.farthest')}>
      <table className="plain">
        <thead>
          <tr>
            <th scope="col">{say(classes ? 'compare.class' : 'compare.place')}</th><th scope="col" data-align="right"><VersionMark version="float" /></th>
            <th scope="col" data-align="right"><VersionMark version={judged} /></th><th scope="col" data-align="right">Δ</th>{classes ? <th scope="col" data-align="right">{say('compare.rank')}</th> : null}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            <tr key={row.place}>
              <th scope="row" className="mono">{row.place}</th><td data-align="right">{significant(row.float)}</td><td data-align="right">{significant(row[judged])}</td>
              <td data-align="right">{signed(row[judged] - row.float, 4)}</td>
              {classes ? <td data-align="right" data-tone={rank.get(row.place) === index + 1 ? undefined : 'warning'}>{index + 1} → {rank.get(row.place) ?? `>${ROWS}`}</td> : null}
            </tr>
          ))}
        </tbody>
      </table>
    </Panel>
  )
}

/** How often the output differs by how much. */
export function DifferenceBins({ output, judged }: VectorPanelProps) {
  const say = useSay()
  const bins = useMemo(() => differenceBins(output.float, output[judged]), [output, judged])
  const most = Math.max(...bins.map(({ count }) => count), 1)
  const edge = bins.at(-1)!.to
  return (
    <Panel title={say('compare.bins')} aside={<span className="panel-note">{say(`version.${judged}`)} − {say('version.float')}</span>}>
      <svg className="bins" viewBox={`0 0 ${bins.length} 100`} preserveAspectRatio="none" role="img" aria-label={say('compare.bins.alt')}>
        {bins.map(({ count }, index) => <rect key={index} x={index + 0.08} width={0.84} y={100 - (count / most) * 96} height={(count / most) * 96} data-version={judged} />)}
      </svg>
      <p className="bins-axis number"><span>{significant(-edge, 3)}</span><span>0</span><span>{significant(edge, 3)}</span></p>
      <details className="more">
        <summary>{say('compare.numbers')}</summary>
        <table className="plain">
          <thead><tr><th scope="col">{say('range')}</th><th scope="col" data-align="right">{say('compare.values.many')}</th></tr></thead>
          <tbody>{bins.filter(({ count }) => count > 0).map(({ from, to, count }) => <tr key={from}><th scope="row" className="mono">{significant(from, 3)} … {significant(to, 3)}</th><td data-align="right">{grouped(count)}</td></tr>)}</tbody>
        </table>
      </details>
    </Panel>
  )
}
