import { IconArchive, IconGitCompare, IconTag } from '@tabler/icons-react'
import { memo, useState } from 'react'
import { useNavigate } from 'react-router'
import { call } from '../../client.ts'
import { useSay } from '../../texts/texts.ts'
import { Button } from '../../ui/button.tsx'
import { useToast } from '../../ui/toast.tsx'
import { typedKey } from '../../ui/typing.ts'
import { useArchive, useRunChange } from '../../ui/use-run-change.ts'
import { useWhyNot } from '../../ui/use-writable.ts'

const LEAST = 2
const MOST = 8

interface PickedBarProps {
  readonly picks: ReadonlySet<string>
  readonly onClear: () => void
}

/** What can be done with the picked runs. */
export const PickedBar = memo(function PickedBar({ picks, onClear }: PickedBarProps) {
  const say = useSay()
  const navigate = useNavigate()
  const whyNot = useWhyNot()
  const archive = useArchive()
  const [isTagging, setTagging] = useState(false)
  const ids = [...picks].toSorted()
  async function put(): Promise<void> {
    if (await archive(ids, true)) onClear()
  }
  const canCompare = ids.length >= LEAST && ids.length <= MOST
  return (
    <div className="picked" role="group" aria-label={say('history.picked.acts')}>
      <span className="picked-count number" role="status">{ids.length === 0 ? <span className="picked-hint">{say('history.pick-some')}</span> : say('history.picked', { count: ids.length })}</span>
      {ids.length === 0 ? null : isTagging ? <TagForm ids={ids} onDone={() => setTagging(false)} /> : (
        <>
          <Button tone="quiet" onClick={onClear}>{say('history.clear')}</Button>
          <Button tone="quiet" disabled={whyNot !== undefined} title={whyNot} onClick={() => setTagging(true)}><IconTag size={15} aria-hidden /> {say('history.tag')}</Button>
          <Button tone="quiet" disabled={whyNot !== undefined} title={whyNot} onClick={() => void put()}><IconArchive size={15} aria-hidden /> {say('marks.archive')}</Button>
        </>
      )}
      <span className="bar-space" />
      <Button tone="primary" disabled={!canCompare} title={canCompare ? undefined : say('history.pick-some')} onClick={() => void navigate(`/diff/${ids.join(',')}`)}>
        <IconGitCompare size={16} aria-hidden /> {canCompare ? say('history.compare', { count: ids.length }) : say('history.compare-none')}
      </Button>
    </div>
  )
})

function TagForm({ ids, onDone }: { readonly ids: readonly string[]; readonly onDone: () => void }) {
  const say = useSay()
  const toast = useToast()
  const change = useRunChange()
  const [text, setText] = useState('')
  const tag = text.trim()

  async function put(): Promise<void> {
    if (tag === '') return
    const tagAll = (what: 'add' | 'remove') => change(() => Promise.all(ids.map((run) => call('runs.tag', { run, [what]: [tag] }))))
    if (await tagAll('add') === null) return
    toast({ text: say('history.tagged', { count: ids.length, tag }), undo: () => void tagAll('remove') })
    onDone()
  }
  return (
    <form className="filter-name" onSubmit={(event) => { event.preventDefault(); void put() }}>
      <input className="field" autoFocus value={text} maxLength={100} onChange={(event) => setText(event.target.value)} onKeyDown={(event) => { if (typedKey(event) === 'Escape') onDone() }} placeholder={say('marks.add-tag')} aria-label={say('history.tag')} />
      <Button type="submit" tone="quiet" disabled={tag === ''}>{say('history.tag.do', { count: ids.length })}</Button>
      <Button tone="quiet" onClick={onDone}>{say('cancel')}</Button>
    </form>
  )
}
