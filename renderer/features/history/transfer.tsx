import { Menu } from '@mantine/core'
import { IconDatabaseExport, IconDatabaseImport } from '@tabler/icons-react'
import { useQueryClient } from '@tanstack/react-query'
import { memo, useRef, useState } from 'react'
import { exportPath, type RunPageFilter } from '../../../preload/contract/index.ts'
import { call } from '../../client.ts'
import { useSay } from '../../texts/texts.ts'
import { Button } from '../../ui/button.tsx'
import { bytes } from '../../ui/format.ts'
import { download } from '../../ui/save-file.ts'
import { toast, toastFault } from '../../ui/toast.tsx'
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

function ExportMenu({ filter, picks, total }: TransferProps) {
  const say = useSay()
  const whyNot = useWhyNot()
  const [isBusy, setBusy] = useState(false)
  const count = picks.size > 0 ? picks.size : Math.min(total, MOST_RUNS)

  async function take(artifacts: boolean): Promise<void> {
    setBusy(true)
    try {
      const runs = picks.size > 0 ? [...picks] : await idsOf(filter)
      const made = await call('runs.export', { runs, artifacts })
      download(exportPath(made.name), made.name)
      toast({ text: say('history.exported', { count: made.runs, size: bytes(made.bytes) }) })
    } catch (error) {
      toastFault(error)
    } finally {
      setBusy(false)
    }
  }
  return (
    <Menu position="bottom-end" shadow="md" withinPortal transitionProps={{ duration: 0 }}>
      <Menu.Target>
        <Button tone="quiet" disabled={whyNot !== undefined || count === 0 || isBusy} title={whyNot}><IconDatabaseExport size={15} aria-hidden /> {isBusy ? say('history.exporting') : say('history.export', { count })}</Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => void take(true)}>{say('history.export.whole')}</Menu.Item>
        <Menu.Item onClick={() => void take(false)}>{say('history.export.numbers')}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}

function ImportButton() {
  const say = useSay()
  const whyNot = useWhyNot()
  const queries = useQueryClient()
  const field = useRef<HTMLInputElement>(null)
  const [share, setShare] = useState<number | null>(null)

  async function put(file: File): Promise<void> {
    setShare(0)
    try {
      const { upload } = await uploadFiles([file], ({ sent, total }) => setShare(total === 0 ? 1 : sent / total), new AbortController().signal)
      const { added, known } = await call('runs.import', { upload })
      await queries.invalidateQueries({ queryKey: ['runs.page'] })
      toast({ text: say('history.imported', { count: added, known }) })
    } catch (error) {
      toastFault(error)
    } finally {
      setShare(null)
    }
  }
  return (
    <>
      <Button tone="quiet" disabled={whyNot !== undefined || share !== null} title={whyNot ?? say('history.import.hint')} onClick={() => field.current?.click()}>
        <IconDatabaseImport size={15} aria-hidden /> {share === null ? say('history.import') : `${Math.round(share * 100)} %`}
      </Button>
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
