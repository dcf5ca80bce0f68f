import { useState } from 'react'
import { call } from '../client.ts'
import { useSay } from '../texts/texts.ts'
import { Button } from './button.tsx'
import { SimpleText } from './simple-text.tsx'
import { typedKey } from './typing.ts'
import { useRunChange } from './use-run-change.ts'
import { useWhyNot } from './use-writable.ts'

/** What is written and not yet saved outlives a reload of this window. */
const draftKey = (run: string): string => `scalewright.note ${run}`

interface RunNoteProps {
  readonly run: string
  readonly note: string
}

export function RunNote({ run, note }: RunNoteProps) {
  const say = useSay()
  const change = useRunChange()
  const whyNot = useWhyNot()
  const [draft, setDraft] = useState(() => sessionStorage.getItem(draftKey(run)))

  function write(text: string | null): void {
    setDraft(text)
    if (text === null) sessionStorage.removeItem(draftKey(run))
    else sessionStorage.setItem(draftKey(run), text)
  }
  async function save(): Promise<void> {
    if (draft !== null && await change(() => call('runs.note', { run, text: draft.trim() })) !== null) write(null)
  }

  if (draft === null) {
    return (
      <div className="marks-note">
        <div className="marks-head">
          <h3>{say('marks.note')}</h3>
          <Button tone="quiet" disabled={whyNot !== undefined} title={whyNot} onClick={() => write(note)}>{note === '' ? say('marks.write-note') : say('marks.edit-note')}</Button>
        </div>
        {note === '' ? null : <SimpleText source={note} />}
      </div>
    )
  }
  return (
    <div className="marks-note">
      <div className="marks-head"><h3>{say('marks.note')}</h3><small className="muted">{say('marks.note-hint')}</small></div>
      <textarea
        className="field" autoFocus rows={5} value={draft} aria-label={say('marks.note')} onChange={(event) => write(event.target.value)}
        onKeyDown={(event) => {
          const key = typedKey(event)
          if (key === 'Enter' && (event.ctrlKey || event.metaKey)) void save()
          else if (key === 'Escape') write(null)
        }}
      />
      <div className="marks-acts"><Button onClick={() => void save()}>{say('marks.save-note')}</Button><Button tone="quiet" onClick={() => write(null)}>{say('cancel')}</Button></div>
    </div>
  )
}
