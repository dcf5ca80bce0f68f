import { Fault } from '../core/fault.ts'
import { breathe } from '../core/task.ts'
import type { Task } from '../core/task.ts'
import { openSession } from '../runtime/session.ts'
import type { Session } from '../runtime/session.ts'
import type { Expectation } from '../samples/expectation.ts'
import type { SampleSet } from '../samples/sample.ts'
import { parseProtocol } from './protocol.ts'
import type { Protocol } from './protocol.ts'
import { meanScore, rawScore, versionOutput } from './scores.ts'

export interface FreeOptions {
  readonly protocol: string
  readonly expectation: Expectation
  readonly threads: number
  /** Samples from the first on; default: all. */
  readonly maxSamples?: number
}

/** What is won when one tensor stays in float and everything else is quantized. */
export interface FreedTensor {
  readonly tensor: string
  /** Simulated quality of the model with this tensor freed. */
  readonly quality: number
  /** `quality` less that of the model with nothing freed, in the protocol's unit: dB, or the plain number for a ratio. */
  readonly gain: number
}

export interface FreeReport {
  readonly protocol: string
  readonly unit: Protocol['unit']
  /** The float model's own quality; null for protocols that compare with it. */
  readonly float: number | null
  /** Nothing freed. */
  readonly quantized: number
  /** The largest gain first; ties in the order given. */
  readonly rows: readonly FreedTensor[]
}

/**
 * Which tensors hold the loss: each one freed in turn, judged by the output's quality in simulation (leave-one-out, the best
 * predictor of what a float or 16-bit exception would win). `makeModel` gives the quantized model with the named tensors left
 * in float; it is called with [] first, then with one name at a time.
 * Throws `samples.no-loss` when every output equals its reference, so that no quality can be told apart.
 */
export async function freeEachTensor(
  makeModel: (freed: readonly string[]) => Uint8Array,
  tensors: readonly string[],
  floatModel: Uint8Array,
  samples: SampleSet,
  options: FreeOptions,
  task: Task,
): Promise<FreeReport> {
  const protocol = parseProtocol(options.protocol)
  const { threads } = options
  const total = tensors.length + 1
  const float = await openSession(floatModel, { mode: 'float', threads, where: 'float model' })
  try {
    const simulate = async (freed: readonly string[]): Promise<number> => {
      const where = `model with ${freed.join(', ') || 'nothing'} freed`
      const session = await openSession(makeModel(freed), { mode: 'simulated', threads, where })
      try {
        return certain(await meanOf(session, float, protocol, samples, options, task), protocol)
      } finally {
        await session.close()
      }
    }
    const floatQuality = protocol.kind === 'output' ? null : await meanOf(float, null, protocol, samples, options, task)
    const quantized = await simulate([])
    const rows: FreedTensor[] = []
    for (const [index, tensor] of tensors.entries()) {
      task.report({ stage: 'compare', done: index + 1, total, unit: 'models' })
      const quality = await simulate([tensor])
      rows.push({ tensor, quality, gain: quality - quantized })
    }
    task.report({ stage: 'compare', done: total, total, unit: 'models' })
    return { protocol: protocol.id, unit: protocol.unit, float: floatQuality, quantized, rows: rows.toSorted((a, b) => b.gain - a.gain) }
  } finally {
    await float.close()
  }
}

/** Mean score of one session; the float model runs beside it only where the protocol compares with it. */
async function meanOf(
  session: Session,
  float: Session | null,
  protocol: Protocol,
  samples: SampleSet,
  options: FreeOptions,
  task: Task,
): Promise<number | null> {
  const wanted = protocol.kind === 'picture' ? options.expectation : null
  const scores: number[] = []
  for (let index = 0; index < Math.min(samples.count, options.maxSamples ?? samples.count); index++) {
    const sample = await samples.load(index)
    const output = versionOutput(await session.run(sample.feeds), wanted, 'simulated', sample.id)
    const reference = protocol.kind === 'output' && float ? versionOutput(await float.run(sample.feeds), null, 'float', sample.id) : null
    scores.push(rawScore(protocol, output, reference, sample))
    await breathe(task)
  }
  return meanScore(protocol, scores).mean
}

function certain(mean: number | null, protocol: Protocol): number {
  if (mean !== null) return mean
  throw new Fault({
    code: 'samples.no-loss',
    what: `${protocol.id} is infinite on every sample: outputs and references are the same pictures`,
    next: 'Use references that are not made by this model.',
  })
}
