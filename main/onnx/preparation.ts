import type { Graph } from './graph.ts'

export interface PreparedGraph {
  readonly graph: Graph
  /** What was changed, one sentence each, for people; empty where nothing was, and then `graph` is the given one. */
  readonly steps: readonly string[]
}

/** One change of the whole graph that keeps its function; `steps` is empty where there was nothing to do. */
export type Preparation = (graph: Graph) => PreparedGraph

/** `1 Dropout`, `31 Constants`: a count with its noun. */
export const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`
