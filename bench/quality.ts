import { METHODS } from '../main/calibrate/methods/index.ts'
import type { Statistics } from '../main/calibrate/statistics.ts'
import type { Column } from '../main/cli/layout.ts'
import { freeEachTensor } from '../main/compare/free-each.ts'
import { meanScore, rawScore, versionOutput } from '../main/compare/scores.ts'
import { protocolOf, type Protocol } from '../main/compare/protocol.ts'
import { quietTask } from '../main/core/task.ts'
import { quantizeFrom } from '../main/engine/jobs/quantize.ts'
import type { RewrittenPiece } from '../main/engine/jobs/rewritten.ts'
import type { OpenedPart } from '../main/engine/jobs/workpiece.ts'
import { encodeModel } from '../main/onnx/encode.ts'
import { openSession } from '../main/runtime/session.ts'
import type { Sample, SampleSet } from '../main/samples/sample.ts'
import { say, table, type Figure } from './figure.ts'
import { freeTensors } from './free-tensor.ts'
import type { SectionResult } from './main.ts'
import { observed, opened } from './pipeline.ts'
import { ABPN, EDSR, recipeOf, subjects, threads, type Subject } from './subjects.ts'

/** PSNR-Y lost on the first evaluation set by the default recipe, dB: goals, and ONNX Runtime's MinMax and Percentile. */
const GOALS: Readonly<Record<string, { readonly goal: number; readonly anchor: string }>> = {
  [ABPN]: { goal: 0.04, anchor: '0.051, 0.042' },
  [EDSR]: { goal: 0.1, anchor: '0.244, 0.154' },
}
const GOAL_16_BIT = 0.005
/** How far `auto` may stand behind the best single method on pictures that nothing was chosen on. */
const GOAL_BEHIND = 0.005
const TOP_TENSORS = 10

const WIDE = '16-bit'
const CONFIGURATIONS: readonly { readonly name: string; readonly set: readonly string[] }[] = [
  ...Object.keys(METHODS).map((name) => ({ name, set: [`quantize.activations.method=${name}`] })),
  { name: WIDE, set: ['quantize.activations.bits=16', 'quantize.weights.bits=16'] },
]

/** Loss of one configuration on every evaluation set, dB, in the order of the sets. */
interface LossRow {
  readonly model: string
  readonly seed: number
  readonly configuration: string
  readonly lossDb: readonly number[]
}

interface FreedRow {
  readonly model: string
  readonly tensor: string
  readonly kind: string
  readonly gainDb: number
}

export interface Evaluation {
  readonly name: string
  readonly samples: SampleSet
  readonly part: OpenedPart
  readonly protocol: Protocol
  readonly floatDb: number
}

/** What the default recipe, every single method and 16 bits lose, for several draws of calibration crops; and which tensors hold it. */
export async function benchQuality(seeds: readonly number[]): Promise<SectionResult> {
  const texts: string[] = []
  const figures: Figure[] = []
  const losses: LossRow[] = []
  const freed: FreedRow[] = []
  for (const subject of subjects()) {
    const sets: Evaluation[] = []
    const rows: LossRow[] = []
    for (const [position, seed] of seeds.entries()) {
      const { piece, statistics } = await observed(recipeOf(subject, { seed }))
      if (sets.length === 0) for (const set of subject.evaluation.keys()) sets.push(await evaluationOf(piece, subject, set))
      rows.push(...(await lossRows(subject, seed, piece, statistics, sets)))
      if (position === 0) freed.push(...(await freedRows(subject, seed, piece, statistics, sets[0]!)))
    }
    texts.push(lossTable(subject, sets, rows), freedTable(subject, seeds[0]!, sets[0]!, freed.filter(({ model }) => model === subject.name)))
    figures.push(...figuresOf(subject, sets, rows))
    losses.push(...rows)
  }
  return { figures, text: texts.join('\n\n'), details: { losses, freed } }
}

export async function evaluationOf(piece: RewrittenPiece, subject: Subject, set: number): Promise<Evaluation> {
  const part = await opened(piece, recipeOf(subject, {}, set), 'evaluation')
  const loaded: Sample[] = []
  for (let index = 0; index < part.samples.count; index++) loaded.push(await part.samples.load(index))
  const evaluation = {
    name: subject.evaluation[set]!.name, part, samples: { ...part.samples, load: (index: number) => Promise.resolve(loaded[index]!) },
    protocol: protocolOf('psnr-y', undefined, part.expectation.output.factor.value),
  }
  const floatDb = await qualityOf(piece.graphBytes, 'float', evaluation)
  say(`${subject.name} ${evaluation.name}: ${evaluation.protocol.id}, ${loaded.length} pictures, float ${floatDb.toFixed(4)} dB`)
  return { ...evaluation, floatDb }
}

