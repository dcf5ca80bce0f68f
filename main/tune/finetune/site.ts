import { Fault } from '../../core/fault.ts'
import type { Graph, Node } from '../../onnx/graph.ts'
import type { Topology } from '../../onnx/topology.ts'
import type { Tape } from './tape.ts'

/** What a gradient needs of the graph that it is taken through. */
export interface Forward {
  readonly graph: Graph
  /** Shape of every tensor, constants included. */
  dims(tensor: string): readonly number[]
}

/** Where a gradient is taken: a node, the gradient of its output, and where the gradients of its inputs are to be written. */
export interface Site {
  readonly node: Node
  /** Of the node's only output. */
  readonly gradient: string
  readonly tape: Tape
  readonly forward: Forward
  readonly links: Topology
  /** Whether the gradient of this input is of use to anybody. */
  wants(input: number): boolean
}

/** Gradients of the inputs in order; undefined where there is none, or nobody wants it. */
export type Gradient = (site: Site) => readonly (string | undefined)[]

/** A Fault for what fine-tuning cannot be taken through, with the two ways around it. */
export const noGradient = (node: { readonly name: string }, what: string): Fault =>
  new Fault({
    code: 'model.no-gradient', where: `node '${node.name}'`, what,
    next: `Leave it and everything before it in float (quantize.float.inputs: ["${node.name}"]), so that only what follows is tuned, or leave quantize.finetune out.`,
  })
