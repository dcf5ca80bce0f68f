import { Link } from 'react-router'
import { useMemo, type ReactNode } from 'react'
import type { GraphTensor, ModelGraph, Run } from '../../../preload/contract/index.ts'
import { useCall } from '../../client.ts'
import { useProject } from '../../project/project.ts'
import { useSay, wordIn } from '../../texts/texts.ts'
import { Button } from '../../ui/button.tsx'
import { bytes, cosine, fixed, significant } from '../../ui/format.ts'
import { spanOf } from '../../ui/scale-text.ts'
import { editorTo } from '../tune/views.ts'
import { sourcesOf } from './graph/drawing.ts'
import { familyOf } from './graph/families.ts'
import { defaultGrouping, groupsOf, type Grouping } from './graph/groups.ts'
import { atNode, nodeAt } from './graph/selection.ts'
import { dimsText } from './graph/summary.ts'

interface NodePanelProps {
  readonly graph: ModelGraph
  readonly at: string
  readonly folded: boolean
  readonly grouping: Grouping | null
  readonly run: Run | undefined
  readonly onChange: (change: Readonly<Record<string, string>>) => void
}

/** Everything about what is selected: a node with its tensors, an end of the graph, or a group. */
export function NodePanel(props: NodePanelProps) {
  const { graph, at } = props
  const say = useSay()
  const index = nodeAt(graph, at)
  const name = at.slice(2)
  if (index !== null) return <NodeFacts {...props} index={index} />
  if (at.startsWith('g:')) {
    return <GroupFacts {...props} id={name} />
  }
  const tensor = graph.tensors.findIndex((each) => each.name === name)
  if (tensor < 0) return <p className="panel-text">{say('model.node.gone', { name })}</p>
  return (
    <div className="node-facts">
      <h3 className="mono">{name}</h3>
      <Part title={say(at.startsWith('i:') ? 'model.input' : 'model.output')}><Tensor {...props} tensor={tensor} jump={at.startsWith('i:') ? 'users' : 'maker'} /></Part>
    </div>
  )
}

function GroupFacts({ graph, grouping, id, onChange }: NodePanelProps & { readonly id: string }) {
  const say = useSay()
  const group = useMemo(() => groupsOf(graph, grouping ?? defaultGrouping(graph)).get(id), [graph, grouping, id])
  if (group === undefined) return <p className="panel-text">{say('model.node.gone', { name: id })}</p>
  return (
    <div className="node-facts">
      <h3 className="mono">{group.name}</h3>
      <p className="muted">{say('model.group.what')}{group.alike < 2 ? '' : ` ${say('model.graph.alike', { count: group.alike })}`}</p>
      <Part title={say('model.operators', { count: group.nodes.length })}>
        <ul className="node-members">
          {group.nodes.slice(0, MEMBERS).map((node) => (
            <li key={node}><button type="button" className="link" onClick={() => onChange({ at: atNode(graph, node) })}>{graph.nodes[node]!.op}</button> <span className="mono muted">{graph.nodes[node]!.name}</span></li>
          ))}
        </ul>
        {group.nodes.length > MEMBERS ? <p className="panel-text number">+{group.nodes.length - MEMBERS}</p> : null}
      </Part>
    </div>
  )
}

const MEMBERS = 100

function NodeFacts(props: NodePanelProps & { readonly index: number }) {
  const { graph, index, folded } = props
  const say = useSay()
  const node = graph.nodes[index]!
  const sourceOf = useMemo(() => sourcesOf(graph, folded), [graph, folded])
  const shown = (tensor: number): number => sourceOf(tensor)?.tensor ?? (folded ? (graph.nodes.find((each) => each.outputs.includes(tensor))?.rounds ?? tensor) : tensor)
  return (
    <div className="node-facts">
      <h3 data-family={familyOf(node.op)}>{node.op} <span className="muted">{node.domain}</span></h3>
      <p className="mono node-name">{node.name}</p>
      <p className="muted number">{say('model.node.place', { position: index + 1, count: graph.nodes.length })}</p>
      {node.attributes.length === 0 ? null : (
        <Part title={say('model.attributes')}>
          <dl className="facts">{node.attributes.map(({ name, kind, text }) => <div key={name}><dt title={kind}>{name}</dt><dd className="mono">{text}</dd></div>)}</dl>
        </Part>
      )}
      <Part title={say('model.inputs')}>{node.inputs.map((tensor, position) => (tensor < 0 ? null : <Tensor key={`${position} ${tensor}`} {...props} tensor={shown(tensor)} jump="maker" />))}</Part>
      <Part title={say('model.outputs')}>{node.outputs.map((tensor, position) => (tensor < 0 ? null : <Tensor key={`${position} ${tensor}`} {...props} tensor={tensor} jump="users" />))}</Part>
    </div>
  )
}

const Part = ({ title, children }: { readonly title: string; readonly children: ReactNode }) => <section className="node-part"><h4>{title}</h4>{children}</section>

