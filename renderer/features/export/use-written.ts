import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'
import type { ExportedBundle, VerifiedBundle } from '../../../preload/contract/index.ts'
import { useCall } from '../../client.ts'
import { changeProject, project } from '../../project/project.ts'
import type { NamedJob } from '../../app/use-named-job.ts'

interface WrittenFacts {
  readonly run: string
  readonly board: string
  /** Id of the last export of this run for the board; null where there is none. */
  readonly last: string | null
  readonly writing: NamedJob
  readonly checking: NamedJob
  /** The address names a job that verifies. */
  readonly hasCheck: boolean
}

interface Written {
  /** The run that wrote it. */
  readonly run: string
  readonly bundle: ExportedBundle
  readonly isNew: boolean
  readonly verified: VerifiedBundle | undefined
  /** The run that verified it. */
  readonly seen: string | null
}

const LOOKED_AT = 50

/** What was written for the chosen board, and what its verification found; a bundle that was just written is verified by itself. */
export function useWritten({ run, board, last, writing, checking, hasCheck }: WrittenFacts): Written | null {
  const queries = useQueryClient()
  const done = writing.job?.state === 'done' && writing.job.kind === 'export' ? writing.job : null
  const made = done?.run ?? last
  const { data: bundle } = useCall('export.bundle', { run: made ?? '' }, { enabled: made !== null })
  const { data: checks } = useCall('runs.list', { verb: 'verify', status: 'done', limit: LOOKED_AT }, { enabled: made !== null })
  // Ids grow with time: what was verified before it was written was another file.
  const known = checks?.runs.find((each) => each.parent === run && each.board === board && made !== null && each.run > made)?.run ?? null
  const seen = checking.job?.state === 'done' && checking.job.kind === 'verify' ? checking.job.run : known
  const { data: verified } = useCall('export.verified', { run: seen ?? '' }, { enabled: seen !== null })
  const begun = useRef<string>(null)
  const id = done?.id ?? null
  useEffect(() => {
    if (id === null || bundle === undefined || begun.current === id) return
    begun.current = id
    // What stands at the destination, and what the next export is compared with, is another now.
    for (const asked of ['export.place', 'export.preview']) void queries.invalidateQueries({ queryKey: [asked] })
    if (project().ran?.id === run) changeProject({ exported: run })
    if (!hasCheck) checking.start({ kind: 'verify', bundle: bundle.out })
  }, [id, bundle, queries, run, hasCheck, checking])
  if (made === null || bundle === undefined || bundle.board !== board) return null
  const isOfIt = verified?.bundle === bundle.out
  return { run: made, bundle, isNew: done !== null, verified: isOfIt ? verified : undefined, seen: isOfIt ? seen : null }
}
