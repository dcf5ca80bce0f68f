import type { LiveHistogram } from '../../client.ts'
import { useSay } from '../../texts/texts.ts'
import { grouped, significant } from '../../ui/format.ts'
import { Panel } from '../../ui/panel.tsx'
import { useAddress } from '../../ui/use-address.ts'
import { Segmented } from '../../ui/segmented.tsx'
import { Choice } from './fields.tsx'

const [WIDTH, HEIGHT] = [640, 200]

/** Values of one tensor as they are counted; which one and how it is drawn stand in the address. */
export function LivePanel({ live, isPast }: { readonly live: readonly LiveHistogram[]; readonly isPast: boolean }) {
  const say = useSay()
  const [parameters, set] = useAddress()
  const shown = live.find(({ tensor }) => tensor === parameters.get('tensor')) ?? live[Math.floor(live.length / 2)]
  const isLog = parameters.get('scale') !== 'linear'
  if (shown === undefined) return <Panel title={say('calibrate.live')} grows={!isPast}><p className="panel-text">{say(isPast ? 'calibrate.live.none' : 'calibrate.live.waiting')}</p></Panel>
  const total = shown.counts.reduce((sum, count) => sum + count, 0)
  return (
    <Panel
      title={say('calibrate.live')} grows
      aside={
        <>
          <Choice label={say('tensor')} value={shown.tensor} choices={live.map(({ tensor }) => ({ value: tensor, name: tensor }))} onChange={(tensor) => set({ tensor })} />
          <Segmented label={say('calibrate.live.scale')} value={isLog ? 'log' : 'linear'} choices={[{ value: 'log', name: say('calibrate.live.log') }, { value: 'linear', name: say('calibrate.live.linear') }]} onChange={(scale) => set({ scale: scale === 'log' ? '' : scale })} />
        </>
      }
    >
      <div className="live">
        <Bars histogram={shown} isLog={isLog} label={say('calibrate.live.alt', { tensor: shown.tensor, count: grouped(total), lo: significant(shown.lo), hi: significant(shown.hi) })} />
        <div className="live-axis number"><span>{significant(shown.lo)}</span><span>{say('calibrate.live.count', { count: grouped(total) })}</span><span>{significant(shown.hi)}</span></div>
        <details className="live-table">
          <summary>{say('calibrate.live.table')}</summary>
          <div className="setting-scroll" tabIndex={0} role="region" aria-label={say('calibrate.live.table')}>
            <table className="plain">
              <thead><tr><th data-align="right">{say('calibrate.live.from')}</th><th data-align="right">{say('calibrate.live.to')}</th><th data-align="right">{say('calibrate.live.values')}</th></tr></thead>
              <tbody>{shown.counts.map((count, bin) => <tr key={bin}><td data-align="right">{significant(edge(shown, bin))}</td><td data-align="right">{significant(edge(shown, bin + 1))}</td><td data-align="right">{grouped(Math.round(count))}</td></tr>)}</tbody>
            </table>
          </div>
        </details>
      </div>
    </Panel>
  )
}

const edge = ({ lo, hi, counts }: LiveHistogram, bin: number): number => lo + ((hi - lo) * bin) / counts.length

function Bars({ histogram, isLog, label }: { readonly histogram: LiveHistogram; readonly isLog: boolean; readonly label: string }) {
  const { lo, hi, counts } = histogram
  const heightOf = (count: number): number => (isLog ? Math.log10(1 + count) : count)
  const most = Math.max(...counts.map(heightOf), 1e-9)
  const step = WIDTH / counts.length
  const zero = lo < 0 && hi > 0 ? ((0 - lo) / (hi - lo)) * WIDTH : null
  return (
    <svg className="live-bars" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={label}>
      {counts.map((count, bin) => count === 0 ? null : <rect key={bin} x={bin * step + 0.5} width={step - 1} y={HEIGHT - (heightOf(count) / most) * (HEIGHT - 6)} height={(heightOf(count) / most) * (HEIGHT - 6)} />)}
      {zero === null ? null : <path className="live-zero" d={`M${zero} 0V${HEIGHT}`} />}
      <path className="live-floor" d={`M0 ${HEIGHT - 0.5}H${WIDTH}`} />
    </svg>
  )
}
