import { Menu } from '@mantine/core'
import { IconDatabaseExport, IconDatabaseImport } from '@tabler/icons-react'
import { memo, useEffect, useRef, useState } from 'react'
import { exportPath, type RunPageFilter, type Transfer as TransferFacts } from '../../../preload/contract/index.ts'
import { isOver, useJobs } from '../../app/live.ts'
import { call, type Job, type JobSpec } from '../../client.ts'
import { useSay } from '../../texts/texts.ts'
import { Button } from '../../ui/button.tsx'
import { bytes } from '../../ui/format.ts'
import { download } from '../../ui/save-file.ts'
import { toast, toastFault } from '../../ui/toast.tsx'
import { useStable } from '../../ui/use-stable.ts'
import { useWhyNot } from '../../ui/use-writable.ts'
import { uploadFiles } from '../../upload.ts'

/** The store gives so many lines at once. */
const MOST_LINES = 1000
/** One file holds so many runs. */
const MOST_RUNS = 10_000

interface TransferProps {
  readonly filter: NonNullable<RunPageFilter>
  readonly picks: ReadonlySet<string>
  readonly total: number
}

/** History as a file: to another workstation and back. */
export const Transfer = memo(function Transfer(props: TransferProps) {
  return <><ImportButton /><ExportMenu {...props} /></>
})

/** Ids of all runs that fit. */
async function idsOf(filter: NonNullable<RunPageFilter>): Promise<string[]> {
  const ids: string[] = []
  for (let total = 1; ids.length < Math.min(total, MOST_RUNS); ) {
    const page = await call('runs.page', { filter, offset: ids.length, limit: MOST_LINES })
    if (page.runs.length === 0) break
    total = page.total
    ids.push(...page.runs.map(({ run }) => run))
  }
  return ids
}

/** A job on the history that was begun here: told once it is over. */
function useTransfer(onDone: (transfer: TransferFacts) => void) {
  const [id, setId] = useState<string | null>(null)
  const job = useJobs().find((each) => each.id === id)
  const isBusy = id !== null && (job === undefined || !isOver(job))
  const told = useRef<string | null>(null)
  const done = useStable(onDone)
  useEffect(() => {
    if (job === undefined || !isOver(job) || told.current === job.id) return
    told.current = job.id
    if (job.transfer !== null) done(job.transfer)
    else if (job.fault !== null) toastFault(job.fault)
  }, [job, done])
  return { isBusy, job: isBusy ? job : undefined, start: async (spec: JobSpec) => setId((await call('jobs.start', spec)).id) }
}

/** How far it is, and how to stop it. */
function Stop({ job }: { readonly job: Job }) {
  const say = useSay()
  return <Button tone="quiet" onClick={() => void call('jobs.cancel', { id: job.id }).catch(toastFault)}><span className="number">{shareOf(job)}</span> {say('cancel')}</Button>
}

const shareOf = ({ progress }: Job): string => (progress === null || progress.total === 0 ? '' : `${Math.round((100 * progress.done) / progress.total)} %`)

function ExportMenu({ filter, picks, total }: TransferProps) {
  const say = useSay()
  const whyNot = useWhyNot()
  const [isAsking, setAsking] = useState(false)
  const { isBusy: isWriting, job, start } = useTransfer((made) => {
    if (made.kind !== 'exported') return
    download(exportPath(made.name), made.name)
    toast({ text: say('history.exported', { count: made.runs, size: bytes(made.bytes) }) })
  })
  const count = picks.size > 0 ? picks.size : Math.min(total, MOST_RUNS)
  const isBusy = isAsking || isWriting

  async function take(artifacts: boolean): Promise<void> {
    setAsking(true)
    try {
      await start({ kind: 'runs-export', runs: picks.size > 0 ? [...picks] : await idsOf(filter), artifacts })
    } catch (error) {
      toastFault(error)
    } finally {
      setAsking(false)
    }
  }
  return (
    <>
      <Menu position="bottom-end" shadow="md" withinPortal transitionProps={{ duration: 0 }}>
        <Menu.Target>
          <Button tone="quiet" disabled={whyNot !== undefined || count === 0 || isBusy} title={whyNot}><IconDatabaseExport size={15} aria-hidden /> {isBusy ? say('history.exporting') : say('history.export', { count })}</Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => void take(true)}>{say('history.export.whole')}</Menu.Item>
          <Menu.Item onClick={() => void take(false)}>{say('history.export.numbers')}</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {job === undefined ? null : <Stop job={job} />}
    </>
  )
}

function ImportButton() {
  const say = useSay()
  const whyNot = useWhyNot()
  const field = useRef<HTMLInputElement>(null)
  const [share, setShare] = useState<number | null>(null)
  const { isBusy, job, start } = useTransfer((taken) => {
    if (taken.kind === 'imported') toast({ text: say('history.imported', { count: taken.added, known: taken.known }) })
  })

  async function put(file: File): Promise<void> {
    setShare(0)
    try {
      const { upload } = await uploadFiles([file], ({ sent, total }) => setShare(total === 0 ? 1 : sent / total), new AbortController().signal)
      await start({ kind: 'runs-import', upload })
    } catch (error) {
      toastFault(error)
    } finally {
      setShare(null)
    }
  }
  return (
    <>
      <Button tone="quiet" disabled={whyNot !== undefined || share !== null || isBusy} title={whyNot ?? say('history.import.hint')} onClick={() => field.current?.click()}>
        <IconDatabaseImport size={15} aria-hidden /> {share === null ? say(isBusy ? 'history.importing' : 'history.import') : `${Math.round(share * 100)} %`}
      </Button>
      {job === undefined ? null : <Stop job={job} />}
      <input
        ref={field} type="file" hidden aria-label={say('history.import')} tabIndex={-1} onChange={(event) => {
          const file = event.target.files?.[0]
          event.target.value = ''
          if (file !== undefined) void put(file)
        }}
      />
    </>
  )
}
