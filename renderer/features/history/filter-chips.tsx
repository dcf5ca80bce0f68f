import { IconBookmarkPlus } from '@tabler/icons-react'
import { useState } from 'react'
import { useSay } from '../../texts/texts.ts'
import { Button } from '../../ui/button.tsx'
import { useToast } from '../../ui/toast.tsx'
import { typedKey } from '../../ui/typing.ts'
import { savedFilters } from './saved-filters.ts'

interface FilterChipsProps {
  readonly line: string
  readonly onLine: (line: string) => void
}

/** Filters that were kept under a name. The one in force is marked; a second click lets go of it. */
export function FilterChips({ line, onLine }: FilterChipsProps) {
  const say = useSay()
  const toast = useToast()
  const filters = savedFilters.use()
  const [name, setName] = useState<string | null>(null)
  const isNew = line.trim() !== '' && !filters.some((each) => each.line === line)

  function keep(): void {
    if (name === null || name.trim() === '') return
    savedFilters.save({ name: name.trim(), line })
    setName(null)
  }
  return (
    <div className="filter-chips" role="group" aria-label={say('history.filters')}>
      {filters.map((each) => (
        <span className="chip" key={each.name} data-on={each.line === line || undefined}>
          <button type="button" aria-pressed={each.line === line} title={each.line} onClick={() => onLine(each.line === line ? '' : each.line)}>{each.name}</button>
          <button
            type="button" aria-label={say('history.filter-forget', { name: each.name })} title={say('history.filter-forget', { name: each.name })}
            onClick={() => toast({ text: say('history.filter-forgotten', { name: each.name }), undo: savedFilters.forget(each.name) })}
          >
            ✕
          </button>
        </span>
      ))}
      {name !== null ? (
        <form className="filter-name" onSubmit={(event) => { event.preventDefault(); keep() }}>
          <input className="field" autoFocus value={name} maxLength={40} onChange={(event) => setName(event.target.value)} onKeyDown={(event) => { if (typedKey(event) === 'Escape') setName(null) }} placeholder={say('history.filter-name')} aria-label={say('history.filter-name')} />
          <Button type="submit" tone="quiet" disabled={name.trim() === ''}>{say('history.filter-keep')}</Button>
        </form>
      ) : (
        <Button tone="quiet" disabled={!isNew} title={isNew ? undefined : say('history.filter-save.hint')} onClick={() => setName('')}><IconBookmarkPlus size={15} aria-hidden /> {say('history.filter-save')}</Button>
      )}
    </div>
  )
}
