import { useSay } from '../../texts/texts.ts'

interface FilterFieldProps {
  readonly text: string
  readonly count: string
  readonly onChange: (text: string) => void
}

/** A text that names of a table's rows must hold, and how many do. */
export function FilterField({ text, count, onChange }: FilterFieldProps) {
  const say = useSay()
  return (
    <span className="filter">
      <input className="field mono" data-filter type="search" spellCheck={false} value={text} onChange={(event) => onChange(event.target.value)} placeholder={say('filter.names')} aria-label={say('filter')} />
      <span className="filter-count number" role="status">{count}</span>
    </span>
  )
}
