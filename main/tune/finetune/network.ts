import { Fault } from '../../core/fault.ts'
import { encodeModel } from '../../onnx/encode.ts'
import { withNodes } from '../../onnx/edit.ts'
import type { Dim, Graph, ValueInfo } from '../../onnx/graph.ts'
import { float32Scalar } from '../../onnx/tensor.ts'
import { topology } from '../../onnx/topology.ts'
import type { Quantized } from '../../quantize/quantize.ts'
import { inferValues } from '../../runtime/values.ts'
import { backward } from './backward.ts'
import type { Forward } from './site.ts'
import { tapeBehind } from './tape.ts'

/** A quantized graph whose constants and scales are inputs: the very pairs of the QDQ model, computed by the same kernels. */
export interface Network {
  readonly graph: Graph
  /** Weight or bias → the input that takes its value behind its codes. */
  readonly constants: ReadonlyMap<string, string>
  /** Group of tensors → the input that takes its scale. */
  readonly scales: ReadonlyMap<string, string>
}

/** Makes inputs of the constants of a quantized graph and of the scales of the named groups; sizes of its inputs are fixed. */
export function networkOf({ graph, plan, dequantizedNames, constantNames }: Quantized, groups: ReadonlySet<string>, inputDims: Readonly<Record<string, readonly number[]>>): Network {
  const { producer } = topology(graph)
  const scales = new Map(plan.tensors.flatMap(({ tensor, group }) => (groups.has(group) ? [[group, producer.get(dequantizedNames.get(tensor)!)!.inputs[1]!] as const] : [])))
  const constants = new Map([...constantNames].map(([tensor, name]) => [tensor, name]))
  const taken = new Set(constants.values())
  const initializers = new Map(graph.initializers)
  const inputs: ValueInfo[] = graph.inputs.map(({ name, type, dims }) => ({ name, type, dims: inputDims[name] ?? dims }))
  for (const name of taken) inputs.push({ name, type: 'float32', dims: initializers.get(producer.get(name)!.inputs[0]!)!.dims })
  for (const name of new Set(scales.values())) {
    inputs.push({ name, type: 'float32', dims: [] })
    initializers.delete(name)
  }
  const outputs = graph.outputs.map(({ name, type, dims }) => ({ name, type, dims: dims?.map(() => null) ?? null }))
  const nodes = graph.nodes.filter(({ outputs: [made] }) => !taken.has(made!))
  const { proto: _proto, ...bare } = graph
  return { graph: withNodes(bare, nodes, { inputs, outputs, initializers, values: new Map() }), constants, scales }
}

/** Names of what a training graph takes and gives. */
export interface TrainingGraph {
  readonly bytes: Uint8Array
  /** Scalars: the loss of each graph output, already weighed. */
  readonly losses: readonly string[]
  /** Trained input → its gradient. Inputs that move no output are missing. */
  readonly gradients: ReadonlyMap<string, string>
  /** Graph output → the input that takes what it should be. */
  readonly targets: ReadonlyMap<string, string>
}

function sizesOf(tensor: string, dims: readonly Dim[] | null | undefined): readonly number[] {
  if (dims?.every((size) => typeof size === 'number')) return dims
  throw new Fault({
    code: 'model.no-gradient', where: tensor, what: 'the size of this tensor is known at run time only, and fine-tuning needs it before',
    next: 'Export the model with shapes that follow from its input, or leave quantize.finetune out.',
  })
}

/** Squared error of every output, `weights` times its sum, and with `trained` the gradients of these inputs. */
export async function trainingGraph(graph: Graph, weights: ReadonlyMap<string, number>, trained: ReadonlySet<string>): Promise<TrainingGraph> {
  const inferred = await inferValues(encodeModel(graph))
  const known = new Map<string, { readonly dims: readonly Dim[] | null }>([...graph.initializers, ...inferred, ...graph.inputs.map((input) => [input.name, input] as const)])
  const forward: Forward = { graph, dims: (tensor) => sizesOf(tensor, known.get(tensor)?.dims) }
  const tape = tapeBehind(graph)
  const targets = new Map<string, string>()
  const seeds = new Map<string, string>()
  const losses: string[] = []
  for (const [output, weight] of weights) {
    const target = `${output}/target`
    targets.set(output, target)
    const apart = tape.add('Sub', [output, target])
    seeds.set(output, tape.add('Mul', [apart, tape.constant(float32Scalar(2 * weight))]))
    losses.push(tape.add('Mul', [tape.add('ReduceSumSquare', [apart], { keepdims: 0 }), tape.constant(float32Scalar(weight))]))
  }
  const gradients = trained.size === 0 ? new Map<string, string>() : backward(forward, tape, seeds, trained)
  const info = (name: string, dims: readonly number[]): ValueInfo => ({ name, type: 'float32', dims })
  const whole: Graph = {
    ...graph,
    nodes: [...graph.nodes, ...tape.nodes],
    initializers: new Map([...graph.initializers, ...tape.initializers]),
    inputs: [...graph.inputs, ...[...targets].map(([output, target]) => info(target, forward.dims(output)))],
    outputs: [...losses.map((name) => info(name, [])), ...[...gradients].map(([input, name]) => info(name, forward.dims(input)))],
  }
  return { bytes: encodeModel(withNodes(graph, whole.nodes, whole)), losses, gradients, targets }
}
