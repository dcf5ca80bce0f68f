import { useMemo } from 'react'
import type { ModelGraph } from '../../../../preload/contract/index.ts'
import { useSay, type Say } from '../../../texts/texts.ts'
import { DataTable, type Column } from '../../../ui/data-table.tsx'
import type { ModelView } from '../model-view.ts'
import { GLYPHS, type Mark, type Overlay } from './overlay.ts'
import { overlayName } from './overlay-choice.tsx'
import { nodeAt } from './selection.ts'
import { dimsText, summaryOf, unrounded } from './summary.ts'

interface Row {
  readonly index: number
  readonly name: string
  readonly op: string
  readonly summary: string
  readonly inputs: string
  readonly output: string
  readonly shape: string
  readonly type: string
  readonly mark: Mark | undefined
}

const columnsOf = (say: Say, overlay: Overlay | null): readonly Column<Row>[] => [
  { id: 'n', title: '#', width: '56px', align: 'right', value: (row) => row.index, cell: (row) => row.index + 1 },
  { id: 'op', title: say('operator'), width: 'minmax(110px, 1fr)', value: (row) => row.op, cell: (row) => row.op, hint: (row) => row.op },
  { id: 'name', title: say('model.node'), width: 'minmax(130px, 2fr)', value: (row) => row.name, cell: (row) => <span className="mono">{row.name}</span>, hint: (row) => row.name },
  { id: 'what', title: say('model.settings'), width: 'minmax(96px, 1.2fr)', cell: (row) => <span className="mono muted">{row.summary}</span>, hint: (row) => row.summary },
  { id: 'inputs', title: say('model.inputs'), width: 'minmax(96px, 1.4fr)', cell: (row) => <span className="mono muted">{row.inputs}</span>, hint: (row) => row.inputs },
  { id: 'output', title: say('model.output'), width: 'minmax(96px, 1.4fr)', value: (row) => row.output, cell: (row) => <span className="mono">{row.output}</span>, hint: (row) => row.output },
  { id: 'shape', title: say('model.shape'), width: 'minmax(120px, 1fr)', align: 'right', cell: (row) => `${row.shape}${row.type === 'float32' ? '' : ` ${row.type}`}`, hint: (row) => row.shape },
  ...(overlay === null ? [] : [{
    id: 'mark', title: say(overlayName(overlay)), width: '104px', align: 'right' as const, value: (row: Row) => row.mark?.value,
    cell: (row: Row) => (row.mark === undefined ? '–' : <span data-tone={row.mark.tone}>{GLYPHS[row.mark.tone]} {row.mark.text}</span>),
  }]),
]

interface GraphListProps {
  readonly graph: ModelGraph
  /** Null: all nodes. */
  readonly hits: readonly number[] | null
  readonly marks: ReadonlyMap<number, Mark>
  readonly view: ModelView
  readonly onChange: (change: Readonly<Record<string, string>>) => void
  readonly onOpen: (node: number) => void
}

/** The graph as a table: its nodes in order. */
export function GraphList({ graph, hits, marks, view, onChange, onOpen }: GraphListProps) {
  const say = useSay()
  const rows = useMemo(() => {
    const base = unrounded(graph)
    return (hits ?? graph.nodes.map((_node, index) => index)).map((index): Row => rowOf(graph, index, summaryOf(graph.nodes[index]!, graph.tensors, base), marks.get(index)))
  }, [graph, hits, marks])
  const columns = useMemo(() => columnsOf(say, marks.size === 0 ? null : view.overlay), [say, marks, view.overlay])
  const selected = nodeAt(graph, view.at)
  return (
    <DataTable
      label={say('model.nodes')} rows={rows} columns={columns} keyOf={(row) => String(row.index)} sort={view.sort} onSort={(sort) => onChange({ sort })} onOpen={(row) => onOpen(row.index)}
      {...(selected === null ? {} : { selected: new Set([String(selected)]) })} empty={say('none-fit')}
    />
  )
}

function rowOf(graph: ModelGraph, index: number, summary: string, mark: Mark | undefined): Row {
  const node = graph.nodes[index]!
  const names = (tensors: readonly number[]): string => tensors.map((tensor) => graph.tensors[tensor]?.name ?? '').filter(Boolean).join(', ')
  const output = graph.tensors[node.outputs[0] ?? -1]
  return {
    index, name: node.name, op: node.domain === '' ? node.op : `${node.domain}.${node.op}`, summary, inputs: names(node.inputs), output: names(node.outputs),
    shape: dimsText(output?.dims ?? null), type: output?.type ?? '', mark,
  }
}
