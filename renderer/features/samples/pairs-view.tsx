import { useMemo } from 'react'
import type { SamplesLook } from '../../../preload/contract/index.ts'
import { useSay, type Say } from '../../texts/texts.ts'
import { DataTable, type Column } from '../../ui/data-table.tsx'
import { recipeAt, useProject } from '../../project/project.ts'
import { Judging } from './judging.tsx'
import { remarkText } from './thumbnail-grid.tsx'
import type { Remark } from './worth.ts'

interface PairsViewProps {
  readonly look: SamplesLook
  readonly remarks: readonly (readonly Remark[])[]
  readonly picked: number | null
  readonly onPick: (file: number) => void
}

interface Pair {
  readonly file: number
  readonly sample: string
  readonly reference: string
  readonly remarks: readonly Remark[]
}

/** Which reference belongs to which sample, how they are found, and how the output is judged. */
export function PairsView({ look, remarks, picked, onPick }: PairsViewProps) {
  const say = useSay()
  const rows = useMemo(() => look.names.map((sample, file): Pair => ({ file, sample, reference: look.references[file] ?? '', remarks: (remarks[file] ?? []).filter((remark) => remark === 'alone' || remark === 'misfit' || remark === 'broken') })), [look, remarks])
  const columns = useMemo(() => pairColumns(say), [say])
  const isLabelled = recipeAt(useProject().recipe, ['samples', 'evaluation', 'labels']) !== undefined
  const paired = rows.filter(({ reference }) => reference !== '').length
  return (
    <div className="samples-pairs">
      <Judging look={look} />
      <p className="samples-note">
        {paired === 0 ? say(isLabelled ? 'samples.pairs.labels' : 'samples.pairs.none') : say('samples.pairs.some', { paired, total: rows.length })}{' '}
        {look.spare.count > 0 && paired > 0 ? <span data-tone="warning">{say('samples.pairs.spare', { count: look.spare.count, names: look.spare.names.slice(0, 3).join(', ') })}</span> : null}
      </p>
      <DataTable
        label={say('samples.pairs')} rows={rows} columns={columns} keyOf={(row) => String(row.file)} onCurrent={(row) => onPick(row.file)}
        {...(picked === null ? {} : { current: String(picked) })} empty={null}
      />
    </div>
  )
}

const pairColumns = (say: Say): readonly Column<Pair>[] => [
  { id: 'sample', title: say('sample'), width: 'minmax(120px, 1fr)', value: (row) => row.sample, cell: (row) => <span className="mono">{row.sample}</span>, hint: (row) => row.sample },
  { id: 'reference', title: say('samples.reference'), width: 'minmax(120px, 1fr)', value: (row) => row.reference || null, cell: (row) => <span className="mono">{row.reference || '–'}</span>, hint: (row) => row.reference },
  {
    id: 'state', title: say('samples.pair'), width: 'minmax(110px, 160px)', value: (row) => (row.remarks.length > 0 ? 0 : row.reference === '' ? 1 : 2),
    cell: (row) => (row.remarks[0] !== undefined ? <span data-tone="bad">✕ {remarkText(say, row.remarks[0])}</span> : row.reference === '' ? <span className="muted">–</span> : <span className="samples-good">✓ {say('samples.paired')}</span>),
  },
]
