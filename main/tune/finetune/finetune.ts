import { seededRandom } from '../../core/random.ts'
import { breathe, type Task } from '../../core/task.ts'
import type { Graph, Tensor } from '../../onnx/graph.ts'
import { float32 } from '../../onnx/tensor.ts'
import type { Quantized } from '../../quantize/quantize.ts'
import type { Tuned } from '../../quantize/tuned.ts'
import { openSession, type Session } from '../../runtime/session.ts'
import { aimsOf, type Aims, type PictureRange } from './aims.ts'
import { split, type Feeds } from './crops.ts'
import { networkOf, trainingGraph, type TrainingGraph } from './network.ts'
import { addSlope, copyOf, feedsOf, mover, parameterCount, stateOf, tunedOf, type Slope } from './state.ts'

export interface FinetuneSettings {
  readonly steps: number
  /** Crops a step. */
  readonly batch: number
  /** Adam's rate for weights and biases. */
  readonly rate: number
  /** Adam's rate for logarithms of scales; 0: scales stay. */
  readonly scaleRate: number
  /** Share of the crops that are held back. */
  readonly holdBack: number
  /** Steps between two looks at the held-back crops. */
  readonly every: number
  readonly seed: number
  readonly threads: number
}

/** Losses are mean squared errors of the outputs as shares of their range squared. */
export interface LossPoint {
  readonly step: number
  /** Over the crops of this step, before it; null at the start. */
  readonly train: number | null
  /** Over the held-back crops, behind it; null where they were not looked at. */
  readonly heldBack: number | null
}

export interface FinetuneResult {
  /** Empty where the start was kept. */
  readonly tuned: Tuned
  readonly history: readonly LossPoint[]
  /** 0: the start was kept. */
  readonly bestStep: number
  /** Held-back loss at the start and at the best step. */
  readonly before: number
  readonly after: number
  readonly crops: { readonly train: number; readonly heldBack: number }
  /** Numbers that were tuned. */
  readonly parameters: number
  /** Runs of a model on one crop, with and without gradients, and the time in them. */
  readonly inferences: number
  readonly inferenceSeconds: number
}

/** What is tuned. */
export interface FinetuneSubject {
  /** The float model that is to be met, as bytes. */
  readonly float: Uint8Array
  /** The float graph that was quantized, whose constants are tuned. */
  readonly workGraph: Graph
  readonly quantized: Quantized
  /** Levels of outputs that are pictures: what lies outside is not seen. */
  readonly pictures: ReadonlyMap<string, PictureRange>
}

/**
 * Moves weights, biases and scales of a quantized model so that its outputs come nearer to those of its float model, without
 * labels: rounding straight-through, Adam, `batch` crops a step; keeps the step that was best on crops it never trained on.
 * Crops are of one size. Throws `model.no-gradient`. On one machine with as many threads the same input gives the same bytes.
 */
