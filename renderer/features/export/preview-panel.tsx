import { IconChevronDown, IconChevronRight, IconFile } from '@tabler/icons-react'
import { useMemo, useState } from 'react'
import type { ExportPreview } from '../../../preload/contract/index.ts'
import { useSay, type Say, type TextKey } from '../../texts/texts.ts'
import { CopyButton } from '../../ui/copy-button.tsx'
import { DataTable, type Column } from '../../ui/data-table.tsx'
import { bytes, moment } from '../../ui/format.ts'
import { Segmented } from '../../ui/segmented.tsx'
import type { ChangeAddress } from '../../ui/use-address.ts'
import { sizeText } from './file-size.ts'
import { FileText } from './file-text.tsx'
import { firstFile, treeRows, type Change, type TreeRow } from './file-tree.ts'
import { ReportFigures } from './report-figures.tsx'
import { ReportText } from './report-text.tsx'

const CHANGES: Readonly<Record<Change, { readonly shape: string; readonly text: TextKey; readonly tone: string }>> = {
  new: { shape: '+', text: 'export.change.new', tone: 'good' }, changed: { shape: '~', text: 'export.change.changed', tone: 'warning' }, same: { shape: '=', text: 'export.change.same', tone: 'muted' },
  gone: { shape: '−', text: 'export.change.gone', tone: 'bad' }, unknown: { shape: '?', text: 'export.change.unknown', tone: 'muted' },
}

const SHOWN = ['file', 'commands', 'report'] as const
type Shown = (typeof SHOWN)[number]

interface PreviewPanelProps {
  readonly run: string
  readonly preview: ExportPreview
  /** Of the language that the report is written in. */
  readonly language: 'en' | 'zh'
  readonly file: string
  readonly show: string | null
  /** Of a changed file what changed, in place of the whole. */
  readonly isDiff: boolean
  /** It belongs to another board, while that of the chosen one is put together. */
  readonly isOld: boolean
  readonly onAddress: ChangeAddress
}

/** The bundle as it would be written: its files, and what is in them. */
export function PreviewPanel({ run, preview, language, file, show, isDiff, isOld, onAddress }: PreviewPanelProps) {
  const say = useSay()
  const { files, last, coverage, commands } = preview
  const shown: Shown = SHOWN.find((each) => each === show) ?? 'file'
  const path = files.some((each) => each.path === file) || last?.gone.includes(file) ? file : firstFile(files)
  const isChanged = files.some((each) => each.path === path && each.change === 'changed' && each.text !== null)
  return (
    <section className="panel export-preview" data-grows aria-label={say('export.preview')} aria-busy={isOld || undefined}>
      <header className="panel-head">
        <h2 className="panel-title">{say('export.preview')}</h2>
        <span className="panel-note number">{say('export.total', { count: files.length, bytes: bytes(preview.bytes) })}</span>
        <span className="panel-note" title={say('export.coverage.what')}><span className="verdict" data-tone={coverage.matched === coverage.rows ? 'good' : 'warning'}>{coverage.matched === coverage.rows ? '✓' : '!'}</span> {say('export.coverage', { matched: coverage.matched, rows: coverage.rows })}</span>
        <span className="panel-note">{last === null ? say('export.first') : say('export.against', { moment: moment(last.created) })}</span>
      </header>
      <div className="export-split">
        <Tree preview={preview} path={path} onFile={(next) => onAddress({ file: next, show: '' })} />
        <div className="export-content">
          <div className="export-content-head">
            <Segmented label={say('export.shown')} value={shown} onChange={(next) => onAddress({ show: next === 'file' ? '' : next })} choices={[{ value: 'file', name: say('export.shown.file') }, { value: 'commands', name: say('export.shown.commands') }, { value: 'report', name: say('export.shown.report') }]} />
            {shown === 'file' ? <span className="mono export-content-path" title={path}>{path}</span> : null}
            <span className="bar-space" />
            {shown === 'file' && isChanged ? <Segmented label={say('export.diff')} value={isDiff ? 'diff' : 'whole'} onChange={(next) => onAddress({ diff: next === 'diff' ? '1' : '' })} choices={[{ value: 'whole', name: say('export.diff.whole') }, { value: 'diff', name: say('export.diff.changes') }]} /> : null}
            {shown === 'commands' ? <CopyButton text={commands.map(({ lines }) => lines.join('\n')).join('\n')} label={say('export.commands.copy')} /> : null}
            {shown === 'report' ? <Segmented label={say('export.language')} value={language} onChange={(next) => onAddress({ lang: next })} choices={[{ value: 'en', name: 'EN' }, { value: 'zh', name: '中文' }]} /> : null}
          </div>
          {shown === 'file' ? <FileText preview={preview} path={path} isDiff={isChanged && isDiff} /> : null}
          {shown === 'commands' ? <Commands preview={preview} /> : null}
          {shown === 'report' ? <ReportText source={files.find((each) => each.path === 'report/report.md')?.text ?? ''} label={say('export.shown.report')} figures={<ReportFigures run={run} histograms={preview.histograms} />} /> : null}
        </div>
      </div>
    </section>
  )
}

