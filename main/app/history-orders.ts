import { basename } from 'node:path'
import type { CheckedRequestOf } from '../../preload/contract/calls.ts'
import { Fault } from '../core/fault.ts'
import { shellWord } from '../core/shell-word.ts'
import type { App } from './api.ts'
import type { Order } from './jobs.ts'

type Spec<K> = Extract<CheckedRequestOf<'jobs.start'>, { kind: K }>
type CommandOf = (words: string) => string

/** Runs as a file for the window to fetch. */
export function exportOrder({ runs, artifacts }: Spec<'runs-export'>, app: App, command: CommandOf): Order {
  const words = ['runs export', ...(runs ?? []), '--out history.zip', ...(artifacts ? [] : ['--no-artifacts'])].join(' ')
  return {
    kind: 'runs-export', command: command(words), isAside: true,
    async work(task) {
      const { path, ...counts } = await app.runs.exportTo({ artifacts, ...(runs ? { runs } : {}) }, task)
      return { transfer: { kind: 'exported', name: basename(path), ...counts } }
    },
  }
}

/** Runs from a file that a window handed over. Throws `input.one-file` and what an unknown upload throws. */
export async function importOrder({ upload }: Spec<'runs-import'>, app: App, command: CommandOf): Promise<Order> {
  const files = await app.uploads.filesOf(upload)
  const [file] = files
  if (file === undefined || files.length > 1) throw new Fault({ code: 'input.one-file', where: upload, what: `a history is one file, and ${files.length} were given`, next: 'Give the zip that an export made.' })
  return {
    kind: 'runs-import', command: command(`runs import ${shellWord(file)}`), isAside: true,
    async work(task) {
      const { added, known, artifacts } = await app.runs.importFrom(file, task)
      const newest = added.at(-1)
      return { transfer: { kind: 'imported', added: added.length, known, artifacts }, ...(newest === undefined ? {} : { added: newest }) }
    },
  }
}
