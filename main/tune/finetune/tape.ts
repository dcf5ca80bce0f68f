import { attributesOf } from '../../onnx/attribute.ts'
import { nameMaker } from '../../onnx/edit.ts'
import type { Graph, Node, Tensor } from '../../onnx/graph.ts'
import { int64List } from '../../onnx/tensor.ts'

/** Nodes and constants that are written behind a graph. */
export interface Tape {
  readonly nodes: readonly Node[]
  readonly initializers: ReadonlyMap<string, Tensor>
  /** Writes a node of one output and gives its name. */
  add(op: string, inputs: readonly string[], attributes?: Parameters<typeof attributesOf>[0]): string
  constant(values: Tensor): string
  /** A shape, axes, or ends; equal lists are one constant. */
  list(values: readonly number[]): string
}

/** A tape behind `graph`, with names that it does not have. */
export function tapeBehind(graph: Graph): Tape {
  const name = nameMaker(graph)
  const nodes: Node[] = []
  const initializers = new Map<string, Tensor>()
  const lists = new Map<string, string>()
  const constant = (values: Tensor): string => {
    const made = name('constant')
    initializers.set(made, values)
    return made
  }
  return {
    nodes, initializers, constant,
    add(op, inputs, attributes = {}) {
      const output = name(`grad/${op}`)
      nodes.push({ name: `node/${output}`, op, domain: '', inputs, outputs: [output], attributes: attributesOf(attributes) })
      return output
    },
    list(values) {
      const key = values.join()
      const known = lists.get(key) ?? constant(int64List(values))
      lists.set(key, known)
      return known
    },
  }
}
