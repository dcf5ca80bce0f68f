import { resolve } from 'node:path'
import type { CommonOptions, Job } from '../job.ts'
import { bytes } from '../numbers.ts'
import { lineageReport } from '../reports/history-report.ts'
import { shownPath } from '../reports/context.ts'
import { ask } from './history.ts'
import { commonOf } from './pipeline.ts'

export const noteJob = (id: string, text: string, options: CommonOptions): Job =>
  ask(options, async (runs, { say }) => {
    await runs.note(id, text)
    const { note } = await runs.marks(id)
    return { parts: [[say(note === '' ? 'report.unnoted' : 'report.noted', { run: id })]], document: { run: id, note }, exitCode: 0 }
  })

export const pinJob = (id: string, options: CommonOptions & { readonly undo?: boolean }): Job =>
  ask(options, async (runs, { say }) => {
    const { after } = await runs.pin(id, options.undo !== true)
    const line = after === null ? say('report.no-baseline') : say('report.pinned', { run: after })
    return { parts: [[line]], document: { run: id, baseline: after }, exitCode: 0 }
  })

export const waiveJob = (id: string, { gate: rule, reason, ...options }: CommonOptions & { readonly gate: string; readonly reason: string }): Job =>
  ask(options, async (runs, { say }) => {
    const waivers = await runs.waive(id, { rule, reason })
    return { parts: [[say('report.waiver', { run: id, rule: waivers.at(-1)!.rule })]], document: { run: id, waivers }, exitCode: 0 }
  })

export const lineageJob = (id: string, options: CommonOptions): Job =>
  ask(options, async (runs, context) => {
    const nodes = await runs.lineage(id)
    return { parts: lineageReport(nodes, context), document: { nodes }, exitCode: 0 }
  })

export const exportJob = (ids: readonly string[], options: CommonOptions & { readonly out: string; readonly artifacts: boolean }): Job => async (context) => ({
  ...commonOf(options, context),
  async execute(app, task) {
    const { say, cwd } = context
    const done = await app.runs.exportTo({ artifacts: options.artifacts, out: resolve(cwd, options.out), ...(ids.length === 0 ? {} : { runs: ids }) }, task)
    const lines = [
      say('report.exported', { path: shownPath(done.path, cwd), runs: done.runs, files: done.artifacts, size: bytes(done.bytes) }),
      ...(done.leftOut === 0 ? [] : [say('report.left-out', { count: done.leftOut })]),
    ]
    return { parts: [lines], document: done, exitCode: 0 }
  },
})

export const importJob = (file: string, options: CommonOptions): Job => async (context) => ({
  ...commonOf(options, context),
  async execute(app, task) {
    const done = await app.runs.importFrom(resolve(context.cwd, file), task)
    const line = context.say('report.imported', { added: done.added.length, known: done.known, files: done.artifacts })
    return { parts: [[line]], document: done, exitCode: 0 }
  },
})
