import type { Handlers, ReplyOf } from '../../preload/contract/calls.ts'
import { finite } from '../core/finite.ts'
import type { App } from './api.ts'

type Names =
  | 'runs.page' | 'runs.marks' | 'runs.lineage' | 'runs.compare' | 'runs.note' | 'runs.pin' | 'runs.waive' | 'runs.gateBaseline'

/** The calls about the recorded runs as a whole. `changed` is told of runs that a list shows otherwise now. */
export function historyHandlers({ runs }: Pick<App, 'runs'>, changed: (run: string) => void): Pick<Handlers, Names> {
  const fullId = async (run: string): Promise<string> => (await runs.show(run)).run
  return {
    'runs.page': async (request) => finite(await runs.page(request)) as ReplyOf<'runs.page'>,
    'runs.marks': async ({ run }) => {
      const marks = await runs.marks(run)
      return { ...marks, tags: [...marks.tags], waivers: [...marks.waivers] }
    },
    'runs.lineage': async ({ run }) => ({ nodes: finite(await runs.lineage(run)) as ReplyOf<'runs.lineage'>['nodes'] }),
    'runs.compare': async ({ runs: ids, all }) => finite(await runs.compare(ids, { all })) as ReplyOf<'runs.compare'>,
    'runs.note': async ({ run, text }) => {
      const id = await fullId(run)
      await runs.note(id, text)
      changed(id)
      return { note: (await runs.marks(id)).note }
    },
    'runs.pin': async ({ run, pinned }) => {
      const id = await fullId(run)
      const { before, after } = await runs.pin(id, pinned)
      for (const one of new Set([before, after])) if (one !== null) changed(one)
      return { baseline: after }
    },
    'runs.waive': async ({ run, rule, reason }) => {
      const id = await fullId(run)
      const waivers = await runs.waive(id, { rule, reason })
      changed(id)
      return { waivers: [...waivers] }
    },
    'runs.gateBaseline': async ({ run }) => finite(await runs.gateBaseline(run)) as ReplyOf<'runs.gateBaseline'>,
  }
}
