import { Fault } from '../core/fault.ts'
import type { FaultData } from '../core/fault.ts'

type Told = Pick<FaultData, 'code' | 'what' | 'next'>

const LOCKED: Told = {
  code: 'workspace.locked',
  what: 'another program holds the workspace locked',
  next: 'Wait until it is done, or close it, and try again.',
}
const READ_ONLY: Told = {
  code: 'workspace.read-only',
  what: 'the workspace cannot be written',
  next: 'Change its permissions, or choose another folder with --workspace.',
}
/** SQLite result codes (the part before any extension) as people need to hear them. */
const FAULTS: Readonly<Record<string, Told>> = {
  SQLITE_BUSY: LOCKED,
  SQLITE_LOCKED: LOCKED,
  SQLITE_READONLY: READ_ONLY,
  SQLITE_PERM: READ_ONLY,
  SQLITE_FULL: {
    code: 'workspace.enospc',
    what: 'the disk is full',
    next: 'Free some space and run the command again; what was saved is intact.',
  },
  SQLITE_CANTOPEN: {
    code: 'workspace.cannot-open',
    what: 'the database cannot be opened',
    next: 'Check that the folder can be read and written, or choose another with --workspace.',
  },
  SQLITE_NOTADB: {
    code: 'workspace.not-a-database',
    what: 'the file is not a Scalewright database',
    next: 'Move it away, or choose another folder with --workspace.',
  },
  SQLITE_CORRUPT: {
    code: 'workspace.corrupt',
    what: 'the database is damaged',
    next: 'Keep a copy of the whole folder, then put back a backup (scalewright.db.*.backup) or choose another with --workspace.',
  },
  SQLITE_IOERR: {
    code: 'workspace.eio',
    what: 'the disk reported an input/output error',
    next: 'Check the disk; what was saved before is intact.',
  },
}

/** What SQLite threw, as a Fault about the database file; anything else as it is. */
export function asStoreFault(error: unknown, path: string): unknown {
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
  const known = /^SQLITE_[A-Z]+/.exec(code)?.[0]
  const told = known === undefined ? undefined : FAULTS[known]
  return told === undefined ? error : new Fault({ ...told, where: path }, { cause: error })
}

/** Runs `work` and turns what SQLite throws into a Fault. */
export function guarded<T>(path: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw asStoreFault(error, path)
  }
}
