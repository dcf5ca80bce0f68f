import { Fault } from '../core/fault.ts'
import type { Finding, Quality, Versions } from '../core/run.ts'
import { breathe } from '../core/task.ts'
import type { Task } from '../core/task.ts'
import { environment } from '../runtime/environment.ts'
import { openSession } from '../runtime/session.ts'
import type { Session } from '../runtime/session.ts'
import type { Expectation } from '../samples/expectation.ts'
import type { Picture, Sample, SampleSet } from '../samples/sample.ts'
import { addDifference, fusedDifferenceOf, fusedFinding, noDifference } from './fused-difference.ts'
import type { DifferenceSums, ExactTrial, FusedDifference } from './fused-difference.ts'
import { protocolMeasure, type Measure, type Total } from './measure.ts'
import { parseProtocol } from './protocol.ts'
import { versionOutput, type VersionOutput } from './scores.ts'
import { worstTile } from './tile.ts'
import type { Tile } from './tile.ts'

export interface ComparedModels {
  readonly float: Uint8Array
  readonly quantized: Uint8Array
  /** What the fused runs load where this CPU gets a file of its own (reduced range, say). Default: `quantized`. */
  readonly fused?: Uint8Array
}

export interface QualityOptions {
  /** Protocol ids, behind `measures` where there are any; the first of all is the run's own, the rest go to `others`. */
  readonly protocols: readonly string[]
  readonly measures?: readonly Measure[]
  readonly expectation: Expectation
  readonly threads: number
  /** Keep the pictures of this many samples: those whose worst tile lost most. Default 0; a model without pictures keeps none. */
  readonly keepPictures?: number
  /** Scale of each quantized graph output, by name. Unknown: 1/255 of a picture's range, or of the values' span. */
  readonly outputSteps?: ReadonlyMap<string, number>
  /** What was measured before with the same float model, samples and environment: its float numbers are taken, where protocols and samples are the same. */
  readonly earlier?: Quality
}

/** What the versions of the model made of one sample, levels neither rounded nor clipped. */
export interface VersionPictures {
  readonly sample: string
  readonly lowRes?: Picture
  readonly reference?: Picture
  readonly float: Picture
  readonly simulated: Picture
  readonly fused: Picture
  /** Where simulated differs most from float. */
  readonly tile: Tile
}

export interface QualityReport {
  readonly quality: Quality
  readonly fusedDifference: FusedDifference
  /** SW-C01 where fused differs from simulated by more than rounding. */
  readonly findings: readonly Finding[]
  /** Worst first. */
  readonly pictures: readonly VersionPictures[]
  /** The float numbers are those of `earlier`. */
  readonly keptFloat: boolean
}

const VERSIONS = ['float', 'simulated', 'fused'] as const

type Version = (typeof VERSIONS)[number]

/** Side of the window that is looked for and shown, in output pixels. */
export const TILE_SIDE = 64

type Sessions = Readonly<Record<Version, Session>>
type Evidence = Readonly<Record<Version, unknown[]>>
type Outputs = Readonly<Record<Version, VersionOutput>>

/**
 * Runs float, simulated and fused model on every sample in turn (one sample in memory) and scores their outputs.
 * Picture protocols compare with the sample's reference. `sqnr/output` and `cosine/output` compare with the float model: its
 * own column is null; several outputs count alike, noise ratios are averaged over outputs and samples and only then become dB.
 * A sample whose PSNR is infinite is null in `perSample`, left out of the mean and counted in `quality.infinite`.
 * Throws `samples.no-reference`, `model.not-finite`, `samples.none` and the faults of `openSession`.
 */
