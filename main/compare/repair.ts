import { breathe, type Task } from '../core/task.ts'
import { encodeModel } from '../onnx/encode.ts'
import type { Graph } from '../onnx/graph.ts'
import type { Feeds } from '../rewrite/prove.ts'
import { openSession, type Session } from '../runtime/session.ts'
import type { Expectation } from '../samples/expectation.ts'
import type { OpenedSamples } from '../samples/open-samples.ts'
import type { PictureProtocol } from './protocol.ts'
import { meanScore, rawScore, shownScore, versionOutput } from './scores.ts'

/** What a repair did to the pictures of a model: a measurement on these samples, never a proof. */
export interface RepairMeasure {
  readonly rewrite: string
  readonly protocol: string
  /** Mean over the samples; null where every picture equals its reference. */
  readonly before: number | null
  readonly after: number | null
  readonly samples: number
  /** As measured, a sample each. */
  readonly perSample: readonly { readonly sample: string; readonly before: number | null; readonly after: number | null }[]
  /** Percent of all output values that are no longer the same. */
  readonly changedPercent: number
}

export interface RepairOptions {
  readonly rewrite: string
  readonly protocol: PictureProtocol
  readonly expectation: Expectation
  readonly threads: number
  /** What both graphs are fed where preprocessing took over a step of the model. Absent: the samples as they are. */
  readonly feeds?: (feeds: Feeds) => Feeds
}

/** Runs the graph before and after a repair on every sample, which must have a reference. Throws `model.not-finite`, `samples.no-reference`. */
export async function measureRepair(before: Graph, after: Graph, samples: OpenedSamples, { rewrite, protocol, expectation, threads, feeds = (same) => same }: RepairOptions, task: Task): Promise<RepairMeasure> {
  const sessions: Session[] = []
  try {
    for (const graph of [before, after]) sessions.push(await openSession(encodeModel(graph), { mode: 'reference', threads }))
    const raw: [number[], number[]] = [[], []]
    let [changed, all] = [0, 0]
    for (let index = 0; index < samples.count; index++) {
      const sample = await samples.load(index)
      const fed = feeds(sample.feeds)
      const [old, now] = [versionOutput(await sessions[0]!.run(fed), expectation, 'original', sample.id), versionOutput(await sessions[1]!.run(fed), expectation, 'repaired', sample.id)]
      for (const [side, output] of [old, now].entries()) raw[side]!.push(rawScore(protocol, output, null, sample))
      for (const [name, values] of old.values) {
        const other = now.values.get(name)!
        all += values.length
        for (let at = 0; at < values.length; at++) if (values[at] !== other[at]) changed++
      }
      task.report({ stage: 'measure', done: index + 1, total: samples.count, unit: 'pictures' })
      await breathe(task)
    }
    const [first, second] = raw.map((scores) => meanScore(protocol, scores).mean) as [number | null, number | null]
    const perSample = samples.ids.map((sample, index) => ({ sample, before: shownScore(protocol, raw[0][index]!), after: shownScore(protocol, raw[1][index]!) }))
    return { rewrite, protocol: protocol.id, before: first, after: second, samples: samples.count, perSample, changedPercent: (100 * changed) / Math.max(1, all) }
  } finally {
    for (const session of sessions) await session.close()
  }
}
