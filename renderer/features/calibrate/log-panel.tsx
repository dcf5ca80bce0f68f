import { useEffect, useRef, useState } from 'react'
import type { LogLine } from '../../client.ts'
import { useSay } from '../../texts/texts.ts'
import { CopyButton } from '../../ui/copy-button.tsx'
import { EngineText } from '../../ui/engine-text.tsx'
import { moment } from '../../ui/format.ts'
import { Panel } from '../../ui/panel.tsx'

const lineText = ({ time, level, text }: LogLine): string => `${moment(time, true)} ${level === 'info' ? '' : `${level}: `}${text}`

/** What the job said, the newest last; filtered by words. */
export function LogPanel({ lines }: { readonly lines: readonly LogLine[] }) {
  const say = useSay()
  const [words, setWords] = useState('')
  const shown = lines.filter(({ text, level }) => words.toLowerCase().split(/\s+/).every((word) => `${level} ${text}`.toLowerCase().includes(word)))
  const list = useRef<HTMLOListElement>(null)
  // The end stays in sight for who looks at it.
  useEffect(() => {
    const element = list.current
    if (element !== null && element.scrollHeight - element.scrollTop - element.clientHeight < 80) element.scrollTop = element.scrollHeight
  })
  return (
    <Panel
      title={say('job.log')} grows
      aside={
        <>
          <input className="field log-filter" type="search" aria-label={say('calibrate.log.filter')} placeholder={say('filter')} value={words} onChange={(event) => setWords(event.target.value)} />
          <CopyButton text={lines.map(lineText).join('\n')} label={say('calibrate.log.copy')} />
        </>
      }
    >
      {shown.length === 0 ? <p className="panel-text">{say(lines.length === 0 ? 'job.no-log' : 'none-fit')}</p> : (
        <ol className="log mono wizard-log" ref={list} tabIndex={0} aria-label={say('job.log')}>
          {shown.map((line) => <li key={line.n} data-level={line.level}><time dateTime={line.time}>{moment(line.time, true).slice(11)}</time> <EngineText text={line.text} /></li>)}
        </ol>
      )}
    </Panel>
  )
}