export async function measureQuality(
  models: ComparedModels,
  samples: SampleSet,
  options: QualityOptions,
  task: Task,
): Promise<QualityReport> {
  const measures = [...(options.measures ?? []), ...options.protocols.map((id) => protocolMeasure(parseProtocol(id)))]
  if (measures.length === 0) throw new Fault({ code: 'bug.no-protocol', what: 'no protocol was given to measure quality by' })
  if (samples.count === 0) {
    throw new Fault({ code: 'samples.none', what: 'there is no sample to compare on', next: 'Give evaluation samples (`samples.evaluation`).' })
  }
  const earlier = isSameMeasure(options.earlier, measures.map(({ id }) => id), samples.ids) ? options.earlier : undefined
  return withSessions(models, options.threads, async (sessions) => {
    const seen = measures.map((): Evidence => ({ float: [], simulated: [], fused: [] }))
    const differences = new Map<string, DifferenceSums>()
    let pictures: VersionPictures[] = []
    let worst = { index: 0, noise: -1 }
    for (let index = 0; index < samples.count; index++) {
      const sample = await samples.load(index)
      const outputs = await runVersions(sessions, sample, measures, options)
      for (const [position, measure] of measures.entries()) await addEvidence(seen[position]!, measure, outputs, sample, earlier !== undefined)
      const noise = addDifferences(differences, outputs, options)
      if (noise > worst.noise) worst = { index, noise }
      pictures = keepWorst(pictures, sample, outputs, options.keepPictures ?? 0)
      task.report({ stage: 'compare', done: index + 1, total: samples.count, unit: 'pictures' })
      await breathe(task)
    }
    const fusedDifference = fusedDifferenceOf([...differences.values()])
    const trial =
      fusedDifference.verdict === 'suspect'
        ? await tryExactProducts(models.fused ?? models.quantized, sessions, await samples.load(worst.index), measures, options)
        : null
    const found = fusedFinding(fusedDifference, trial, environment(options.threads).cpu)
    return { quality: qualityOf(measures, seen, samples.ids, earlier), fusedDifference, findings: found === null ? [] : [found], pictures, keptFloat: earlier !== undefined }
  })
}

async function withSessions<T>(
  models: ComparedModels,
  threads: number,
  work: (sessions: Sessions) => Promise<T>,
): Promise<T> {
  const open: Session[] = []
  const add = async (model: Uint8Array, mode: Version): Promise<Session> => {
    const session = await openSession(model, { mode, threads, where: `${mode} model` })
    open.push(session)
    return session
  }
  try {
    const float = await add(models.float, 'float')
    const simulated = await add(models.quantized, 'simulated')
    return await work({ float, simulated, fused: await add(models.fused ?? models.quantized, 'fused') })
  } finally {
    for (const session of open) await session.close()
  }
}

async function runVersions(sessions: Sessions, sample: Sample, measures: readonly Measure[], options: QualityOptions): Promise<Outputs> {
  const wanted = needsPictures(measures, options) ? options.expectation : null
  const run = async (version: Version) => versionOutput(await sessions[version].run(sample.feeds), wanted, version, sample.id)
  const float = await run('float')
  const simulated = await run('simulated')
  refuseOtherOutputs(float, simulated, sample)
  return { float, simulated, fused: await run('fused') }
}

/** Two files may be given that are not versions of one model. */
function refuseOtherOutputs(float: VersionOutput, simulated: VersionOutput, sample: Sample): void {
  for (const [name, { length }] of float.values) {
    const other = simulated.values.get(name)?.length
    if (other === length) continue
    throw new Fault({
      code: 'model.other-outputs',
      where: `output ${name}, sample ${sample.id}`,
      what: other === undefined ? 'the quantized model has no such float output' : `the float model gives ${length} values, the quantized one ${other}`,
      next: 'Compare two versions of the same model.',
    })
  }
}

const needsPictures = (measures: readonly Measure[], options: QualityOptions): boolean =>
  measures.some((measure) => measure.needsPicture) || ((options.keepPictures ?? 0) > 0 && options.expectation.output.kind.value === 'picture')

/** Numbers of other protocols or samples never meet. */
const isSameMeasure = (earlier: Quality | undefined, protocols: readonly string[], ids: readonly string[]): boolean =>
  earlier !== undefined && earlier.protocol === protocols[0] && protocols.slice(1).every((id) => Object.hasOwn(earlier.others, id)) &&
  earlier.perSample.length === ids.length && earlier.perSample.every(({ sample }, index) => sample === ids[index])

async function addEvidence(seen: Evidence, measure: Measure, outputs: Outputs, sample: Sample, isFloatKnown: boolean): Promise<void> {
  for (const version of VERSIONS) {
    if (version === 'float' && (measure.isRelative || isFloatKnown)) continue
    seen[version].push(await measure.evidence(outputs[version], outputs.float, sample))
  }
}

/** Returns the noise of fused against float that this sample brought, to find the sample that differs most. */
function addDifferences(differences: Map<string, DifferenceSums>, outputs: Outputs, options: QualityOptions): number {
  let before = 0
  let after = 0
  for (const [name, float] of outputs.float.values) {
    const simulated = outputs.simulated.values.get(name)!
    const sums = differences.get(name) ?? noDifference(name)
    differences.set(name, sums)
    before += sums.between.noise
    addDifference(sums, float, simulated, outputs.fused.values.get(name)!, stepOf(name, simulated, options))
    after += sums.between.noise
  }
  return after - before
}

