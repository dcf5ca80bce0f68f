import { useMemo } from 'react'
import type { ExportPreview } from '../../../preload/contract/index.ts'
import { useCall } from '../../client.ts'
import { useSay } from '../../texts/texts.ts'
import { sizeText } from './file-size.ts'
import { diffLines, type DiffLine } from './line-diff.ts'
import './file-text.css'

const SIGNS = { same: ' ', gone: '−', new: '+' } as const

interface FileTextProps {
  readonly preview: ExportPreview
  readonly path: string
  /** Its changes since the last export, in place of the whole. */
  readonly isDiff: boolean
}

/** A file of the bundle, whole or as what changed. */
export function FileText({ preview, path, isDiff }: FileTextProps) {
  const say = useSay()
  const file = preview.files.find((each) => each.path === path)
  if (path === '') return <p className="panel-text">{say('export.no-file')}</p>
  if (file === undefined) return <p className="panel-text">{say('export.gone-file')}</p>
  if (file.text === null) {
    return <p className="panel-text">{say('export.no-text')} <span className="number">{sizeText(say, file)}</span>{file.sha256 === null ? null : <><br /><span className="mono">SHA-256 {file.sha256}</span></>}</p>
  }
  if (isDiff && preview.last !== null) return <FileDiff run={preview.last.run} path={path} text={file.text} />
  return <pre className="export-text mono" data-wraps={path.endsWith('.md') || undefined} tabIndex={0} aria-label={path} role="region">{file.text}</pre>
}

interface FileDiffProps {
  /** Of the last export. */
  readonly run: string
  readonly path: string
  readonly text: string
}

function FileDiff({ run, path, text }: FileDiffProps) {
  const say = useSay()
  const { data } = useCall('export.earlier', { run, path }, { staleTime: Infinity })
  const lines = useMemo(() => (typeof data?.text === 'string' ? diffLines(data.text, text) : []), [data, text])
  if (data === undefined) return <p className="panel-text" role="status">{say('export.diff.reading')}</p>
  if (data.text === null) return <p className="panel-text">{say('export.diff.gone')}</p>
  return <pre className="export-text export-diff mono" tabIndex={0} aria-label={say('export.diff.of', { path })} role="region">{lines.map((line, at) => <Line key={at} line={line} />)}</pre>
}

function Line({ line }: { readonly line: DiffLine }) {
  const say = useSay()
  if (line.kind === 'skipped') return <span className="diff-line muted" data-kind="skipped">{say('export.diff.equal', { count: line.count })}{'\n'}</span>
  return <span className="diff-line" data-kind={line.kind}>{SIGNS[line.kind]} {line.text}{'\n'}</span>
}
