import { useNavigate } from 'react-router'
import type { Run } from '../../client.ts'
import { useSay, wordIn } from '../../texts/texts.ts'
import { FaultNotice } from '../../ui/fault-notice.tsx'
import { Figure } from '../../ui/figure.tsx'
import { digitsOf, drop, duration, fixed, moment, protocolName, short } from '../../ui/format.ts'
import { StatusMark, Tag, Verdict } from '../../ui/marks.tsx'
import { worstLayers } from './layer-rows.ts'

interface RunHeadProps {
  readonly run: Run
  readonly tags: readonly string[]
  readonly archived: boolean
}

/** What a run is in one line, and its figures. */
export function RunHead({ run, tags, archived }: RunHeadProps) {
  const say = useSay()
  const navigate = useNavigate()
  const { parent } = run
  return (
    <section className="panel run-head" aria-label={say('run.head')}>
      <p className="run-line">
        <StatusMark status={run.status} />
        <span>{wordIn(say, 'verb', run.verb)}</span>
        <span className="number">{moment(run.created, true)}</span>
        <span className="number">{duration(run.seconds)}</span>
        {run.model === undefined ? null : <span><span className="number">{short(run.model.parameters)}</span> {say('parameters')}</span>}
        {parent === null ? null : <button type="button" className="link" onClick={() => void navigate(`/run/${parent}`)}>{say('run.parent')}</button>}
        {archived ? <Tag>{say('run.archived')}</Tag> : null}
        {tags.map((tag) => <Tag key={tag}>{tag}</Tag>)}
      </p>
      {run.fault === undefined ? null : <FaultNotice fault={run.fault} />}
      <Figures run={run} />
    </section>
  )
}

function Figures({ run }: { readonly run: Run }) {
  const say = useSay()
  const { quality, latency, size, gates } = run
  const worst = worstLayers(run.layers ?? [], 1)[0]
  const failed = gates?.filter((gate) => !gate.passed).length ?? 0
  if (quality === undefined && size === undefined && latency === undefined) return null
  const lost = quality === undefined ? null : drop(quality.float, quality.simulated ?? quality.fused)
  return (
    <dl className="figures">
      {quality === undefined ? null : (
        <Figure
          {...(lost === null
            ? { name: protocolName(quality.protocol), value: fixed(quality.simulated ?? quality.fused, digitsOf(quality.unit)), remark: say('quality.simulated') }
            : { name: say('figure.drop', { name: protocolName(quality.protocol) }), value: fixed(lost, digitsOf(quality.unit)), remark: say('figure.drop.remark') })}
          unit={quality.unit === 'ratio' ? '' : quality.unit}
        />
      )}
      {worst === undefined ? null : <Figure name={say('figure.worst')} value={fixed(worst.sqnrDb, 1)} unit="dB SQNR" remark={<span className="mono">{worst.tensor}</span>} />}
      {size === undefined ? null : <Figure name={say('size')} value={fixed(size.ratio, 2)} unit="×" remark={say('figure.of-float')} />}
      {latency === undefined ? null : <Figure name={say('figure.latency')} value={fixed(latency.ratio, 2)} unit="×" remark={say('figure.of-float')} />}
      {gates === undefined || gates.length === 0 ? null : (
        <Figure
          name={say('gates')} value={`${gates.length - failed}/${gates.length}`} {...(failed > 0 ? { tone: 'bad' as const } : {})}
          remark={<Verdict passed={failed === 0} />}
        />
      )}
    </dl>
  )
}