function stepOf(name: string, values: Float32Array, options: QualityOptions): number {
  const known = options.outputSteps?.get(name)
  if (known !== undefined) return known
  if (options.expectation.output.kind.value === 'picture' && name === options.expectation.output.name) {
    const [low, high] = options.expectation.output.range.value
    return (high - low) / 255
  }
  let min = 0
  let max = 0
  for (const value of values) {
    if (value < min) min = value
    if (value > max) max = value
  }
  return max > min ? (max - min) / 255 : 1
}

/** One sample as it is, and with exact u8×s8 products in the fused kernels. */
async function tryExactProducts(
  model: Uint8Array,
  sessions: Sessions,
  sample: Sample,
  measures: readonly Measure[],
  options: QualityOptions,
): Promise<ExactTrial> {
  const differenceBy = async (fused: Session): Promise<FusedDifference> => {
    const differences = new Map<string, DifferenceSums>()
    addDifferences(differences, await runVersions({ ...sessions, fused }, sample, measures, options), options)
    return fusedDifferenceOf([...differences.values()])
  }
  const where = 'fused model with exact products'
  const exact = await openSession(model, { mode: 'fused', threads: options.threads, exactProducts: true, where })
  try {
    return { plain: await differenceBy(sessions.fused), exact: await differenceBy(exact) }
  } finally {
    await exact.close()
  }
}

function keepWorst(kept: VersionPictures[], sample: Sample, outputs: Outputs, count: number): VersionPictures[] {
  const [float, simulated, fused] = VERSIONS.map((version) => outputs[version].picture)
  if (count === 0 || !float || !simulated || !fused) return kept
  const added: VersionPictures = {
    sample: sample.id,
    ...(sample.picture === undefined ? {} : { lowRes: sample.picture }),
    ...(sample.reference === undefined ? {} : { reference: sample.reference }),
    float,
    simulated,
    fused,
    tile: worstTile(simulated, float, TILE_SIDE),
  }
  return [...kept, added].toSorted((a, b) => b.tile.error - a.tile.error).slice(0, count)
}

function qualityOf(measures: readonly Measure[], seen: readonly Evidence[], ids: readonly string[], earlier: Quality | undefined): Quality {
  const totals = measures.map((measure, index) => {
    const total = (version: Version): Total => measure.total(seen[index]![version])
    const known = earlier && { mean: (index === 0 ? earlier : earlier.others[measure.id]!).float, infinite: earlier.infinite?.[measure.id]?.float ?? 0 }
    return { float: known ?? (measure.isRelative ? { mean: null, infinite: 0 } : total('float')), simulated: total('simulated'), fused: total('fused') }
  })
  const versions = (index: number, pick: (total: Total) => number | null): Versions => {
    const { float, simulated, fused } = totals[index]!
    return { float: pick(float), simulated: pick(simulated), fused: pick(fused) }
  }
  const perSample = (measure: Measure, index: number): Quality['perSample'] => {
    const alone = (version: Version, sample: number) => (seen[index]![version].length === 0 ? null : measure.total([seen[index]![version][sample]]).mean)
    return ids.map((sample, at) => ({ sample, float: earlier && index === 0 ? earlier.perSample[at]!.float : alone('float', at), simulated: alone('simulated', at), fused: alone('fused', at) }))
  }
  const main = measures[0]!
  const beside = measures.flatMap((measure, index) => (index > 0 && measure.keepsSamples ? [[measure.id, perSample(measure, index)] as const] : []))
  const infinite = measures.flatMap(({ id }, index) =>
    VERSIONS.some((version) => totals[index]![version].infinite > 0) ? [[id, versions(index, (total) => total.infinite)] as const] : [],
  )
  return {
    protocol: main.id,
    unit: main.unit,
    ...versions(0, (total) => total.mean),
    perSample: perSample(main, 0),
    others: Object.fromEntries(measures.slice(1).map(({ id }, index) => [id, versions(index + 1, (total) => total.mean)])),
    ...(beside.length === 0 ? {} : { besides: Object.fromEntries(beside) }),
    ...(infinite.length === 0 ? {} : { infinite: Object.fromEntries(infinite) }),
  }
}