export async function qualityOf(model: Uint8Array, mode: 'float' | 'simulated', { samples, part, protocol }: Omit<Evaluation, 'floatDb'>): Promise<number> {
  const session = await openSession(model, { mode, threads })
  try {
    const scores: number[] = []
    for (let index = 0; index < samples.count; index++) {
      const sample = await samples.load(index)
      scores.push(rawScore(protocol, versionOutput(await session.run(sample.feeds), part.expectation, mode, sample.id), null, sample))
    }
    return meanScore(protocol, scores).mean!
  } finally {
    await session.close()
  }
}

async function lossRows(subject: Subject, seed: number, piece: RewrittenPiece, statistics: Statistics, sets: readonly Evaluation[]): Promise<LossRow[]> {
  const rows: LossRow[] = []
  for (const { name: configuration, set } of CONFIGURATIONS) {
    const model = encodeModel(quantizeFrom(piece, recipeOf(subject, { seed, set }), statistics, subject.name).quantized.graph)
    const lossDb: number[] = []
    for (const one of sets) lossDb.push(one.floatDb - (await qualityOf(model, 'simulated', one)))
    rows.push({ model: subject.name, seed, configuration, lossDb })
    say(`${subject.name} seed ${seed} ${configuration}: ${lossDb.map((loss) => loss.toFixed(4)).join(' ')}`)
  }
  return rows
}

/** Every activation and weight given its float values in turn, the rest quantized as before. */
async function freedRows(subject: Subject, seed: number, piece: RewrittenPiece, statistics: Statistics, { samples, part, protocol }: Evaluation): Promise<FreedRow[]> {
  const { quantized, workGraph } = quantizeFrom(piece, recipeOf(subject, { seed }), statistics, subject.name)
  const candidates = quantized.table.filter(({ kind }) => kind !== 'bias')
  say(`${subject.name}: freeing each of ${candidates.length} tensors`)
  const report = await freeEachTensor(
    (tensors) => encodeModel(freeTensors(quantized, workGraph, tensors)), candidates.map(({ tensor }) => tensor), piece.graphBytes, samples,
    { protocol: protocol.id, expectation: part.expectation, threads }, quietTask,
  )
  return report.rows.map(({ tensor, gain }) => ({ model: subject.name, tensor, kind: candidates.find((row) => row.tensor === tensor)!.kind, gainDb: gain }))
}

function lossTable(subject: Subject, sets: readonly Evaluation[], rows: readonly LossRow[]): string {
  const seeds = [...new Set(rows.map(({ seed }) => seed))]
  const lossOf = (configuration: string, seed: number, set: number) => rows.find((row) => row.configuration === configuration && row.seed === seed)!.lossDb[set]!
  const columns: Column[] = [{ title: 'method' }, ...sets.flatMap(({ name }) => [...seeds.map((seed): Column => ({ title: `${name} ${seed}`, align: 'right' })), { title: 'mean', align: 'right' } as const])]
  const body = CONFIGURATIONS.map(({ name }) => [name, ...sets.flatMap((_, set) => {
    const losses = seeds.map((seed) => lossOf(name, seed, set))
    return [...losses, mean(losses)].map((loss) => loss.toFixed(4))
  })])
  const floats = sets.map(({ name, floatDb, protocol }) => `${name} ${floatDb.toFixed(3)} dB (${protocol.id})`).join(', ')
  return `${subject.name}: dB lost in simulation by set and seed; float ${floats}\n${table(columns, body)}`
}

function freedTable(subject: Subject, seed: number, { name }: Evaluation, rows: readonly FreedRow[]): string {
  const shown = rows.slice(0, TOP_TENSORS).map(({ tensor, kind, gainDb }) => [tensor, kind, gainDb.toFixed(4)])
  return `${subject.name}: won on ${name} by freeing one tensor, seed ${seed}, default recipe\n${table([{ title: 'tensor' }, { title: 'kind' }, { title: 'dB', align: 'right' }], shown)}`
}

function figuresOf(subject: Subject, sets: readonly Evaluation[], rows: readonly LossRow[]): Figure[] {
  const of = (configuration: string) => rows.filter((row) => row.configuration === configuration)
  const worst = (configuration: string, set: number) => Math.max(...of(configuration).map(({ lossDb }) => lossDb[set]!))
  const figure = { section: 'quality', subject: subject.name, unit: 'dB' }
  const last = sets.length - 1
  const behind = of('auto').map(({ seed, lossDb }) => {
    const singles = rows.filter((row) => row.seed === seed && row.configuration !== 'auto' && row.configuration !== WIDE)
    return lossDb[last]! - Math.min(...singles.map((row) => row.lossDb[last]!))
  })
  return [
    { ...figure, name: `default recipe, worst seed, ${sets[0]!.name}`, value: worst('auto', 0), ...GOALS[subject.name] },
    { ...figure, name: `16-bit activations and weights, worst seed, ${sets[0]!.name}`, value: worst(WIDE, 0), ...(subject.name in GOALS ? { goal: GOAL_16_BIT } : {}) },
    { ...figure, name: `auto behind the best single method, worst seed, ${sets[last]!.name}`, value: Math.max(...behind), goal: GOAL_BEHIND },
  ]
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
