import { useMemo } from 'react'
import { z } from 'zod'
import type { SamplesLook } from '../../../preload/contract/index.ts'
import { useCall } from '../../client.ts'
import { recipeAt, setRecipe, useProject } from '../../project/project.ts'
import { useSay, type Say } from '../../texts/texts.ts'
import { DataTable, type Column } from '../../ui/data-table.tsx'
import { Segmented } from '../../ui/segmented.tsx'
import { Choice, NumberField, TextField } from './fields.tsx'
import { wholeFrom } from './preprocess-form.ts'
import { remarkText } from './thumbnail-grid.tsx'
import type { Remark } from './worth.ts'

interface PairsViewProps {
  readonly look: SamplesLook
  readonly remarks: readonly (readonly Remark[])[]
  readonly picked: number | null
  readonly onPick: (file: number) => void
}

const PATTERN = z.object({ pattern: z.string() })
const SHARED = ['samples', 'evaluation'] as const
type Way = 'name' | 'pattern' | 'folder'

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
  const paired = rows.filter(({ reference }) => reference !== '').length
  return (
    <div className="samples-pairs">
      <Judging look={look} />
      <p className="samples-note">
        {paired === 0 ? say('samples.pairs.none') : say('samples.pairs.some', { paired, total: rows.length })}{' '}
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

function Judging({ look }: { readonly look: SamplesLook }) {
  const say = useSay()
  const { recipe } = useProject()
  const metrics = useCall('recipe.choices', {}).data?.metrics ?? []
  const reference = recipeAt(recipe, [...SHARED, 'reference'])
  const pattern = PATTERN.safeParse(reference)
  const way: Way = typeof reference === 'string' ? 'folder' : pattern.success ? 'pattern' : 'name'
  const metric = recipeAt(recipe, [...SHARED, 'metric'])
  const shave = recipeAt(recipe, [...SHARED, 'shave'])
  const set = (key: string, value: unknown): void => setRecipe([...SHARED, key], value)
  const start = (next: Way): void => set('reference', next === 'name' ? undefined : next === 'pattern' ? { pattern: '*_HR' } : recipeAt(recipe, [...SHARED, 'path']))
  return (
    <div className="samples-fields">
      <span className="samples-field">{say('samples.reference')}<Segmented label={say('samples.reference')} value={way} onChange={start} choices={(['name', 'pattern', 'folder'] as const).map((value) => ({ value, name: say(`samples.reference.${value}`) }))} /></span>
      {way === 'name' ? null : (
        <label className="samples-field samples-field-path">
          {say(`samples.reference.${way}`)}
          <TextField label={say(`samples.reference.${way}`)} value={way === 'folder' ? String(reference) : pattern.data?.pattern ?? ''} onChange={(text) => set('reference', text === '' ? undefined : way === 'folder' ? text : { pattern: text })} />
        </label>
      )}
      <label className="samples-field">
        {say('samples.metric')}
        <Choice
          label={say('samples.metric')} value={typeof metric === 'string' ? metric : ''} onChange={(value) => set('metric', value === '' ? undefined : value)}
          choices={[{ value: '', name: say('samples.guess', { value: look.output.metric }) }, ...metrics.map((value) => ({ value, name: value }))]}
        />
      </label>
      <label className="samples-field">
        {say('samples.shave')}
        <NumberField
          label={say('samples.shave')} value={typeof shave === 'number' ? shave : null} read={(text) => wholeFrom(text, 0)} onChange={(value) => set('shave', value)} onClear={() => set('shave', undefined)}
          placeholder={look.output.shave === null ? '–' : say('samples.guess', { value: look.output.shave })}
        />
      </label>
    </div>
  )
}
