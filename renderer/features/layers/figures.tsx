import { Link } from 'react-router'
import type { Run } from '../../client.ts'
import { useSay } from '../../texts/texts.ts'
import { Delta } from '../../ui/delta.tsx'
import { Figure } from '../../ui/figure.tsx'
import { digitsOf, drop, fixed, protocolName, shortRun } from '../../ui/format.ts'
import { worstOf, type LayerRow } from './rows.ts'

const lostOf = ({ quality }: Pick<Run, 'quality'>): number | null => (quality === undefined ? null : drop(quality.float, quality.simulated ?? quality.fused))

interface LayerFiguresProps {
  readonly run: Run
  readonly parent: Run | undefined
  readonly rows: readonly LayerRow[]
  readonly parentRows: readonly LayerRow[] | undefined
}

/** What the run costs in all, against its parent where it has one. */
export function LayerFigures({ run, parent, rows, parentRows }: LayerFiguresProps) {
  const say = useSay()
  const { quality, latency, size } = run
  const worst = worstOf(rows)
  const before = parentRows === undefined ? undefined : worstOf(parentRows)
  const isSame = parent?.quality?.protocol === quality?.protocol
  const minus = (now: number | null | undefined, then: number | null | undefined): number | null => (now === null || now === undefined || then === null || then === undefined ? null : now - then)
  const lost = lostOf(run)
  const lostBefore = parent === undefined || !isSame ? null : lostOf(parent)
  const digits = digitsOf(quality?.unit ?? 'dB')
  return (
    <dl className="figures layer-figures">
      {quality !== undefined && lost === null ? <Figure name={protocolName(quality.protocol)} value={fixed(quality.simulated ?? quality.fused, digits)} unit={quality.unit === 'ratio' ? '' : quality.unit} remark={say('quality.simulated')} /> : null}
      {quality === undefined || lost === null ? null : (
        <Figure
          name={say('figure.drop', { name: protocolName(quality.protocol) })} value={fixed(lost, digits)} unit={quality.unit}
          remark={lostBefore === null ? say('figure.drop.remark') : <><Delta value={minus(lost, lostBefore)} digits={digits} better="down" /> {say('layers.was', { value: fixed(lostBefore, digits) })}</>}
        />
      )}
      {worst === undefined ? null : (
        <Figure
          name={say('figure.worst')} value={fixed(worst.sqnrDb, 1)} unit="dB SQNR" {...((worst.sqnrDb ?? 0) < 20 ? { tone: 'bad' as const } : {})}
          remark={<>{before === undefined ? null : <Delta value={minus(worst.sqnrDb, before.sqnrDb)} digits={2} better="up" />} <span className="mono" title={worst.tensor}>{worst.tensor}</span></>}
        />
      )}
      {size === undefined ? null : <Figure name={say('size')} value={fixed(size.ratio, 2)} unit="×" remark={parent?.size === undefined ? say('figure.of-float') : <Delta value={minus(size.ratio, parent.size.ratio)} digits={3} better="down" />} />}
      {latency === undefined ? null : <Figure name={say('figure.latency')} value={fixed(latency.ratio, 2)} unit="×" remark={parent?.latency === undefined ? say('figure.of-float') : <Delta value={minus(latency.ratio, parent.latency.ratio)} digits={2} better="down" />} />}
    </dl>
  )
}

interface ParentLineProps {
  readonly run: Run
  readonly parent: Run
  readonly search: string
}

/** What became of the parent's numbers, and the way back. */
export function ParentLine({ run, parent, search }: ParentLineProps) {
  const say = useSay()
  const [now, then] = [lostOf(run), lostOf(parent)]
  const digits = digitsOf(run.quality?.unit ?? 'dB')
  const isSame = run.quality !== undefined && run.quality.protocol === parent.quality?.protocol
  const coded = new Map((parent.scales ?? []).map((row) => [`${row.kind} ${row.tensor}`, row]))
  const changed = (run.scales ?? []).filter((row) => row.kind === 'activation' && JSON.stringify(coded.get(`activation ${row.tensor}`)?.scale) !== JSON.stringify(row.scale)).length
  return (
    <p className="parent-line" role="status">
      <b>{say('layers.child')}</b>
      {isSame && now !== null && then !== null ? (
        <span>{say('figure.drop', { name: protocolName(run.quality!.protocol) })} <span className="number">{fixed(then, digits)} → {fixed(now, digits)} {run.quality!.unit}</span> <Delta value={now - then} digits={digits} better="down" /></span>
      ) : null}
      <span>{say('layers.rows-changed', { count: changed })}</span>
      <Link to={`/run/${parent.run}/layers${search}`}>{say('layers.to-parent', { run: shortRun(parent.run) })}</Link>
    </p>
  )
}
