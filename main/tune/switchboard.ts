import { Fault } from '../core/fault.ts'
import { withNodes } from '../onnx/edit.ts'
import type { Graph, Node } from '../onnx/graph.ts'
import { nodesBehind, topology } from '../onnx/topology.ts'

/** A float graph and its QDQ graph, between which every tensor and constant can be switched on its own. */
export interface Switchboard {
  /** Names of the float graph whose codes can be switched: activations and constants. */
  readonly keys: ReadonlySet<string>
  /** The graph in which exactly these names are rounded to codes. `results`: other tensors to give back than the graph's outputs. */
  variant(active: ReadonlySet<string>, results?: readonly string[]): Graph
}

/**
 * Both graphs hold the same nodes under the same names; where a node of the QDQ graph reads or makes another tensor, codes stand in
 * between. Nothing is quantized anew: a variant holds the very scales and codes of the QDQ graph.
 */
export function switchboard(float: Graph, coded: Graph): Switchboard {
  const codedNodes = new Map(coded.nodes.map((node) => [node.name, node]))
  const links = topology(coded)
  const keys = new Set<string>()
  const counterparts = new Map(float.nodes.map((node) => {
    const other = codedNodes.get(node.name)
    if (!other || other.inputs.length !== node.inputs.length) throw new Fault({ code: 'bug.switchboard', where: node.name, what: 'the quantized graph has no such node' })
    node.inputs.forEach((name, index) => { if (other.inputs[index] !== name) keys.add(name) })
    node.outputs.forEach((name, index) => { if (other.outputs[index] !== name) keys.add(name) })
    return [node.name, other]
  }))
  const initializers = new Map([...coded.initializers, ...float.initializers])
  const types = new Map([...float.values, ...float.outputs.map((output) => [output.name, output] as const)])
  return {
    keys,
    variant(active, results) {
      const renamed = new Map<string, string>()
      const nodes = float.nodes.map((node): Node => {
        const other = counterparts.get(node.name)!
        const outputs = node.outputs.map((name, index) => {
          if (other.outputs[index] !== name && active.has(name)) renamed.set(name, other.outputs[index]!)
          return renamed.get(name) ?? name
        })
        // What a float reader takes past the codes of an output is only there under another name where those codes are.
        const inputs = node.inputs.map((name, index) => (active.has(name) ? other.inputs[index]! : name))
        return { ...node, inputs, outputs }
      })
      const wanted = results ?? float.outputs.map(({ name }) => name)
      const whole = [...nodes, ...added(nodes, wanted, links.producer, counterparts)]
      const live = nodesBehind(whole, wanted)
      // Stated shapes may share symbols between tensors of different sizes; the runtime infers its own.
      const outputs = wanted.map((name) => ({ name, type: types.get(name)?.type ?? ('float32' as const), dims: null }))
      return withNodes({ ...float, initializers }, whole.filter((node) => live.has(node)), { outputs, values: new Map() })
    },
  }
}

/** The pairs of the QDQ graph that the nodes, or what is wanted, read. */
function added(nodes: readonly Node[], wanted: readonly string[], producer: ReadonlyMap<string, Node>, counterparts: ReadonlyMap<string, Node>): Node[] {
  const made = new Set(nodes.flatMap(({ outputs }) => outputs))
  const found = new Map<string, Node>()
  const need = (name: string): void => {
    const node = made.has(name) ? undefined : producer.get(name)
    if (!node || found.has(node.name) || counterparts.has(node.name)) return
    found.set(node.name, node)
    node.inputs.forEach(need)
  }
  for (const node of nodes) node.inputs.forEach(need)
  wanted.forEach(need)
  return [...found.values()]
}
