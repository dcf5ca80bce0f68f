import type { App, RunFilter } from '../../app/api.ts'
import { withWaivers } from '../../app/waivers.ts'
import type { CommonOptions, Job, Outcome } from '../job.ts'
import type { ReportContext } from '../reports/context.ts'
import { doctorReport } from '../reports/other-reports.ts'
import { runReport } from '../reports/run-report.ts'
import { marksReport } from '../reports/history-report.ts'
import { tuneReport } from '../reports/tune-report.ts'
import { diffReport, gateReport, runListReport } from '../reports/runs-report.ts'
import { commonOf } from './pipeline.ts'

/** A command that asks the history one thing. */
export const ask = (options: CommonOptions, question: (runs: App['runs'], context: ReportContext) => Promise<Outcome>): Job => async (context) => ({
  ...commonOf(options, context),
  execute: (app) => question(app.runs, context),
})

export const listJob = (options: CommonOptions & RunFilter): Job =>
  ask(options, async (runs, context) => {
    const { limit, verb, status, tag, model, parent, text, archived } = options
    const found = await runs.list({ limit, verb, status, tag, model, parent, text, archived })
    return { parts: runListReport(found, context), document: { runs: found }, exitCode: 0 }
  })

/** Shows whatever was recorded and what is written on it, a failed run too: the command itself succeeded. */
export const showJob = (id: string, options: CommonOptions & { readonly scales?: boolean; readonly layers?: boolean }): Job =>
  ask(options, async (runs, context) => {
    const run = await runs.show(id)
    const marks = await runs.marks(run.run)
    const { say, style } = context
    const state = run.status === 'done' ? style.good(say('status.done')) : style.bad(say(`status.${run.status}`))
    const parts = [
      [`${run.verb}  ${run.created}  ${state}`, ...(run.fault ? [`  ${run.fault.where ?? ''} ${run.fault.what}`] : [])],
      ...runReport(
        { ...run, ...(run.gates ? { gates: withWaivers(run.gates, marks.waivers) } : {}) }, context,
        { scales: options.scales === true, layers: options.layers === true, notes: true },
      ),
      ...tuneReport(run, run.tune?.start ? await runs.show(run.tune.start) : null, context),
      ...marksReport(run.run, marks, context),
      [run.run],
    ]
    return { parts, document: { ...run, ...marks }, exitCode: 0 }
  })

export const diffJob = (a: string, b: string, options: CommonOptions & { readonly all?: boolean }): Job =>
  ask(options, async (runs, context) => {
    const diff = await runs.diff(a, b, { all: options.all === true })
    return { parts: diffReport(diff, context), document: diff, exitCode: 0 }
  })

export const gateJob = (id: string, options: CommonOptions & { readonly baseline?: string; readonly gate?: Readonly<Record<string, number>> }): Job =>
  ask(options, async (runs, context) => {
    const { baseline, gate } = options
    const report = await (baseline === undefined ? runs.gateBaseline(id, gate) : runs.gate(id, baseline, gate))
    // A gate that a person waived with a reason does not fail the command.
    return { parts: [...gateReport(report, context), [report.run]], document: report, exitCode: report.accepted ? 0 : 1 }
  })

export const tagJob = (id: string, words: readonly string[], options: CommonOptions & { readonly remove?: boolean }): Job =>
  ask(options, async (runs, { say }) => {
    const tags = await runs.tag(id, options.remove === true ? { add: [], remove: words } : { add: words, remove: [] })
    const shown = tags.length === 0 ? say('report.no-tags') : tags.join(' ')
    return { parts: [[say('report.tagged', { run: id, tags: shown })]], document: { run: id, tags }, exitCode: 0 }
  })

export const archiveJob = (id: string, options: CommonOptions & { readonly undo?: boolean }): Job =>
  ask(options, async (runs, { say }) => {
    const archived = options.undo !== true
    await runs.archive(id, archived)
    return { parts: [[say(archived ? 'report.archived' : 'report.unarchived', { run: id })]], document: { run: id, archived }, exitCode: 0 }
  })

/** Exit 3 when a check failed: the machine or the workspace cannot do the work. */
export const doctorJob = (options: CommonOptions): Job => async (context) => ({
  ...commonOf(options, context),
  async execute(app, task) {
    const report = await app.doctor(task)
    return { parts: doctorReport(report, context), document: report, exitCode: report.ok ? 0 : 3 }
  },
})
