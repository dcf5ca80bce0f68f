import type { Graph, Node } from '../onnx/graph.ts'
import type { Topology } from '../onnx/topology.ts'

/** What stands between the last computing node and the dequantize of a graph output, beginning at the output. */
export interface TailWay {
  readonly output: string
  /** null where the way ends before one. */
  readonly computing: Node | null
  /** On codes, or to be: what makes a board round the accumulator first. */
  readonly between: readonly Node[]
  /** An Add, Concat … of several activations, where the way ends. */
  readonly meeting: Node | null
  /** Nodes that read the accumulator besides the way to the output. */
  readonly others: readonly Node[]
}

interface Ground {
  readonly graph: Graph
  readonly links: Topology
  /** Whether the graph has codes: nodes behind its last dequantize are the host's. Else all of it is to be quantized. */
  readonly hasCodes: boolean
  readonly computing: ReadonlySet<string>
  readonly transparent: ReadonlySet<string>
}

/** Walks up from a graph output; undefined where the host computes the end of it in float. */
export function tailWay(ground: Ground, output: string): TailWay | undefined {
  const { links, computing, transparent } = ground
  const between: Node[] = []
  let onCodes = !ground.hasCodes
  let before: Node | undefined
  for (let name = output; ; ) {
    const node = links.producer.get(name)
    const way = { output, between, others: [], meeting: null }
    if (!node) return onCodes ? { ...way, computing: null } : undefined
    if (isRounding(node)) onCodes = true
    else if (computing.has(node.op)) return { ...way, computing: node, others: onCodes ? readersBeside(ground, node.outputs[0]!, before) : [] }
    else {
      const data = dataInputs(ground, node)
      if (data.length !== 1) return onCodes ? { ...way, computing: null, meeting: data.length > 1 ? node : null } : undefined
      if (onCodes && !transparent.has(node.op)) between.push(node)
      before = node
      name = data[0]!
      continue
    }
    name = node.inputs[0]!
  }
}

export const isRounding = (node: Node): boolean => node.op === 'QuantizeLinear' || node.op === 'DequantizeLinear'

/** Inputs that are neither constants nor their dequantized codes, each once. */
export function dataInputs({ graph, links }: Pick<Ground, 'graph' | 'links'>, node: Node): string[] {
  const isConstant = (name: string): boolean => {
    const maker = links.producer.get(name)
    return graph.initializers.has(name) || maker?.op === 'Constant' || (maker?.op === 'DequantizeLinear' && graph.initializers.has(maker.inputs[0]!))
  }
  return [...new Set(node.inputs)].filter((name) => name !== '' && !isConstant(name))
}

/** Nodes on codes that read a value, seen through its roundings, besides the one that leads on to the output. */
function readersBeside(ground: Ground, tensor: string, onTheWay: Node | undefined): Node[] {
  const { links } = ground
  const readers: Node[] = []
  const open = [tensor]
  while (open.length > 0) {
    for (const reader of links.consumers.get(open.pop()!) ?? []) {
      if (isRounding(reader)) open.push(reader.outputs[0]!)
      else if (reader !== onTheWay && worksOnCodes(ground, reader)) readers.push(reader)
    }
  }
  return readers
}

/** Whether what a node makes becomes codes again; else the host computes it, behind the dequantize. */
function worksOnCodes({ links, hasCodes }: Ground, node: Node): boolean {
  if (!hasCodes) return true
  const seen = new Set([node])
  for (const each of seen) {
    if (each.op === 'QuantizeLinear' || each.op === 'DequantizeLinear') return true
    for (const output of each.outputs) for (const reader of links.consumers.get(output) ?? []) seen.add(reader)
  }
  return false
}
