import { IconArchive, IconArchiveOff, IconPinned, IconPinnedOff } from '@tabler/icons-react'
import { useState } from 'react'
import { Link } from 'react-router'
import { call, useCall, type Run } from '../client.ts'
import type { RunMarks } from '../../preload/contract/index.ts'
import { useSay } from '../texts/texts.ts'
import { Button } from './button.tsx'
import { FaultNotice } from './fault-notice.tsx'
import { shortRun } from './format.ts'
import { RunGates } from './run-gates.tsx'
import { RunNote } from './run-note.tsx'
import { useArchive, useRunChange } from './use-run-change.ts'
import { useWhyNot } from './use-writable.ts'
import './run-marks.css'

/** What people write on a run beside its record: tags, a note, the pin as baseline, waivers of failed gates. */
export function RunMarksPart({ run }: { readonly run: string }) {
  const say = useSay()
  const marks = useCall('runs.marks', { run })
  const shown = useCall('runs.show', { run })
  const whyNot = useWhyNot()
  const error = marks.error ?? shown.error
  if (error !== null) return <FaultNotice fault={error} />
  if (marks.data === undefined || shown.data === undefined) return <div className="marks" aria-busy="true" />
  return (
    <div className="marks">
      {whyNot === undefined ? null : <p className="marks-why" role="note">{whyNot}</p>}
      <Acts run={shown.data.run} marks={marks.data} />
      <Tags run={run} tags={marks.data.tags} />
      <RunNote key={run} run={run} note={marks.data.note} />
      <RunGates run={shown.data.run} marks={marks.data} />
      {marks.data.baseline === null || marks.data.baseline === run ? null : (
        <p className="marks-line"><span className="baseline-mark" aria-hidden="true">◆</span> {say('marks.baseline')} <Link className="mono" to={`/diff/${marks.data.baseline},${run}`}>{shortRun(marks.data.baseline)}</Link></p>
      )}
    </div>
  )
}

function Acts({ run, marks }: { readonly run: Run; readonly marks: RunMarks }) {
  const say = useSay()
  const change = useRunChange()
  const archive = useArchive()
  const whyNot = useWhyNot()
  const isBaseline = marks.baseline === run.run
  const whyNoPin = whyNot ?? (run.model === undefined ? say('marks.no-model') : undefined)
  return (
    <div className="marks-acts">
      <Button
        aria-pressed={isBaseline} disabled={whyNoPin !== undefined} title={whyNoPin ?? say('marks.pin.hint')}
        onClick={() => void change(() => call('runs.pin', { run: run.run, pinned: !isBaseline }))}
      >
        {isBaseline ? <IconPinnedOff size={15} aria-hidden /> : <IconPinned size={15} aria-hidden />} {isBaseline ? say('marks.unpin') : say('marks.pin')}
      </Button>
      <Button disabled={whyNot !== undefined} title={whyNot} onClick={() => void archive([run.run], !marks.archived)}>
        {marks.archived ? <IconArchiveOff size={15} aria-hidden /> : <IconArchive size={15} aria-hidden />} {marks.archived ? say('marks.take-back') : say('marks.archive')}
      </Button>
      {isBaseline ? <span className="marks-line"><span className="baseline-mark" aria-hidden="true">◆</span> {say('marks.is-baseline')}</span> : null}
    </div>
  )
}

function Tags({ run, tags }: { readonly run: string; readonly tags: readonly string[] }) {
  const say = useSay()
  const change = useRunChange()
  const whyNot = useWhyNot()
  const [text, setText] = useState('')
  const tag = text.trim()
  return (
    <div className="marks-tags" role="group" aria-label={say('tags')}>
      {tags.map((each) => (
        <span className="chip" key={each}>
          <span>{each}</span>
          <button type="button" disabled={whyNot !== undefined} aria-label={say('marks.untag', { tag: each })} title={whyNot ?? say('marks.untag', { tag: each })} onClick={() => void change(() => call('runs.tag', { run, remove: [each] }))}>✕</button>
        </span>
      ))}
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (tag === '') return
          setText('')
          void change(() => call('runs.tag', { run, add: [tag] }))
        }}
      >
        <input className="field" value={text} maxLength={100} disabled={whyNot !== undefined} title={whyNot} onChange={(event) => setText(event.target.value)} placeholder={say('marks.add-tag')} aria-label={say('marks.add-tag')} />
      </form>
    </div>
  )
}
