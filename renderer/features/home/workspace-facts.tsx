import { useCall } from '../../client.ts'
import { useSay, wordIn } from '../../texts/texts.ts'
import { Button } from '../../ui/button.tsx'
import { EngineText } from '../../ui/engine-text.tsx'
import { FaultNotice } from '../../ui/fault-notice.tsx'
import { bytes } from '../../ui/format.ts'
import { Panel } from '../../ui/panel.tsx'
import { useInstructions } from '../../app/use-instructions.ts'

export function WorkspaceFacts() {
  const say = useSay()
  const { data: info, error } = useCall('app.info', {})
  const instructions = useInstructions()
  if (error !== null) return <FaultNotice fault={error} />
  if (info === undefined) return null
  const rows: readonly (readonly [string, string, boolean?])[] = [
    [say('facts.folder'), info.workspace, true],
    [say('facts.access'), say(info.writable ? 'facts.writable' : 'foot.read-only')],
    [say('facts.version'), info.version],
    [say('facts.engine'), [`${info.cores}`, say('foot.cores'), instructions].filter(Boolean).join(' ')],
    [say('facts.threads'), String(info.threads)],
    [say('facts.memory'), say('foot.memory', { free: bytes(info.memoryBytes.free), total: bytes(info.memoryBytes.total) })],
  ]
  return (
    <>
      <Panel title={say('home.workspace')}>
        <dl className="facts">
          {rows.map(([name, value, isPath]) => <div key={name} data-path={isPath}><dt>{name}</dt><dd className="mono">{value}</dd></div>)}
        </dl>
      </Panel>
      <Checks />
    </>
  )
}

/** The workspace check takes seconds, so it is made when a person asks for it. */
function Checks() {
  const say = useSay()
  const { data, error, isFetching, refetch } = useCall('app.doctor', {}, { enabled: false })
  return (
    <Panel title={say('checks.title')} aside={<Button tone="quiet" disabled={isFetching} onClick={() => void refetch()}>{say(isFetching ? 'checks.running' : 'checks.run')}</Button>}>
      {error === null ? null : <FaultNotice fault={error} />}
      {data === undefined ? <p className="panel-text">{say('checks.what')}</p> : (
        <dl className="facts">
          {data.checks.map(({ name, status, value, next }) => (
            <div key={name}>
              <dt>{wordIn(say, 'check', name)}</dt>
              <dd className="mono"><span className="verdict" data-tone={status === 'ok' ? 'good' : status === 'warning' ? 'warning' : 'bad'}>{status === 'ok' ? '✓' : status === 'warning' ? '!' : '✕'} {wordIn(say, 'check', status)}</span> <EngineText text={value} />{next === undefined ? null : <small><EngineText text={next} /></small>}</dd>
            </div>
          ))}
        </dl>
      )}
    </Panel>
  )
}
