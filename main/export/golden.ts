import { breathe, type Task } from '../core/task.ts'
import type { Tensor } from '../onnx/graph.ts'
import { elementCount, float32, isFloat, tensorOfNumbers } from '../onnx/tensor.ts'
import { openSession, type Session } from '../runtime/session.ts'
import { encodeNpz } from '../samples/npz.ts'
import type { Preprocess } from '../samples/sample.ts'
import type { GoldenOutputs } from './figures.ts'
import { numbered, type ExportInput } from './subject.ts'

export type Feeds = Readonly<Record<string, Tensor>>

/** Inputs with the name that the manifest gives them, in this order. */
export interface GoldenInput {
  readonly name: string
  readonly feeds: Feeds
}

/** A picture; then, where an input takes pictures, black and a checkerboard of whole pixels: wrong colours, layouts and borders show in these three. */
export function goldenInputs(picture: Feeds, inputs: readonly ExportInput[]): GoldenInput[] {
  const made = (level: (row: number, column: number) => number): Feeds =>
    Object.fromEntries(inputs.map(({ name, dims, preprocess }) => [name, preprocess ? painted(dims, preprocess, level, picture[name]!) : picture[name]!]))
  if (inputs.every(({ preprocess }) => preprocess === null)) return [{ name: 'sample', feeds: picture }]
  return [{ name: 'picture', feeds: picture }, { name: 'black', feeds: made(() => 0) }, { name: 'checkerboard', feeds: made((row, column) => ((row + column) % 2) * 255) }]
}

function painted(dims: readonly number[], { layout, range: [low, high], mean, scale }: Preprocess, level: (row: number, column: number) => number, like: Tensor): Tensor {
  const channels = mean.length
  const [height, width] = (layout === 'nchw' ? dims.slice(2) : dims.slice(1, 3)) as [number, number]
  const values = Array.from({ length: elementCount(dims) }, (_, index) => {
    const [channel, place] = layout === 'nchw' ? [Math.floor(index / (height * width)) % channels, index % (height * width)] : [index % channels, Math.floor(index / channels) % (height * width)]
    const value = (low + (level(Math.floor(place / width), place % width) * (high - low)) / 255 - mean[channel]!) * scale[channel]!
    return isFloat(like.type) ? value : Math.round(value)
  })
  return tensorOfNumbers(like.type, dims, values)
}

/** One thread: the order of sums, and so the bytes, must not depend on the machine's cores. */
const THREADS = 1

export interface GoldenModels {
  readonly float: Uint8Array
  readonly simulated: Uint8Array
}

/** What both models make of every golden input. */
export async function goldenOutputs(models: GoldenModels, inputs: readonly GoldenInput[], task: Task): Promise<GoldenOutputs[]> {
  const made: GoldenOutputs[] = []
  const sessions: Session[] = []
  try {
    for (const mode of ['float', 'simulated'] as const) sessions.push(await openSession(models[mode], { mode, threads: THREADS }))
    for (const [index, { name, feeds }] of inputs.entries()) {
      made.push({ input: name, float: owned(await sessions[0]!.run(feeds)), simulated: owned(await sessions[1]!.run(feeds)) })
      task.report({ stage: 'golden', done: index + 1, total: inputs.length, unit: 'inputs' })
      await breathe(task)
    }
    return made
  } finally {
    for (const session of sessions) await session.close()
  }
}

/** The same as files: `golden/in_000.npz`, `float_out_000.npz`, `sim_out_000.npz`. */
export async function writeGolden(inputs: readonly GoldenInput[], outputs: readonly GoldenOutputs[], take: (path: string, bytes: Uint8Array) => Promise<void>): Promise<void> {
  for (const [index, { float, simulated }] of outputs.entries()) {
    const number = numbered(index)
    await take(`golden/in_${number}.npz`, encodeNpz(inputs[index]!.feeds))
    await take(`golden/float_out_${number}.npz`, encodeNpz(float))
    await take(`golden/sim_out_${number}.npz`, encodeNpz(simulated))
  }
}

/** The runtime's own buffers end with the next run; half floats are given as float32. */
function owned(outputs: Record<string, Tensor>): Record<string, Tensor> {
  return Object.fromEntries(Object.entries(outputs).map(([name, value]) => [name, isFloat(value.type) ? { type: 'float32' as const, dims: value.dims, data: float32(value).slice() } : value]))
}
