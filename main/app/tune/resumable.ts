import { Fault } from '../../core/fault.ts'
import type { Run } from '../../core/run.ts'

/** Throws `input.not-a-search` for a run that no search can go on from. */
export function checkResumable({ run, verb, recipe, trials, tune }: Run): void {
  if (verb === 'tune' && recipe !== undefined && trials !== undefined && (tune?.mode ?? 'search') === 'search') return
  throw new Fault({ code: 'input.not-a-search', where: run, what: `this run of ${tune === undefined ? verb : `tune --${tune.mode}`} is no search that could go on`, next: 'Give a run of `tune --search`: `runs list --verb tune` names them.' })
}