function Tree({ preview, path, onFile }: { readonly preview: ExportPreview; readonly path: string; readonly onFile: (path: string) => void }) {
  const say = useSay()
  const { files, last } = preview
  const [turned, setTurned] = useState<ReadonlySet<string>>(new Set())
  const rows = useMemo(() => treeRows(files, last?.gone ?? [], turned), [files, last, turned])
  const columns = useMemo(() => treeColumns(say, last !== null), [say, last])
  const onOpen = (row: TreeRow): void => {
    if (row.count === 0) onFile(row.path)
    else setTurned((known) => new Set(known.has(row.path) ? [...known].filter((each) => each !== row.path) : [...known, row.path]))
  }
  return <DataTable label={say('export.tree')} rows={rows} columns={columns} keyOf={(row) => row.path} current={path} onOpen={onOpen} />
}

const sizeOf = (say: Say, row: TreeRow): string => (row.change === 'gone' ? '' : sizeText(say, row))

const treeColumns = (say: Say, hasLast: boolean): readonly Column<TreeRow>[] => [
  {
    id: 'name', title: say('file'), width: 'minmax(120px, 1fr)', hint: (row) => row.path,
    cell: (row) => (
      <span className="tree-name" data-depth={Math.min(row.depth, 4)}>
        {row.count === 0 ? <IconFile size={14} aria-hidden /> : row.isOpen ? <IconChevronDown size={14} aria-hidden /> : <IconChevronRight size={14} aria-hidden />}
        <span className={row.change === 'gone' ? 'tree-gone' : undefined}>{row.name}{row.count === 0 ? '' : '/'}</span>{row.count === 0 ? null : <span className="muted number"> {row.count}</span>}
      </span>
    ),
  },
  { id: 'bytes', title: say('size'), width: '112px', align: 'right', cell: (row) => <span className={row.count === 0 ? undefined : 'muted'}>{sizeOf(say, row)}</span> },
  ...(hasLast ? [{ id: 'change', title: say('export.change'), width: '88px', hint: (row: TreeRow) => (row.change === 'unknown' ? say('export.change.unknown.what') : ''), cell: (row: TreeRow) => changeMark(say, row.change) }] : []),
]

const changeMark = (say: Say, change: Change | null) => (change === null ? null : <span className="verdict" data-tone={CHANGES[change].tone}>{CHANGES[change].shape} {say(CHANGES[change].text)}</span>)

function Commands({ preview: { commands } }: { readonly preview: ExportPreview }) {
  const say = useSay()
  return (
    <div className="export-commands" tabIndex={0} role="region" aria-label={say('export.shown.commands')}>
      <p className="panel-text">{say('export.commands.where')}</p>
      {commands.map(({ title, lines }) => <section key={title}><h3>{title}</h3><pre className="code">{lines.join('\n')}</pre></section>)}
    </div>
  )
}
