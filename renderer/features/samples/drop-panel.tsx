import { IconFolderOpen, IconUpload } from '@tabler/icons-react'
import { useRef, useState, type DragEvent, type ReactNode } from 'react'
import { useSay } from '../../texts/texts.ts'
import { Button } from '../../ui/button.tsx'
import { FaultNotice } from '../../ui/fault-notice.tsx'
import { bytes } from '../../ui/format.ts'
import { useWhyNot } from '../../ui/use-writable.ts'
import { SAMPLE_TYPES } from './sample-files.ts'
import { droppedFiles, type SamplesUpload } from './use-upload.ts'

interface DropPanelProps {
  readonly label: string
  readonly upload: SamplesUpload
  readonly className?: string
  readonly children: ReactNode
}

/** A panel that takes files which are dropped on it, and shows how far they are. */
export function DropPanel({ label, upload, className = '', children }: DropPanelProps) {
  const say = useSay()
  const [isOver, setOver] = useState(false)
  const drag = (isOver: boolean) => (event: DragEvent): void => {
    if (!event.dataTransfer.types.includes('Files')) return
    event.preventDefault()
    event.dataTransfer.dropEffect = 'copy'
    setOver(isOver)
  }
  const { progress, fault, stop } = upload
  return (
    <section
      className={`panel ${className}`} data-grows data-over={isOver || undefined} aria-label={label} onDragEnter={drag(true)} onDragOver={drag(true)} onDragLeave={drag(false)}
      onDrop={(event) => {
        drag(false)(event)
        void droppedFiles(event.dataTransfer).then(upload.take, upload.refuse)
      }}
    >
      {progress === null ? null : (
        <div className="samples-upload" role="status">
          <span>{say('samples.upload.running', { sent: bytes(progress.sent), total: bytes(progress.total) })}</span>
          <progress max={Math.max(1, progress.total)} value={progress.sent} aria-label={say('samples.upload')} />
          <Button tone="quiet" onClick={stop}>{say('cancel')}</Button>
        </div>
      )}
      {fault === null ? null : <FaultNotice fault={fault} />}
      {children}
    </section>
  )
}

/** Files or a folder of this computer, handed over to the workspace. `isShort`: signs alone. */
export function UploadButtons({ upload, isShort }: { readonly upload: SamplesUpload; readonly isShort?: boolean }) {
  const say = useSay()
  const whyNot = useWhyNot()
  const files = useRef<HTMLInputElement>(null)
  const folder = useRef<HTMLInputElement>(null)
  const word = isShort ? 'unseen' : undefined
  const isDisabled = whyNot !== undefined || upload.progress !== null
  const picker = (input: typeof files, label: string, more: object) => (
    <input
      ref={input} type="file" multiple hidden tabIndex={-1} aria-label={label} {...more}
      onChange={(event) => {
        upload.take([...(event.target.files ?? [])])
        event.target.value = ''
      }}
    />
  )
  return (
    <>
      <Button disabled={isDisabled} title={whyNot ?? say('samples.upload.files')} onClick={() => files.current?.click()}><IconUpload size={15} aria-hidden /><span className={word}>{say('samples.upload.files')}</span></Button>
      <Button disabled={isDisabled} title={whyNot ?? say('samples.upload.folder')} onClick={() => folder.current?.click()}><IconFolderOpen size={15} aria-hidden /><span className={word}>{say('samples.upload.folder')}</span></Button>
      {picker(files, say('samples.upload.files'), { accept: SAMPLE_TYPES })}
      {picker(folder, say('samples.upload.folder'), { webkitdirectory: '' })}
    </>
  )
}