interface TensorProps extends NodePanelProps {
  readonly tensor: number
  /** Where a click leads: to the node that makes it, or to those that use it. */
  readonly jump: 'maker' | 'users'
}

function Tensor({ graph, tensor: index, jump, folded, run, onChange }: TensorProps) {
  const say = useSay()
  const tensor = graph.tensors[index]!
  const others = useMemo(() => {
    const sourceOf = sourcesOf(graph, folded)
    const maker = sourceOf(index)?.node ?? null
    if (jump === 'maker') return maker === null ? [] : [maker]
    return graph.nodes.flatMap((node, at) => (!(folded && node.rounds !== null) && node.inputs.some((input) => sourceOf(input)?.tensor === index) ? [at] : []))
  }, [graph, folded, index, jump])
  return (
    <div className="node-tensor">
      <p className="mono node-tensor-name">{tensor.name}</p>
      <p className="mono muted">{tensor.type} {dimsText(tensor.dims)}{tensor.initializer === null ? '' : ` · ${say('model.constant')} · ${bytes(tensor.initializer.bytes)}`}</p>
      <Constant tensor={tensor} />
      {tensor.codes === null ? null : <p className="mono">{tensor.codes.type} · {say('scale')} {spanOf(tensor.codes.scale)}{tensor.codes.channels > 1 ? ` · ${say('scales.channels', { count: tensor.codes.channels })}` : ` · ${say('zero-point')} ${tensor.codes.zeroPoint[0]}`}</p>}
      {others.length === 0 ? null : (
        <p className="node-jumps">
          <span className="muted">{say(jump === 'maker' ? 'model.made-by' : 'model.used-by')}</span>
          {others.slice(0, 8).map((other) => <Button key={other} tone="quiet" title={graph.nodes[other]!.name} onClick={() => onChange({ at: atNode(graph, other) })}>{graph.nodes[other]!.op}</Button>)}
          {others.length > 8 ? <span className="muted number">+{others.length - 8}</span> : null}
        </p>
      )}
      {run === undefined ? null : <Measured run={run} tensor={tensor.name} />}
    </div>
  )
}

function Constant({ tensor: { initializer } }: { readonly tensor: GraphTensor }) {
  const say = useSay()
  if (initializer === null || initializer.min === null) return null
  if (initializer.values !== null) return <p className="mono node-values">{initializer.values.map((value) => significant(value)).join(', ')}</p>
  return <p className="mono">{say('range')} {significant(initializer.min)} … {significant(initializer.max)}</p>
}

/** What a run measured of a tensor: error, codes, and what was seen in calibration. */
function Measured({ run, tensor }: { readonly run: Run; readonly tensor: string }) {
  const say = useSay()
  const { ran } = useProject()
  const errors = (run.layers ?? []).filter((layer) => layer.tensor === tensor)
  const scale = run.scales?.find((row) => row.tensor === tensor)
  const hasStatistics = run.artifacts?.some(({ role }) => role === 'statistics') ?? false
  const seen = useCall('statistics.tensors', { run: run.run }, { enabled: hasStatistics }).data?.tensors.find((each) => each.tensor === tensor)
  if (errors.length === 0 && scale === undefined && seen === undefined) return null
  const rows: readonly (readonly [string, string])[] = [
    ...errors.map(({ mode, sqnrDb, cosine: similarity }) => [wordIn(say, 'layers', mode), `${sqnrDb >= 120 ? say('layers.exact') : `${fixed(sqnrDb, 1)} dB`} · cos ${cosine(similarity)}`] as const),
    ...errors.slice(0, 1).map(({ clippedPercent, maxAbs }) => [say('layers.clipped'), `${fixed(clippedPercent, 3)} · ${say('layers.max-abs')} ${significant(maxAbs)}`] as const),
    ...(scale === undefined ? [] : [
      [say('scale'), scale.float ? say('version.float') : `${scale.type} · ${spanOf(scale.scale)} · ${spanOf(scale.zeroPoint)}`] as const,
      ...(scale.float ? [] : [[say('range'), `${significant(scale.lo)} … ${significant(scale.hi)} · ${scale.method}`] as const]),
    ]),
    ...(seen === undefined ? [] : [[say('model.seen'), `${significant(seen.min)} … ${significant(seen.max)}`] as const]),
  ]
  return (
    <dl className="facts node-measured">
      {rows.map(([name, value]) => <div key={name}><dt>{name}</dt><dd className="mono">{value}</dd></div>)}
      <div><dt /><dd><Link to={`/run/${run.run}/layers?tensor=${encodeURIComponent(tensor)}`}>{say('model.to-layers')}</Link></dd></div>
      {ran?.id === run.run && errors.length > 0 ? <div><dt /><dd><Link to={editorTo(tensor)}>{say('tune.knobs')}</Link></dd></div> : null}
    </dl>
  )
}
