import type { CheckedRequestOf, Handlers } from '../../preload/contract/calls.ts'
import { Fault } from '../core/fault.ts'
import { CODE_LIMITS, type Grid } from '../core/grid.ts'
import type { ScaleTable } from '../core/scale-table.ts'
import type { App } from './api.ts'
import { statisticsOf } from './history.ts'

type Names = 'statistics.tensors' | 'statistics.histogram' | 'statistics.whatIf' | 'statistics.thresholds'

interface Known {
  readonly file: string
  readonly scales: ScaleTable
}

const FULL_ID = /^[0-9A-Z]{26}$/

/** The calls about the Statistics that a run used. */
export function statisticsQuestions(app: App): Pick<Handlers, Names> {
  // A finished run never changes, and a dragged line asks about the same one again and again.
  let last: (Known & { readonly id: string }) | undefined
  const known = async (id: string): Promise<Known> => {
    if (last?.id === id) return last
    const run = await app.runs.show(id)
    const found = { id: run.run, file: statisticsOf(run).path, scales: (run.scales ?? []).filter((row) => row.kind === 'activation') }
    if (FULL_ID.test(id)) last = found
    return found
  }
  const onGrid = async ({ run, tensor, grid }: CheckedRequestOf<'statistics.thresholds'>) => {
    const { file, scales } = await known(run)
    return { file, tensor, grid: grid ?? gridOf(scales, tensor) }
  }
  return {
    'statistics.tensors': async ({ run }) => {
      const { samples, tensors } = await app.ask('tensors', { file: (await known(run)).file })
      return { samples, tensors: [...tensors] }
    },
    'statistics.histogram': async ({ run, ...question }) => app.ask('histogram', { ...question, file: (await known(run)).file }),
    'statistics.whatIf': async ({ ranges, ...place }) => {
      const on = await onGrid(place)
      return { grid: on.grid, ...(await app.ask('what-if', { ...on, ranges })) }
    },
    'statistics.thresholds': async (place) => {
      const on = await onGrid(place)
      return { grid: on.grid, methods: [...(await app.ask('thresholds', on))] }
    },
  }
}

/** The grid of the run's own row: symmetric where the zero point stands in the middle of the type. Throws `input.no-grid`. */
function gridOf(scales: ScaleTable, tensor: string): Grid {
  const row = scales.find((one) => one.tensor === tensor)
  if (!row || row.type === 'float32') {
    const what = row ? 'the tensor stays in float there' : 'the run has no scale row for this tensor'
    throw new Fault({ code: 'input.no-grid', where: tensor, what, next: 'Say with `grid` which codes are meant.' })
  }
  const [min, max] = CODE_LIMITS[row.type]
  return { type: row.type, symmetric: row.zeroPoint[0] === Math.ceil((min + max) / 2) }
}
