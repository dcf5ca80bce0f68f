import { useMemo, useState, type ReactNode } from 'react'
import type { ExportBoards } from '../../../preload/contract/index.ts'
import { Screen } from '../../app/screen.tsx'
import { useSettings } from '../../app/settings.ts'
import { useCall } from '../../client.ts'
import { useSay } from '../../texts/texts.ts'
import { Button } from '../../ui/button.tsx'
import { FaultNotice } from '../../ui/fault-notice.tsx'
import { bytes } from '../../ui/format.ts'
import { useAddress } from '../../ui/use-address.ts'
import { useWhyNot } from '../../ui/use-writable.ts'
import { BoardList } from './board-list.tsx'
import { CheckPanel } from './check-panel.tsx'
import { countsOf } from './check-state.ts'
import { DestinationPanel } from './destination-panel.tsx'
import { FormatPanel } from './format-panel.tsx'
import { NamesPanel } from './names-panel.tsx'
import { PreviewPanel } from './preview-panel.tsx'
import { useNamedJob } from '../../app/use-named-job.ts'
import { useWritten } from './use-written.ts'
import { WrittenPanel } from './written-panel.tsx'

interface BundleScreenProps {
  readonly run: string
  readonly tools: ReactNode
}

/** The boards, and what each would say of the run. */
export function BundleScreen({ run, tools }: BundleScreenProps) {
  const say = useSay()
  const { data, error } = useCall('export.boards', { run })
  if (data !== undefined) return <ForBoard run={run} tools={tools} boards={data} />
  return (
    <Screen crumbs={[{ name: say('place.export') }]}>
      <div className="export-tools">{tools}</div>
      {error === null ? <section className="panel empty" role="status"><p>{say('export.boards.asking')}</p></section> : <FaultNotice fault={error} />}
    </Screen>
  )
}

function ForBoard({ run, tools, boards }: BundleScreenProps & { readonly boards: ExportBoards }) {
  const say = useSay()
  const whyNot = useWhyNot()
  const settings = useSettings()
  const [parameters, set] = useAddress()
  const chosen = boards.boards.find(({ name }) => name === parameters.get('board')) ?? boards.boards.find(({ name }) => name === boards.board) ?? boards.boards[0]!
  const board = chosen.name
  const asked = parameters.get('formats') ?? ''
  const formats = useMemo(() => asked.split(',').filter((format) => boards.formats.some(({ name }) => name === format)), [asked, boards])
  // Of a board whose formats have no names of their own none are asked for, whatever the address says.
  const ending = [...chosen.formats, ...boards.formats.filter(({ name }) => formats.includes(name))].find(({ names }) => names !== null)?.names ?? null
  const named = ending === null ? '' : (parameters.get('names') ?? '')
  const names = named === '' ? {} : { names: named }
  const lang = parameters.get('lang')
  const language = lang === 'en' || lang === 'zh' ? lang : settings.language
  const out = parameters.get('out') ?? boards.out.replace('{board}', board)
  const preview = useCall('export.preview', { run, board, formats, ...names, language }, { keepPrevious: true })
  const place = useCall('export.place', { out }, { enabled: out !== '', keepPrevious: true })
  const checks = (preview.isPlaceholderData ? undefined : preview.data?.checks) ?? chosen.checks
  const { errors } = countsOf(checks)
  // Never from the address: a link alone is not to force anything.
  const [forced, setForced] = useState('')
  const force = errors > 0 && forced === board
  const writing = useNamedJob('export', parameters.get('job'), (job) => set({ job, check: '' }))
  const checking = useNamedJob('verify', parameters.get('check'), (check) => set({ check }))
  const last = preview.isPlaceholderData || preview.data?.last?.of !== run ? null : preview.data.last.run
  const written = useWritten({ run, board, last, writing, checking, hasCheck: parameters.get('check') !== null })
  const needs = preview.isPlaceholderData ? undefined : preview.data?.bytes
  const placeFault = place.error ?? place.data?.fault ?? null
  const why = whyNot ?? (errors > 0 && !force ? say('export.force.first') : undefined)
  return (
    <Screen
      crumbs={[{ name: say('place.export') }]}
      action={
        <Button
          tone="primary" disabled={why !== undefined || placeFault !== null || preview.error !== null || out === '' || writing.isRunning} title={why ?? (needs === undefined ? undefined : say('export.start.what', { bytes: bytes(needs) }))}
          onClick={() => writing.start({ kind: 'export', run, board, out, force, formats, ...names, language })}
        >
          {writing.isRunning ? say('export.running') : say(force ? 'export.start.forced' : 'export.start', { board })}
        </Button>
      }
    >
      <div className="export-tools">{tools}</div>
      <div className="export">
        <BoardList boards={boards.boards} chosen={board} own={boards.board} onChoose={(next) => set({ board: next, out: '', job: '', check: '', file: '' })} />
        {preview.data === undefined ? (
          <section className="panel export-preview" data-grows aria-label={say('export.preview')}>
            {preview.error === null ? <p className="panel-text" role="status">{say('export.previewing')}</p> : <FaultNotice fault={preview.error} />}
          </section>
        ) : (
          <PreviewPanel run={run} preview={preview.data} language={language} file={parameters.get('file') ?? ''} show={parameters.get('show')} isDiff={parameters.has('diff')} isOld={preview.isPlaceholderData} onAddress={set} />
        )}
        <div className="export-side" tabIndex={0} role="region" aria-label={say('export.place')}>
          {written === null ? null : (
            <WrittenPanel
              run={written.run} bundle={written.bundle} isNew={written.isNew} verified={written.verified} checking={checking} onVerify={() => checking.start({ kind: 'verify', bundle: written.bundle.out })}
              toVerify={`/export?${new URLSearchParams({ view: 'verify', bundle: written.bundle.out, ...(written.seen === null ? {} : { verified: written.seen }) })}`}
            />
          )}
          <DestinationPanel
            out={out} place={place.data} placeFault={place.error} needs={needs} errors={errors} force={force} work={writing}
            onOut={(next) => set({ out: next })} onForce={(on) => setForced(on ? board : '')}
          />
          <CheckPanel board={board} run={run} checks={checks} />
          {ending === null ? null : <NamesPanel ending={ending} names={named} onNames={(next) => set({ names: next })} />}
          <FormatPanel formats={boards.formats} own={chosen.formats.map(({ name }) => name)} chosen={formats} onFormats={(next) => set({ formats: next.join(',') })} />
        </div>
      </div>
    </Screen>
  )
}
