import type { Graph } from '../../onnx/graph.ts'
import { topology } from '../../onnx/topology.ts'
import { GRADIENTS } from './gradients.ts'
import { noGradient, type Forward } from './site.ts'
import type { Tape } from './tape.ts'

/**
 * Reverse-mode differentiation: writes on the tape what the gradients of `wanted` are, given those of the graph's outputs
 * (`seeds`, by tensor), and gives their names. A wanted tensor that moves no output is missing. The gradient of a scale of
 * QuantizeLinear is that of its logarithm. Throws `model.no-gradient` naming the node in the way.
 */
export function backward(forward: Forward, tape: Tape, seeds: ReadonlyMap<string, string>, wanted: ReadonlySet<string>): Map<string, string> {
  const { graph } = forward
  const links = topology(graph)
  const moves = movedBy(graph, wanted)
  const parts = new Map([...seeds].map(([tensor, seed]) => [tensor, [seed]]))
  const sums = new Map<string, string>()
  const gradient = (tensor: string): string | undefined => {
    const known = sums.get(tensor)
    if (known !== undefined) return known
    const all = parts.get(tensor)
    if (!all) return undefined
    const sum = all.reduce((total, part) => tape.add('Add', [total, part]))
    sums.set(tensor, sum)
    return sum
  }
  for (const node of graph.nodes.toReversed()) {
    if (!node.inputs.some((input) => moves.has(input))) continue
    const reached = node.outputs.find((output) => parts.has(output))
    if (reached === undefined) continue
    const rule = node.domain === '' && node.outputs.filter((output) => output !== '').length === 1 ? GRADIENTS.get(node.op) : undefined
    if (!rule) throw noGradient(node, `fine-tuning knows no gradient of ${node.op}`)
    const given = rule({ node, gradient: gradient(reached)!, tape, forward, links, wants: (index) => moves.has(node.inputs[index] ?? '') })
    for (const [index, part] of given.entries()) {
      const input = node.inputs[index]!
      if (part === undefined || !moves.has(input)) continue
      parts.set(input, [...(parts.get(input) ?? []), part])
    }
  }
  return new Map([...wanted].flatMap((tensor) => {
    const name = gradient(tensor)
    return name === undefined ? [] : [[tensor, name] as const]
  }))
}

/** Tensors that change when a wanted one does, themselves included. */
function movedBy(graph: Graph, wanted: ReadonlySet<string>): Set<string> {
  const moved = new Set(wanted)
  for (const node of graph.nodes) if (node.inputs.some((input) => moved.has(input))) for (const output of node.outputs) if (output !== '') moved.add(output)
  return moved
}
