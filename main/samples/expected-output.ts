import type { Dim, Graph, ValueInfo } from '../onnx/graph.ts'
import type { Topology } from '../onnx/topology.ts'
import type { ExpectedOutput, Guess, Layout } from './expectation.ts'
import { channelsByOperators } from './graph-geometry.ts'
import type { SpatialScale } from './graph-geometry.ts'

interface PictureSource {
  readonly value: ValueInfo
  readonly layout: Layout
}

type OutputShape = Omit<ExpectedOutput, 'range' | 'color' | 'rangeFollowsInput'>

const spatial = (dims: readonly Dim[] | null, layout: Layout): readonly [Dim, Dim] =>
  layout === 'nchw' ? [dims?.[2] ?? null, dims?.[3] ?? null] : [dims?.[1] ?? null, dims?.[2] ?? null]

/** `3H`, `H*3` or `3 * H` beside an `H` of the input → 3; the bare symbol says nothing, exporters reuse names carelessly. */
function symbolFactor(inner: Dim, outer: Dim): number | undefined {
  if (typeof inner !== 'string' || typeof outer !== 'string' || inner === '') return undefined
  const rest = outer.split(inner)
  const digits = rest.length === 2 ? /^(\d+)\s*\*?\s*$|^\s*\*\s*(\d+)$/.exec(rest.join('')) : null
  return digits === null ? undefined : Number(digits[1] ?? digits[2])
}

/** Pixels out for each pixel in; `null` where shapes and operators leave it open, `undefined` where it is no picture's. */
function factorOf(source: PictureSource, dims: readonly Dim[] | null, layout: Layout, scale: SpatialScale | undefined): Guess<number | null> | undefined {
  const inner = spatial(source.value.dims, source.layout)
  const outer = spatial(dims, layout)
  const ratios = inner.map((dim, axis) => (typeof dim === 'number' && typeof outer[axis] === 'number' ? outer[axis] / dim : undefined))
  if (ratios[0] !== undefined && ratios[1] !== undefined) {
    return ratios[0] === ratios[1] && ratios[0] >= 1 ? { value: ratios[0], how: `${outer.join('×')} out for ${inner.join('×')} in` } : undefined
  }
  if (scale !== undefined) {
    if (scale.down !== scale.across || scale.down < 1) return undefined
    return { value: scale.down, how: 'the operators on the way enlarge by it' }
  }
  const symbols = inner.map((dim, axis) => symbolFactor(dim, outer[axis]!))
  if (symbols[0] !== undefined && symbols[0] === symbols[1] && symbols[0] >= 1) return { value: symbols[0], how: `the output's shape is written ${outer.join('×')}` }
  return { value: null, how: 'neither shapes nor operators tell; the sizes of the first run will' }
}

/** Layouts that a shape allows with one or three channels, the input's own first. */
function layoutsOf(dims: readonly Dim[] | null, channels: number | undefined, preferred: Layout): { layout: Layout; channels: number; how: string }[] {
  if (dims !== null && dims.length !== 4) return []
  const found: { layout: Layout; channels: number; how: string }[] = []
  for (const [axis, layout] of [[1, 'nchw'], [3, 'nhwc']] as const) {
    const dim = dims?.[axis]
    if (dim === 1 || dim === 3) found.push({ layout, channels: dim, how: `axis ${axis} of the output has ${dim}` })
  }
  if (found.length === 0 && (channels === 1 || channels === 3) && typeof dims?.[1] !== 'number') {
    found.push({ layout: 'nchw', channels, how: 'the last convolution gives the channels on axis 1' })
  }
  return found.toSorted((a, b) => Number(b.layout === preferred) - Number(a.layout === preferred))
}

/** The first output that is a picture; else the first output, as a vector. */
export function guessOutput(graph: Graph, links: Topology, source: PictureSource | undefined, scales: ReadonlyMap<string, SpatialScale>): OutputShape {
  for (const output of source === undefined ? [] : graph.outputs) {
    for (const { layout, channels, how } of layoutsOf(output.dims, channelsByOperators(graph, links, output.name), source!.layout)) {
      const factor = factorOf(source!, output.dims, layout, scales.get(output.name))
      if (factor === undefined) continue
      return {
        name: output.name,
        kind: { value: 'picture', how: `${channels} ${channels === 1 ? 'channel' : 'channels'}, not smaller than the input` },
        layout: { value: layout, how },
        channels: { value: channels, how },
        factor,
      }
    }
  }
  const first = graph.outputs[0]
  const shape = first?.dims?.map((dim) => dim ?? '?').join(', ')
  return {
    name: first?.name ?? '',
    kind: { value: 'vector', how: shape === undefined ? 'its shape is not written' : `its shape [${shape}] is not that of a picture of the input's size or larger` },
    layout: { value: 'nchw', how: 'no picture' },
    channels: { value: null, how: 'no picture' },
    factor: { value: null, how: 'no picture' },
  }
}