export async function finetune(subject: FinetuneSubject, crops: readonly Feeds[], settings: FinetuneSettings, task: Task): Promise<FinetuneResult> {
  const { train, held } = split(crops.length, settings.holdBack, settings.seed)
  const state = stateOf(subject.workGraph, subject.quantized)
  const inputDims = Object.fromEntries(Object.entries(crops[0]!).map(([name, { dims }]) => [name, dims]))
  const network = networkOf(subject.quantized, new Set(state.scales.map(({ group }) => group)), inputDims)
  const aims = await aimsOf(subject, crops, settings.threads, task)
  const trained = new Set([...network.constants.values(), ...(settings.scaleRate > 0 ? network.scales.values() : [])])
  const teacher = await measuring(network.graph, aims, trained, crops, settings.threads)
  const judge = await measuring(network.graph, aims, new Set(), crops, settings.threads).catch(async (thrown: unknown) => {
    await teacher.close()
    throw thrown
  })
  const lossOf = async (which: readonly number[]): Promise<number> => {
    const feeds = feedsOf(state, network)
    let sum = 0
    for (const crop of which) {
      await breathe(task)
      sum += (await judge.run(crop, feeds)).loss
    }
    return sum / which.length
  }
  try {
    const before = await lossOf(held)
    // Slopes are relative to this, so that rates mean the same for every model.
    const scale = 1 / (await lossOf(train.slice(0, held.length)) || 1)
    const history: LossPoint[] = [{ step: 0, train: null, heldBack: before }]
    let best = { step: 0, loss: before, state: copyOf(state) }
    const next = batches(train, settings.batch, settings.seed)
    const move = mover(state, network)
    for (let step = 1; step <= settings.steps; step++) {
      const feeds = feedsOf(state, network)
      const slope: Slope = new Map()
      const batch = next()
      let loss = 0
      for (const crop of batch) {
        await breathe(task)
        const seen = await teacher.run(crop, feeds)
        loss += seen.loss / batch.length
        addSlope(slope, teacher.gradients, seen.results, scale / batch.length)
      }
      const falling = decay(step, settings.steps)
      move(slope, feeds, { constants: settings.rate * falling, scales: settings.scaleRate * falling })
      const heldBack = step % settings.every === 0 || step === settings.steps ? await lossOf(held) : null
      history.push({ step, train: loss, heldBack })
      if (heldBack !== null && heldBack < best.loss) best = { step, loss: heldBack, state: copyOf(state) }
      task.report({ stage: 'finetune', done: step, total: settings.steps, unit: 'steps', loss: { train: loss, heldBack: best.loss } })
    }
    const why = `fine-tuned: step ${best.step} of ${settings.steps}, error on held-back samples ${shown(before)} → ${shown(best.loss)}`
    return {
      tuned: best.step === 0 ? { constants: new Map(), weightScales: new Map(), ranges: new Map(), why: '' } : tunedOf(best.state, subject.quantized, why),
      history, bestStep: best.step, before, after: best.loss, crops: { train: train.length, heldBack: held.length }, parameters: parameterCount(state),
      inferences: crops.length + teacher.runs.count + judge.runs.count, inferenceSeconds: teacher.runs.seconds + judge.runs.seconds,
    }
  } finally {
    await teacher.close()
    await judge.close()
  }
}

const shown = (loss: number): string => loss.toExponential(2)

/** Falls along half a cosine: the last steps no longer shake what rounds either way. */
const decay = (step: number, steps: number): number => (1 + Math.cos((Math.PI * (step - 1)) / steps)) / 2

interface Measuring {
  readonly runs: { readonly count: number; readonly seconds: number }
  readonly gradients: ReadonlyMap<string, string>
  run(crop: number, feeds: Feeds): Promise<{ readonly loss: number; readonly results: Readonly<Record<string, Tensor>> }>
  close(): Promise<void>
}

/** The loss of a crop, with the gradients of what is trained. */
async function measuring(graph: Graph, { weights, outputs }: Aims, trained: ReadonlySet<string>, crops: readonly Feeds[], threads: number): Promise<Measuring> {
  const made: TrainingGraph = await trainingGraph(graph, weights, trained)
  // QDQ pairs stay pairs: fused into integer kernels they would have no gradient.
  const session: Session = await openSession(made.bytes, { mode: 'simulated', threads, where: 'training graph' })
  const runs = { count: 0, seconds: 0 }
  return {
    gradients: made.gradients, runs,
    async run(crop, feeds) {
      const targets = Object.fromEntries([...made.targets].map(([output, name]) => [name, outputs[crop]![output]!]))
      const began = performance.now()
      const results = await session.run({ ...crops[crop]!, ...feeds, ...targets })
      runs.count++
      runs.seconds += (performance.now() - began) / 1000
      return { loss: made.losses.reduce((sum, name) => sum + float32(results[name]!)[0]!, 0), results }
    },
    close: () => session.close(),
  }
}

/** Keeps this draw apart from those of samples and crops. */
const ORDER = 0x0bde

/** Gives `size` positions at a time; each once before any twice, in an order that the seed decides. */
function batches(train: readonly number[], size: number, seed: number): () => readonly number[] {
  const random = seededRandom(seed, ORDER)
  let deck: number[] = []
  const draw = (): number => {
    if (deck.length === 0) deck = [...train]
    return deck.splice(Math.floor(random() * deck.length), 1)[0]!
  }
  return () => Array.from({ length: size }, draw)
}
