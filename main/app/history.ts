import { Fault } from '../core/fault.ts'
import { didYouMean } from '../core/nearest.ts'
import type { Artifact, Run } from '../core/run.ts'
import type { Store } from '../store/open-store.ts'
import type { GateReport, RunHistory } from './api.ts'
import { newExport } from './exports.ts'
import { evaluateGates } from './gates.ts'
import { checkOut } from './pipeline.ts'
import { isAccepted, withWaivers } from './waivers.ts'

/** The recorded runs of a workspace. */
export function runHistory(store: () => Store): RunHistory {
  const judge = (id: string, baseline: string, gates?: Readonly<Record<string, number>>): GateReport => {
    const [run, base] = [store().getRun(id), store().getRun(baseline)]
    const results = withWaivers(evaluateGates(run, gates ?? gatesOf(run), base), store().marksOf(run.run).waivers)
    return { run: run.run, baseline: base.run, gates: results, passed: results.every((gate) => gate.passed), accepted: isAccepted(results) }
  }
  return {
    list: async (filter) => store().listRuns(filter),
    page: async (request) => store().pageOfRuns(request),
    show: async (id) => store().getRun(id),
    diff: async (a, b, options) => store().diffRuns(a, b, options),
    compare: async (ids, options) => store().compareRuns(ids, options),
    lineage: async (id) => store().lineageOf(id),
    gate: async (id, baseline, gates) => judge(id, baseline, gates),
    gateBaseline: async (id, gates) => {
      const { baseline } = store().marksOf(id)
      if (baseline === null) {
        throw new Fault({ code: 'input.no-baseline', where: id, what: 'no run is pinned as the baseline of this model', next: 'Pin one: npx scalewright runs pin ID' })
      }
      return judge(id, baseline, gates)
    },
    tag: async (id, { add, remove }) => {
      for (const tag of add) store().tagRun(id, tag)
      for (const tag of remove) store().untagRun(id, tag)
      return store().tagsOf(id)
    },
    archive: async (id, archived) => store().archiveRun(id, archived),
    note: async (id, text) => store().noteRun(id, text),
    pin: async (id, pinned) => store().pinRun(id, pinned),
    waive: async (id, { rule, reason }) => store().waiveGate(id, rule, reason),
    marks: async (id) => store().marksOf(id),
    isImported: async (id) => store().isImported(id),
    exportTo: async ({ out, ...what }, task) => {
      checkOut(out)
      return store().exportHistory({ ...what, out: out ?? (await newExport(store().folder)) }, task)
    },
    importFrom: async (file, task) => store().importHistory(file, task),
  }
}

/** Gates of the run's own recipe. */
function gatesOf(run: Run): Readonly<Record<string, number>> {
  const { gates = {} } = (run.recipe ?? {}) as { gates?: Readonly<Record<string, number>> }
  if (Object.keys(gates).length > 0) return gates
  throw new Fault({ code: 'recipe.no-gates', what: 'the recipe of this run has no gates', where: run.run, next: 'Give one: --gate psnr_y_drop_db=0.05' })
}

/** The first artifact of a role. Throws `input.no-artifact`. */
export function artifactOf(run: Run, role: string): Artifact {
  const artifacts = run.artifacts ?? []
  const found = artifacts.find((artifact) => artifact.role === role)
  if (found) return found
  const next = artifacts.length === 0 ? 'Take a run that was done.' : didYouMean(role, artifacts.map((artifact) => artifact.role))
  throw new Fault({ code: 'input.no-artifact', what: `the run keeps no «${role}»`, where: run.run, next })
}

/** The Statistics that a run used. Throws `input.no-statistics`. */
export function statisticsOf(run: Run): Artifact {
  const found = run.artifacts?.find((artifact) => artifact.role === 'statistics')
  if (found) return found
  throw new Fault({ code: 'input.no-statistics', what: `this run (${run.verb}, ${run.status}) keeps no statistics`, where: run.run, next: 'Take a run of `run`, `calibrate` or `quantize` that was done.' })
}
