import { Link } from 'react-router'
import type { ReactNode } from 'react'
import type { InspectReport, TensorFacts } from '../../../preload/contract/index.ts'
import { useCall } from '../../client.ts'
import { useSay } from '../../texts/texts.ts'
import { CopyButton } from '../../ui/copy-button.tsx'
import { EngineText } from '../../ui/engine-text.tsx'
import { bytes, grouped, moment, shortRun } from '../../ui/format.ts'
import { spanOf } from '../../ui/scale-text.ts'
import { BoardPart } from './board-part.tsx'
import { familyOf } from './graph/families.ts'
import { dimsText } from './graph/summary.ts'
import './card-parts.css'

interface ModelCardProps {
  readonly report: InspectReport
  /** What the project's board says of it. */
  readonly boards: InspectReport['boards']
  readonly name: string
  /** What goes wrong with it. */
  readonly findings: ReactNode
}

/** What a model file is, before anything is done with it. */
export function ModelCard({ report, boards, name, findings }: ModelCardProps) {
  const say = useSay()
  const domains = Object.entries(report.opsets).filter(([domain]) => domain !== '' && domain !== 'ai.onnx')
  const facts: readonly (readonly [string, ReactNode])[] = [
    [say('size'), bytes(report.bytes)],
    [say('model.parameters'), grouped(report.parameters)],
    [say('model.opset'), report.opsets[''] ?? '–'],
    [say('model.ir'), report.irVersion],
    [say('model.producer'), report.producer === '' ? '–' : report.producer],
    ...(domains.length === 0 ? [] : [[say('model.domains'), domains.map(([domain, version]) => `${domain} ${version}`).join(', ')] as const]),
    ...(report.externalFiles.length === 0 ? [] : [[say('model.external'), report.externalFiles.join(', ')] as const]),
  ]
  return (
    <div className="model-card">
      <Duplicate sha256={report.sha256} />
      <h3>{name}</h3>
      <p className="mono muted model-path" title={report.path}>{report.path}</p>
      <dl className="facts">
        {facts.map(([name, value]) => <div key={name}><dt>{name}</dt><dd className="mono">{value}</dd></div>)}
        <div><dt>SHA-256</dt><dd className="mono model-hash"><span title={report.sha256}>{report.sha256.slice(0, 12)}…</span> <CopyButton text={report.sha256} label={say('copy')} /></dd></div>
      </dl>
      {findings}
      <Ends title={say('model.inputs')} tensors={report.inputs} />
      <Ends title={say('model.outputs')} tensors={report.outputs} />
      <Operators report={report} />
      {boards.map((board) => <BoardPart key={board.board} report={board} />)}
      {report.preparation.length === 0 ? null : <Sentences title={say('model.preparation')} lines={report.preparation} />}
      <Sentences title={say('model.expectation')} lines={report.expectation} />
    </div>
  )
}

/** The newest run of the same bytes, wherever they lay. */
function Duplicate({ sha256 }: { readonly sha256: string }) {
  const say = useSay()
  const known = useCall('runs.list', { model: sha256, limit: 1 }).data?.runs[0]
  if (known === undefined) return null
  return <p className="model-known">= {say('model.known', { run: shortRun(known.run), when: moment(known.created) })} <Link to={`/run/${known.run}`}>{say('model.known.open')}</Link></p>
}

function Ends({ title, tensors }: { readonly title: string; readonly tensors: readonly TensorFacts[] }) {
  const say = useSay()
  return (
    <section className="model-part">
      <h4>{title}</h4>
      <ul>
        {tensors.map(({ name, type, dims, layout, quantization }) => (
          <li key={name}>
            <span className="mono">{name}</span> <span className="mono muted">{type} {dimsText(dims)}{layout === null ? '' : ` ${layout.toUpperCase()}`}</span>
            {dims === null || dims.some((dim) => typeof dim !== 'number') ? <span className="tag">{say('model.dynamic')}</span> : null}
            {quantization === null ? null : <span className="mono muted">{quantization.type} · {spanOf(quantization.scale)}</span>}
          </li>
        ))}
      </ul>
    </section>
  )
}

function Operators({ report: { operators } }: { readonly report: InspectReport }) {
  const say = useSay()
  const most = operators[0]?.count ?? 1
  const total = operators.reduce((sum, { count }) => sum + count, 0)
  return (
    <section className="model-part">
      <h4>{say('model.operators', { count: total })}</h4>
      <ul className="model-operators">
        {operators.map(({ op, domain, count }) => (
          <li key={`${domain} ${op}`}>
            <span title={domain}>{op}{domain === '' ? '' : ' *'}</span>
            <span className="model-bar" data-family={familyOf(op)} style={{ width: `${Math.max(2, (100 * count) / most)}%` }} />
            <span className="number">{count}</span>
          </li>
        ))}
      </ul>
    </section>
  )
}

const Sentences = ({ title, lines }: { readonly title: string; readonly lines: readonly string[] }) => (
  <section className="model-part"><h4>{title}</h4><ul className="model-sentences">{lines.map((line) => <li key={line}><EngineText text={line} /></li>)}</ul></section>
)
