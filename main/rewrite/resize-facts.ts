import { intAttribute, intsAttribute, stringAttribute } from '../onnx/attribute.ts'
import type { Graph, Node } from '../onnx/graph.ts'
import { float32, integers } from '../onnx/tensor.ts'
import { replicates, replicatesAlways } from './resize-index.ts'

/** A Resize that enlarges a picture [N, C, H, W] by whole factors and can be written as a convolution. */
export interface EnlargedPicture {
  readonly kind: 'nearest' | 'linear'
  readonly channels: number
  /** Whole factors of height and width. */
  readonly factors: readonly [number, number]
  /** For linear: where a pixel's centre lies. */
  readonly coordinates: string
  /** Height and width before it, where both are stated. */
  readonly size: readonly [number, number] | null
}

/** What a Resize node does, or why no convolution does the same (in a person's words). Shapes are those that the graph states. */
export function resizeFacts(graph: Graph, node: Node): EnlargedPicture | { readonly why: string } {
  const dims = graph.values.get(node.inputs[0]!)?.dims
  const out = graph.values.get(node.outputs[0]!)?.dims
  const why = refusal(node)
  if (why !== undefined) return { why }
  if (!dims || dims.length !== 4) return { why: 'its input is not known to be [N, C, H, W]' }
  const channels = dims[1]
  if (typeof channels !== 'number') return { why: 'its number of channels is not known' }
  const factors = factorsOf(graph, node, dims, out ?? null)
  if ('why' in factors) return factors
  const { all } = factors
  if (all[0] !== 1 || all[1] !== 1) return { why: 'it enlarges batch or channels' }
  const pair = [all[2]!, all[3]!] as const
  if (pair.some((factor) => !Number.isInteger(factor))) return { why: `its factors ${pair.join(' and ')} are not whole` }
  if (pair.some((factor) => factor < 1 || factor > 8) || pair.every((factor) => factor === 1)) return { why: `factors from 2 to 8 can be rewritten, these are ${pair.join(' and ')}` }
  const size = typeof dims[2] === 'number' && typeof dims[3] === 'number' ? ([dims[2], dims[3]] as const) : null
  const coordinates = stringAttribute(node, 'coordinate_transformation_mode', 'half_pixel')
  const kind = stringAttribute(node, 'mode', 'nearest')
  const enlarged = { channels, factors: pair, coordinates, size }
  if (kind === 'nearest') {
    const modes = { coordinates, nearest: stringAttribute(node, 'nearest_mode', 'round_prefer_floor') }
    const repeats = pair.every((factor, axis) => factor === 1 || (size ? replicates(size[axis]!, factor, modes) : replicatesAlways(factor, modes)))
    return repeats ? { ...enlarged, kind } : { why: `${coordinates} with ${modes.nearest} takes other pixels than repetition does at these factors${size ? '' : ' for some sizes'}` }
  }
  if (pair.some((factor) => factor > 5)) return { why: 'linear is rewritten for factors up to 5' }
  const isKnown = coordinates === 'half_pixel' || coordinates === 'asymmetric' || (coordinates === 'pytorch_half_pixel' && (size === null || size.every((side) => side > 0)))
  return isKnown ? { ...enlarged, kind: 'linear' } : { why: `linear with ${coordinates} weighs every position differently` }
}

/** What no convolution can do, whatever the sizes. */
function refusal(node: Node): string | undefined {
  const mode = stringAttribute(node, 'mode', 'nearest')
  const coordinates = stringAttribute(node, 'coordinate_transformation_mode', 'half_pixel')
  if (mode !== 'nearest' && mode !== 'linear') return `${mode} interpolation ${mode === 'cubic' ? 'reaches two pixels beyond its border, whose weights change there' : 'is not known'}`
  if (coordinates === 'tf_crop_and_resize') return 'tf_crop_and_resize depends on a region that is only known at run time'
  if (mode === 'linear' && coordinates === 'align_corners') return 'align_corners weighs every position differently'
  if (intAttribute(node, 'antialias', 0) !== 0) return 'antialias changes the weights'
  if (stringAttribute(node, 'keep_aspect_ratio_policy', 'stretch') !== 'stretch') return 'keep_aspect_ratio_policy changes the factors at run time'
  return undefined
}

/** The factor of every axis. */
function factorsOf(graph: Graph, node: Node, dims: readonly unknown[], out: readonly unknown[] | null): { readonly all: readonly number[] } | { readonly why: string } {
  const [, , scalesName = '', sizesName = ''] = node.inputs
  const constant = graph.initializers.get(sizesName === '' ? scalesName : sizesName)
  if (!constant) return { why: `its ${sizesName === '' ? 'scales' : 'sizes'} are computed at run time` }
  const given = sizesName === '' ? [...float32(constant)] : integers(constant)
  const axes = intsAttribute(node, 'axes', dims.map((_, axis) => axis)).map((axis) => (axis < 0 ? axis + dims.length : axis))
  const at = (axis: number, missing: number): number => (axes.includes(axis) ? given[axes.indexOf(axis)]! : missing)
  if (sizesName === '') return { all: dims.map((_, axis) => at(axis, 1)) }
  const sides = dims.map((dim, axis) => (typeof dim === 'number' ? dim : axes.includes(axis) ? null : out?.[axis] === dim ? 1 : null))
  if (axes.some((axis) => typeof sides[axis] !== 'number')) return { why: 'it gives sizes while the size before it is open, so its factors are not known' }
  return { all: dims.map((_, axis) => (axes.includes(axis) ? at(axis, 1) / (sides[axis] as number) : 1)) }
}
