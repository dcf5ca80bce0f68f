import { stat } from 'node:fs/promises'
import type { PictureProtocol } from '../../compare/protocol.ts'
import { rawScore, shownScore, versionOutput, type VersionOutput } from '../../compare/scores.ts'
import { differenceHeat } from '../../compare/side-by-side.ts'
import { worstTile, type Tile } from '../../compare/tile.ts'
import { Fault } from '../../core/fault.ts'
import { quietTask } from '../../core/task.ts'
import { encodeModel } from '../../onnx/encode.ts'
import { shiftedFeeds } from '../../rewrite/preprocess-shift.ts'
import { openSession, type Session } from '../../runtime/session.ts'
import type { PreprocessShift } from '../../rewrite/rewrite.ts'
import { channelsOf } from '../../samples/picture.ts'
import type { Picture } from '../../samples/sample.ts'
import { repairProtocol } from './measured-repairs.ts'
import { rewriteWith, type RewriteInput } from './rewrite.ts'
import { openPart, type OpenedPart } from './workpiece.ts'

export interface RepairViewInput extends RewriteInput {
  readonly threads: number
  /** Which of the steps that the wishes come to. */
  readonly step: number
  /** Which sample, from 0. */
  readonly sample: number
}

/** RGB bytes row by row, levels rounded and clipped as a screen shows them. */
export interface ShownBytes {
  readonly width: number
  readonly height: number
  readonly rgb: Uint8Array
}

/** What a repair does to one sample: measured on it, never a proof. */
export interface RepairView {
  readonly rewrite: string
  readonly sample: string
  /** How many samples there are. */
  readonly samples: number
  readonly part: OpenedPart['part']
  /** null: the sample has no reference. Of `scores`, null is infinite: the picture equals its reference. */
  readonly protocol: string | null
  readonly scores: { readonly before: number | null; readonly after: number | null }
  /** Percent of all output values that are no longer the same. */
  readonly changedPercent: number
  /** The largest change of a level, of 255, before rounding and clipping. */
  readonly largest: number
  /** What the difference is multiplied by to be seen. */
  readonly gain: number
  /** Where the picture changes most. */
  readonly tile: Tile
  readonly pictures: { readonly before: ShownBytes; readonly after: ShownBytes; readonly difference: ShownBytes; readonly reference?: ShownBytes }
}

const TILE = 48

interface Bench {
  readonly key: string
  readonly rewrite: string
  readonly opened: OpenedPart
  readonly protocol: PictureProtocol | null
  readonly shifts: readonly PreprocessShift[]
  readonly sessions: readonly [before: Session, after: Session]
}

/** The repair that is looked at, kept for its next sample. */
let bench: Bench | undefined

/** Runs the graph before and after a repair on one sample. Throws `input.no-repair`, `recipe.no-samples`, `model.no-picture`, `input.unknown-sample`. */
export async function repairViewJob(input: RepairViewInput): Promise<RepairView> {
  const { rewrite, opened, protocol, shifts, sessions } = await benchOf(input)
  const { samples, expectation, part } = opened
  if (input.sample >= samples.count) {
    throw new Fault({ code: 'input.unknown-sample', where: `sample ${input.sample}`, what: `there are ${samples.count} samples`, next: `Give a number from 0 to ${samples.count - 1}.` })
  }
  const sample = await samples.load(input.sample)
  const feeds = shiftedFeeds(sample.feeds, shifts)
  const [before, after] = [
    versionOutput(await sessions[0].run(feeds), expectation, 'original', sample.id), versionOutput(await sessions[1].run(feeds), expectation, 'repaired', sample.id),
  ]
  const score = (output: VersionOutput): number | null => (protocol && sample.reference ? shownScore(protocol, rawScore(protocol, output, null, sample)) : null)
  const [old, now] = [before.picture!, after.picture!]
  const { heat, gain } = differenceHeat(old, now)
  return {
    rewrite, sample: sample.id, samples: samples.count, part, protocol: sample.reference ? (protocol?.id ?? null) : null,
    scores: { before: score(before), after: score(after) }, changedPercent: changedPercent(before, after), largest: largestChange(old, now), gain, tile: worstTile(old, now, TILE),
    pictures: { before: bytesOf(old), after: bytesOf(now), difference: bytesOf(heat), ...(sample.reference ? { reference: bytesOf(sample.reference) } : {}) },
  }
}

async function benchOf(input: RepairViewInput): Promise<Bench> {
  const { recipe, wishes, step, threads, workspace } = input
  const { mtimeMs, size } = await stat(recipe.model)
  const key = JSON.stringify([recipe.model, mtimeMs, size, recipe.samples, recipe.output, recipe.board, recipe.quantize, wishes, step, threads, workspace])
  if (bench?.key === key) return bench
  const old = bench
  bench = undefined
  for (const session of old?.sessions ?? []) await session.close()
  bench = await openBench(input, key)
  return bench
}

async function openBench({ step: at, threads, ...input }: RepairViewInput, key: string): Promise<Bench> {
  const { recipe } = input
  const { piece, result: { steps } } = await rewriteWith(input, quietTask)
  const step = steps[at]
  if (step?.kind !== 'repair') throw new Fault({ code: 'input.no-repair', where: `step ${at + 1}`, what: 'this step of the plan is no repair', next: 'Take one that changes what the model computes.' })
  const part = (await openPart(piece, recipe, 'evaluation', quietTask)) ?? (await openPart(piece, recipe, 'calibration', quietTask))
  if (!part || part.samples.count === 0) throw new Fault({ code: 'recipe.no-samples', what: 'there are no samples to look at', where: 'samples', next: 'Choose samples for evaluation.' })
  if (part.expectation.output.kind.value !== 'picture') throw new Fault({ code: 'model.no-picture', where: part.expectation.output.name, what: 'this output is no picture', next: 'Measure the repair in a run.' })
  const ground = repairProtocol(part, recipe, await part.samples.load(0))
  const sessions: Session[] = []
  try {
    for (const graph of [step.before, step.after]) sessions.push(await openSession(encodeModel(graph), { mode: 'reference', threads, where: piece.file.path }))
  } catch (error) {
    for (const session of sessions) await session.close()
    throw error
  }
  return { key, rewrite: step.rewrite, opened: ground?.part ?? part, protocol: ground?.protocol ?? null, shifts: steps.slice(0, at).flatMap(({ preprocess }) => preprocess), sessions: [sessions[0]!, sessions[1]!] }
}

function changedPercent(before: VersionOutput, after: VersionOutput): number {
  let [changed, all] = [0, 0]
  for (const [name, values] of before.values) {
    const other = after.values.get(name)!
    all += values.length
    for (let at = 0; at < values.length; at++) if (values[at] !== other[at]) changed++
  }
  return (100 * changed) / Math.max(1, all)
}

function largestChange({ data: old }: Picture, { data: now }: Picture): number {
  let largest = 0
  for (let at = 0; at < old.length; at++) largest = Math.max(largest, Math.abs(old[at]! - now[at]!))
  return largest
}

function bytesOf(picture: Picture): ShownBytes {
  const { width, height, data } = picture
  const [size, planes] = [width * height, channelsOf(picture)]
  const rgb = new Uint8Array(3 * size)
  for (let at = 0; at < size; at++) for (let channel = 0; channel < 3; channel++) rgb[3 * at + channel] = Math.min(255, Math.max(0, Math.round(data[(channel % planes) * size + at]!)))
  return { width, height, rgb }
}
