import { seededRandom } from '../core/random.ts'
import type { Tensor, ValueInfo } from '../onnx/graph.ts'
import { elementCount, tensorOfNumbers } from '../onnx/tensor.ts'
import type { Expectation } from '../samples/expectation.ts'
import type { Session } from '../runtime/session.ts'
import type { Feeds, ProofInput } from './prove.ts'

/** Sides of open pictures: an ordinary one, and one that no factor divides. */
const ORDINARY: Side = [24, 32]
const ODD: Side = [17, 23]
/** The smallest size is looked for from here upwards. */
const SMALLEST: readonly Side[] = [[1, 1], [2, 2], [3, 3], [4, 4], [8, 8], [16, 16]]

type Side = readonly [height: number, width: number]

interface Shape {
  readonly batch: number
  readonly side: Side
}

/**
 * Everything that a rewrite is tried on (besides real samples): noise, both ends of the range, zero, noise of the ends alone, ramps
 * along both sides, single bright pixels in a corner, on an edge and inside; and noise at odd sizes, the smallest size that the
 * model takes, and batches of 1 and 2, as far as its inputs are open. Seeded: the same for the same model.
 */
export async function proofInputs(expectation: Expectation, before: Session): Promise<ProofInput[]> {
  const multiple = expectation.input?.multiple.value ?? 1
  const fit = ([height, width]: Side): Side => [Math.ceil(height / multiple) * multiple, Math.ceil(width / multiple) * multiple]
  const ordinary: Shape = { batch: 1, side: fit(ORDINARY) }
  const make = (kind: string, shape: Shape, values: Fill): ProofInput => ({ kind, feeds: feedsOf(expectation, shape, values) })
  const noisy = (kind: string, shape: Shape, seed: number, level = (value: (at: Place) => number) => value): ProofInput =>
    ({ ...make(kind, shape, (index) => level(noise(seed)(index))), seed })
  const [low, high] = expectation.input?.range.value ?? [-1, 1]
  const inputs = [
    noisy('noise 0', ordinary, 0), noisy('noise 1', ordinary, 1),
    make(`all ${low}`, ordinary, () => () => 0), make(`all ${high}`, ordinary, () => () => 1),
    noisy(`only ${low} and ${high}`, ordinary, 2, rounded),
    make('ramp down', ordinary, () => (at) => at.y), make('ramp right', ordinary, () => (at) => at.x),
    make('one bright pixel in the corner', ordinary, pixel(0, 0)), make('one bright pixel on the edge', ordinary, pixel(0.5, 1)), make('one bright pixel inside', ordinary, pixel(0.4, 0.6)),
  ]
  if (isOpen(expectation)) {
    inputs.push(noisy(`noise of ${fit(ODD).join('×')}`, { batch: 1, side: fit(ODD) }, 3))
    const smallest = await firstTaken(before, SMALLEST.map(fit).map((side) => noisy(`noise of ${side.join('×')}, the smallest`, { batch: 1, side }, 4)))
    if (smallest) inputs.push(smallest)
  }
  if (hasOpenBatch(expectation)) inputs.push(noisy('noise, a batch of 2', { batch: 2, side: ordinary.side }, 5))
  return inputs
}

/** A value in 0..1 for each place of input number `index`. */
type Fill = (index: number) => (at: Place) => number

interface Place {
  /** Both from 0 to 1 across the picture. */
  readonly x: number
  readonly y: number
  readonly row: number
  readonly column: number
  readonly height: number
  readonly width: number
}

const noise = (seed: number): Fill => (index) => seededRandom(seed, index)

const rounded = (value: (at: Place) => number) => (at: Place): number => Math.round(value(at))

const pixel = (y: number, x: number): Fill => () => ({ row, column, height, width }) =>
  (row === Math.round(y * (height - 1)) && column === Math.round(x * (width - 1)) ? 1 : 0)

function feedsOf(expectation: Expectation, shape: Shape, fill: Fill): Feeds {
  return Object.fromEntries(expectation.inputs.map((info, index) => [info.name, filled(info, expectation, shape, fill(index))]))
}

function filled(info: ValueInfo, expectation: Expectation, { batch, side }: Shape, value: (at: Place) => number): Tensor {
  const isPicture = info.name === expectation.input?.name
  const axes = spatialAxes(expectation)
  const dims = (info.dims ?? []).map((dim, axis) => (typeof dim === 'number' ? dim : axis === 0 ? batch : axes.includes(axis) ? side[axes.indexOf(axis)]! : 1))
  const [height, width] = axes.map((axis) => dims[axis] ?? 1) as [number, number]
  const after = (axis: number): number => elementCount(dims.slice(axis + 1))
  const [low, high] = isPicture ? expectation.input!.range.value : [-1, 1]
  const isFloating = info.type.startsWith('float')
  const values = Float32Array.from({ length: elementCount(dims) }, (_, at) => {
    const [row, column] = axes.map((axis) => Math.floor(at / after(axis)) % (dims[axis] ?? 1)) as [number, number]
    const share = value({ row, column, height, width, y: row / Math.max(1, height - 1), x: column / Math.max(1, width - 1) })
    const level = low + share * (high - low)
    return isFloating ? level : Math.round(level)
  })
  return tensorOfNumbers(isFloating ? 'float32' : info.type, dims, values)
}

const spatialAxes = (expectation: Expectation): readonly [number, number] => (expectation.input?.layout.value === 'nhwc' ? [1, 2] : [2, 3])

const isOpen = (expectation: Expectation): boolean =>
  expectation.inputs.some(({ name, dims }) => name === expectation.input?.name && spatialAxes(expectation).every((axis) => typeof dims?.[axis] !== 'number'))

const hasOpenBatch = (expectation: Expectation): boolean => expectation.inputs.every(({ dims }) => dims !== null && dims.length > 0 && typeof dims[0] !== 'number')

/** The first input that the model takes: some are too small for its kernels. */
async function firstTaken(session: Session, inputs: readonly ProofInput[]): Promise<ProofInput | undefined> {
  for (const input of inputs) {
    try {
      await session.run(input.feeds)
      return input
    } catch {
      continue
    }
  }
  return undefined
}
