import { useMemo } from 'react'
import { Link, useParams, useSearchParams } from 'react-router'
import { Screen } from '../../app/screen.tsx'
import { useCall, type RunDiff } from '../../client.ts'
import { useSay, wordIn } from '../../texts/texts.ts'
import { DataTable } from '../../ui/data-table.tsx'
import { Delta } from '../../ui/delta.tsx'
import { FaultNotice } from '../../ui/fault-notice.tsx'
import { digitsOf, fixed, grouped, modelName, moment, protocolName, shortRun } from '../../ui/format.ts'
import { StatusMark, VersionMark } from '../../ui/marks.tsx'
import { Panel } from '../../ui/panel.tsx'
import { plainText } from '../../ui/scale-text.ts'
import { changed } from '../../ui/search.ts'
import { Segmented } from '../../ui/segmented.tsx'
import { layerColumns, scaleColumns } from './diff-columns.tsx'
import './history.css'

const PARTS = ['summary', 'scales', 'layers'] as const

/** What sets two runs apart. */
export function DiffScreen() {
  const say = useSay()
  const { a = '', b = '' } = useParams()
  const [parameters, setParameters] = useSearchParams()
  const all = parameters.get('all') === '1'
  const part = PARTS.find((each) => each === parameters.get('part')) ?? 'summary'
  const { data, error } = useCall('runs.diff', { a, b, all })
  const set = (change: Readonly<Record<string, string>>) => setParameters((known) => changed(known, change), { replace: true })
  const names = { summary: say('diff.summary'), scales: `${say('scales')} ${data?.scales.length ?? ''}`, layers: `${say('layers')} ${data?.layers.length ?? ''}` }
  return (
    <Screen
      crumbs={[{ name: say('history'), to: '/history' }, { name: `${shortRun(a)} → ${shortRun(b)}`, mono: true }]}
      steps={<Segmented label={say('diff.parts')} value={part} choices={PARTS.map((value) => ({ value, name: names[value] }))} onChange={(next) => set({ part: next === 'summary' ? '' : next, sort: '' })} />}
      action={(
        <Segmented
          label={say('diff.shown')} value={all ? 'all' : 'only'} onChange={(value) => set({ all: value === 'all' ? '1' : '' })}
          choices={[{ value: 'only', name: say('diff.only') }, { value: 'all', name: say('diff.all') }]}
        />
      )}
    >
      {error === null ? null : <FaultNotice fault={error} />}
      <div className="diff">
        <Heads a={a} b={b} />
        {data === undefined ? null : part === 'summary' ? <Summary diff={data} /> : <Table diff={data} part={part} sort={parameters.get('sort') ?? ''} onSort={(sort) => set({ sort })} />}
      </div>
    </Screen>
  )
}

function Summary({ diff }: { readonly diff: RunDiff }) {
  const say = useSay()
  return (
    <div className="diff-summary" tabIndex={0} role="region" aria-label={say('diff.summary')}>
      <div><Metrics diff={diff} /></div>
      <div><Values diff={diff} /></div>
    </div>
  )
}

function Heads({ a, b }: { readonly a: string; readonly b: string }) {
  return <section className="panel diff-heads" aria-label={`${shortRun(a)} → ${shortRun(b)}`}><Head letter="A" run={a} /><Head letter="B" run={b} /></section>
}

function Head({ letter, run }: { readonly letter: string; readonly run: string }) {
  const say = useSay()
  const data = useCall('runs.show', { run }).data
  return (
    <div className="diff-head">
      <h3><span className="diff-letter">{letter}</span> <Link className="mono" to={`/run/${run}`}>{shortRun(run)}</Link>{data === undefined ? null : <StatusMark status={data.run.status} />}</h3>
      {data === undefined ? null : <p>{modelName(data.run.model?.path)} · {wordIn(say, 'verb', data.run.verb)} · <span className="number">{moment(data.run.created)}</span></p>}
    </div>
  )
}

function Metrics({ diff }: { readonly diff: RunDiff }) {
  const say = useSay()
  const means = diff.metrics.filter(({ sample }) => sample === '')
  const digits = (protocol: string): number => digitsOf(/^(psnr|sqnr)/.test(protocol) ? 'dB' : 'ratio')
  return (
    <Panel title={say('quality')} aside={<span className="panel-note">{say('diff.means')}</span>}>
      {means.length === 0 ? <p className="panel-text">{say('diff.same')}</p> : (
        <table className="plain">
          <thead><tr><th scope="col">{say('measure')}</th><th scope="col">{say('version')}</th><th scope="col" data-align="right">{shortRun(diff.a)}</th><th scope="col" data-align="right">{shortRun(diff.b)}</th><th scope="col" data-align="right">Δ</th></tr></thead>
          <tbody>
            {means.map(({ protocol, version, a, b, delta }) => (
              <tr key={`${protocol} ${version}`}>
                <td title={protocol}>{protocolName(protocol)}</td>
                <td><VersionMark version={version} /></td>
                <td data-align="right">{fixed(a, digits(protocol))}</td>
                <td data-align="right">{fixed(b, digits(protocol))}</td>
                <td data-align="right"><Delta value={delta} digits={digits(protocol)} better="up" /></td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </Panel>
  )
}

function Values({ diff }: { readonly diff: RunDiff }) {
  const say = useSay()
  const parts = [['recipe', diff.recipe], ['facts', diff.facts], ['findings', diff.findings]] as const
  const shown = parts.filter(([, rows]) => rows.length > 0)
  if (shown.length === 0) return <Panel title={say('recipe')}><p className="panel-text">{say('diff.same')}</p></Panel>
  return shown.map(([name, rows]) => (
    <Panel key={name} title={say(name)} aside={<span className="panel-note number">{grouped(rows.length)}</span>}>
      <table className="plain values">
        <thead><tr><th scope="col">{say('place')}</th><th scope="col" data-align="right">{shortRun(diff.a)}</th><th scope="col" data-align="right">{shortRun(diff.b)}</th></tr></thead>
        <tbody>{rows.map(({ key, a, b }) => <tr key={key}><th scope="row" className="mono">{key}</th><td data-align="right">{plainText(a)}</td><td data-align="right">{plainText(b)}</td></tr>)}</tbody>
      </table>
    </Panel>
  ))
}

interface TableProps {
  readonly diff: RunDiff
  readonly part: 'scales' | 'layers'
  readonly sort: string
  readonly onSort: (sort: string) => void
}

function Table({ diff, part, sort, onSort }: TableProps) {
  const say = useSay()
  const columns = useMemo(() => ({ scales: scaleColumns(say, diff), layers: layerColumns(say, diff) }), [say, diff])
  const shared = { sort, onSort, empty: say('diff.same') }
  return (
    <Panel title={say(part)} grows>
      {part === 'scales'
        ? <DataTable label={say('scales')} rows={diff.scales} columns={columns.scales} keyOf={(row) => `${row.kind} ${row.tensor}`} {...shared} />
        : <DataTable label={say('layers')} rows={diff.layers} columns={columns.layers} keyOf={(row) => `${row.mode} ${row.tensor}`} {...shared} />}
    </Panel>
  )
}
