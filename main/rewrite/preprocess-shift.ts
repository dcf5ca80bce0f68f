import type { Tensor } from '../onnx/graph.ts'
import { float32, tensor } from '../onnx/tensor.ts'
import type { Feeds } from './prove.ts'
import type { PreprocessShift } from './rewrite.ts'

/** What a graph is fed once these steps are no longer part of it: `(v - mean) * scale` on the channels (axis 1) of their inputs. */
export function shiftedFeeds(feeds: Feeds, shifts: readonly PreprocessShift[]): Feeds {
  return shifts.reduce<Feeds>((fed, shift) => ({ ...fed, [shift.input]: shifted(fed[shift.input]!, shift) }), feeds)
}

function shifted(feed: Tensor, { mean, scale }: PreprocessShift): Tensor {
  const inner = feed.dims.slice(2).reduce((product, dim) => product * dim, 1)
  const channel = (index: number): number => Math.floor(index / inner) % mean.length
  return tensor('float32', feed.dims, float32(feed).map((value, index) => (value - mean[channel(index)]!) * scale[channel(index)]!))
}
