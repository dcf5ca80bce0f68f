import { Fault } from '../core/fault.ts'
import type { Range } from '../core/grid.ts'
import type { Graph, Tensor } from '../onnx/graph.ts'

/** What fine-tuning changed: constants with their scales, ranges by group. All empty where the start was kept. */
export interface Tuned {
  /** Weights and biases by name, float32. */
  readonly constants: ReadonlyMap<string, Tensor>
  /** Scales of tuned weights, one or one a channel. */
  readonly weightScales: ReadonlyMap<string, readonly number[]>
  readonly ranges: ReadonlyMap<string, Range>
  /** Why, for the rows of the ScaleTable. */
  readonly why: string
}

/** The method of rows that fine-tuning made. */
export const TUNED_METHOD = 'finetune'

/** The graph with tuned constants. Throws `input.tuned` where they are those of another graph. */
export function withTuned(graph: Graph, { constants }: Tuned): Graph {
  if (constants.size === 0) return graph
  for (const [name, values] of constants) {
    const dims = graph.initializers.get(name)?.dims
    if (dims && dims.length === values.dims.length && dims.every((size, axis) => size === values.dims[axis])) continue
    throw new Fault({ code: 'input.tuned', where: name, what: 'the fine-tuned values belong to another graph', next: 'Tune again with this model and recipe.' })
  }
  return { ...graph, initializers: new Map([...graph.initializers, ...constants]) }
}
