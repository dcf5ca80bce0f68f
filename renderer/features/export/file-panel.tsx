import { useRef, useState, type ReactNode } from 'react'
import type { FaultData } from '../../client.ts'
import { useSay } from '../../texts/texts.ts'
import { Button } from '../../ui/button.tsx'
import { FaultNotice } from '../../ui/fault-notice.tsx'
import { bytes } from '../../ui/format.ts'
import { useWhyNot } from '../../ui/use-writable.ts'
import { useUpload } from '../../use-upload.ts'

interface FilePanelProps {
  readonly title: string
  /** With its dot. */
  readonly ending: string
  readonly choose: string
  /** Where no file has the ending. */
  readonly refused: FaultData
  readonly onPath: (path: string) => void
  readonly acts?: ReactNode
  readonly children: ReactNode
}

/** Takes one file of a kind, dropped here or chosen, and tells its path in the workspace. */
export function FilePanel({ title, ending, choose, refused, onPath, acts, children }: FilePanelProps) {
  const say = useSay()
  const whyNot = useWhyNot()
  const upload = useUpload()
  const picker = useRef<HTMLInputElement>(null)
  const [isOver, setOver] = useState(false)
  function take(files: readonly File[]): void {
    const file = files.find(({ name }) => name.toLowerCase().endsWith(ending))
    if (file === undefined) upload.refuse({ ...refused, where: files.map(({ name }) => name).slice(0, 5).join(', ') })
    else if (whyNot === undefined) {
      // What was chosen before is not to be taken for this one while it is on its way.
      onPath('')
      upload.start([file], ([path]) => onPath(path ?? ''))
    }
  }
  return (
    <section
      className="panel verify-file" aria-label={title} data-over={isOver || undefined}
      onDragOver={(event) => { event.preventDefault(); setOver(true) }} onDragLeave={() => setOver(false)}
      onDrop={(event) => { event.preventDefault(); setOver(false); take([...event.dataTransfer.files]) }}
    >
      <header className="panel-head"><h2 className="panel-title">{title}</h2></header>
      {children}
      {upload.progress === null ? null : <p className="panel-text" role="status">{say('verify.dump.sending', { sent: bytes(upload.progress.sent), total: bytes(upload.progress.total) })}</p>}
      {upload.fault === null ? null : <FaultNotice fault={upload.fault} />}
      <div className="export-acts">
        <Button disabled={whyNot !== undefined || upload.progress !== null} title={whyNot} onClick={() => picker.current?.click()}>{choose}</Button>
        {acts}
        {upload.progress === null ? null : <Button onClick={upload.stop}>{say('cancel')}</Button>}
      </div>
      <input ref={picker} type="file" accept={ending} hidden tabIndex={-1} aria-label={choose} onChange={(event) => { take([...(event.target.files ?? [])]); event.target.value = '' }} />
    </section>
  )
}
