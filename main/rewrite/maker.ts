import { attributesOf } from '../onnx/attribute.ts'
import { nameMaker } from '../onnx/edit.ts'
import type { Graph, Node, Tensor } from '../onnx/graph.ts'

/** Gives names and takes constants of the graph that is built. */
export interface Maker {
  readonly name: (wish: string) => string
  readonly put: (wish: string, value: Tensor) => string
}

/** A maker with all constants: those of the graph and the new ones. */
export interface CollectingMaker extends Maker {
  readonly initializers: Map<string, Tensor>
}

export function makerOf(graph: Graph): CollectingMaker {
  const name = nameMaker(graph)
  const initializers = new Map(graph.initializers)
  return {
    name, initializers,
    put(wish, value) {
      const made = name(wish)
      initializers.set(made, value)
      return made
    },
  }
}

/** A node of ai.onnx with one output, named after it. */
export function newNode({ name }: Maker, op: string, inputs: readonly string[], output: string, attributes: Parameters<typeof attributesOf>[0] = {}): Node {
  return { name: name(`${output}_${op}`), op, domain: '', inputs, outputs: [output], attributes: attributesOf(attributes) }
}
