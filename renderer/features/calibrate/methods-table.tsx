import type { MethodRow } from '../../client.ts'
import { useSay } from '../../texts/texts.ts'
import { NOTHING, protocolName, shortRun } from '../../ui/format.ts'
import { bestText, shownValue, type MethodColumn } from './draft.ts'

interface MethodsTableProps {
  readonly rows: readonly MethodRow[]
  readonly recommended: string
  readonly picked: string
  readonly accepted: string | null
  readonly onPick: (run: string) => void
}

/** One row a method; the best of each column is marked, and one row is picked. */
export function MethodsTable({ rows, recommended, picked, accepted, onPick }: MethodsTableProps) {
  const say = useSay()
  const { unit = 'dB', protocol = null } = rows[0] ?? {}
  const hasDrop = rows.some((row) => row.drop !== null)
  const hasAgreement = rows.some((row) => row.agreement !== null)
  const shownUnit = unit === 'ratio' ? '' : ` ${unit}`
  const number = (row: MethodRow, column: MethodColumn) => {
    const text = shownValue(row, column)
    const isBest = text === bestText(rows, column)
    return <td data-align="right" data-best={isBest || undefined}>{isBest ? <span className="best" title={say('calibrate.best')}><span aria-hidden="true">▴</span><span className="unseen">{say('calibrate.best')}</span> </span> : null}{text}</td>
  }
  return (
    <div className="setting-scroll">
      <table className="plain methods-table">
        <thead>
          <tr>
            <th>{say('method')}</th><th data-align="right" title={protocol ?? ''}>{protocol === null ? say('quality.simulated') : protocolName(protocol)}{shownUnit}</th>{hasDrop ? <th data-align="right">{say('calibrate.drop')}{shownUnit}</th> : null}{hasAgreement ? <th data-align="right" title={say('calibrate.agreement.what')}>{say('calibrate.agreement')} %</th> : null}<th data-align="right">{say('figure.worst')} dB</th>
            <th>{say('tensor')}</th><th data-align="right">{say('calibrate.mean-sqnr')} dB</th><th data-align="right">{say('layers.clipped')}</th><th data-align="right" title={say('calibrate.seconds.what')}>s</th><th>{say('run')}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.run} data-picked={row.run === picked || undefined} onClick={() => onPick(row.run)}>
              <th scope="row">
                <label className="method-pick">
                  <input type="radio" name="method-pick" checked={row.run === picked} onChange={() => onPick(row.run)} aria-label={row.method} /> <b className="mono">{row.method}</b>
                  {row.run === recommended ? <span className="tag">★ {say('calibrate.recommended.tag')}</span> : null}
                  {row.run === accepted ? <span className="tag">✓ {say('calibrate.accepted.tag')}</span> : null}
                </label>
              </th>
              {number(row, 'simulated')}
              {hasDrop ? number(row, 'drop') : null}
              {hasAgreement ? number(row, 'agreement') : null}
              {number(row, 'worstDb')}
              <td className="mono">{row.worstTensor ?? NOTHING}</td>
              {number(row, 'meanDb')}
              {number(row, 'clippedPercent')}
              {number(row, 'seconds')}
              <td className="mono muted" title={row.run}>{shortRun(row.run)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
