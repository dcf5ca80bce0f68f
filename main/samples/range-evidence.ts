import { floatAttribute } from '../onnx/attribute.ts'
import type { Graph, Node } from '../onnx/graph.ts'
import { float32, isFloat } from '../onnx/tensor.ts'
import type { Topology } from '../onnx/topology.ts'
import { numbersOf } from './graph-geometry.ts'
import { trainingInput } from './training-input.ts'

type Levels = readonly [number, number]

/** What the graph says of the values it works on. `order`: the channel order that per-channel means point to. */
export interface RangeEvidence {
  readonly range: Levels
  readonly how: string
  readonly order?: { readonly color: 'rgb' | 'bgr'; readonly how: string }
}

const BYTES: Levels = [0, 255]
const UNIT: Levels = [0, 1]
const SIGNED: Levels = [-1, 1]

/** Operators that hand values on as they are, as far as their range goes. */
const MOVES = new Set(['Identity', 'Transpose', 'Reshape', 'Squeeze', 'Unsqueeze', 'Cast', 'Pad', 'DepthToSpace', 'SpaceToDepth', 'Resize', 'Upsample', 'Relu', 'Round', 'Slice', 'Dropout', 'Concat'])

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

const shown = (values: readonly number[]): string => values.slice(0, 3).map((value) => Number(Math.abs(value).toPrecision(4))).join(', ')

/** Mean levels of pictures lie near 0.45 of full scale. A constant of that size that is added or taken away tells the scale. */
function rangeOfMean(level: number): Levels | undefined {
  if (level >= 0.2 && level <= 0.8) return UNIT
  if (level >= 60 && level <= 190) return BYTES
  return undefined
}

/** In photographs red is brightest and blue darkest on average (ImageNet 124, 117, 104; DIV2K 114, 111, 103). */
function orderOf(means: readonly number[]): RangeEvidence['order'] {
  if (means.length !== 3) return undefined
  const [a, b, c] = means.map(Math.abs) as [number, number, number]
  if (a > b && b > c) return { color: 'rgb', how: `the means ${shown(means)} fall as those of red, green and blue do` }
  if (a < b && b < c) return { color: 'bgr', how: `the means ${shown(means)} rise as those of blue, green and red do` }
  return undefined
}

function byMean(means: readonly number[], where: string): RangeEvidence | undefined {
  const range = rangeOfMean(mean(means.map(Math.abs)))
  const order = orderOf(means)
  return range && { range, how: `${where} ${shown(means)}`, ...(order === undefined ? {} : { order }) }
}

/** The constant operand of an arithmetic node with two inputs. */
function operand(graph: Graph, links: Topology, node: Node): number[] | undefined {
  return numbersOf(graph, links, node.inputs[1]) ?? numbersOf(graph, links, node.inputs[0])
}

/** What the first arithmetic on the input tells. */
function byFirstNode(graph: Graph, links: Topology, node: Node): RangeEvidence | undefined {
  if (node.op === 'Conv') return byTraining(graph, links, node)
  if (node.op === 'BatchNormalization') {
    const means = numbersOf(graph, links, node.inputs[3])
    return means && byMean(means, `'${node.name}' normalises the input by the means`)
  }
  const values = operand(graph, links, node)
  if (values === undefined || values.length === 0) return undefined
  const size = mean(values.map(Math.abs))
  if (node.op === 'Sub' || (node.op === 'Add' && values.every((value) => value < 0))) return byMean(values, `'${node.name}' takes from the input`)
  if (node.op === 'Div' && size >= 40 && size <= 256) return { range: BYTES, how: `'${node.name}' divides the input by ${shown(values)}` }
  if (node.op === 'Mul' && size > 0 && size <= 0.025) return { range: BYTES, how: `'${node.name}' multiplies the input by ${shown(values)}` }
  if (node.op === 'Mul' && size === 255) return { range: UNIT, how: `'${node.name}' multiplies the input by 255` }
  return undefined
}

function byTraining(graph: Graph, links: Topology, conv: Node): RangeEvidence | undefined {
  const seen = trainingInput(graph, links, conv)
  if (seen === undefined) return undefined
  const { deviation, mean: level } = seen
  const range = deviation < 0.37 ? UNIT : deviation < 0.76 ? SIGNED : deviation > 8.5 ? BYTES : undefined
  if (range === undefined) return undefined
  const about = `inputs of mean about ${level.toPrecision(2)} and deviation about ${deviation.toPrecision(2)} were seen in training`
  return { range, how: `estimated from the running mean and variance of the BatchNormalization after '${conv.name}': ${about}; the exact formula cannot be seen` }
}

/** Evidence at the input: the first arithmetic on every way that leaves it. */
export function inputEvidence(graph: Graph, links: Topology, input: string): RangeEvidence | undefined {
  const queue = [input]
  const seen = new Set(queue)
  for (const name of queue) {
    for (const node of links.consumers.get(name) ?? []) {
      if (!MOVES.has(node.op)) {
        const found = byFirstNode(graph, links, node)
        if (found !== undefined) return found
      } else if (!seen.has(node.outputs[0]!)) {
        seen.add(node.outputs[0]!)
        queue.push(node.outputs[0]!)
      }
    }
  }
  return undefined
}

/** The upper end that a Clip or Min cuts at; undefined where there is none. */
function upperEnd(graph: Graph, links: Topology, node: Node): number | undefined {
  if (node.op === 'Clip') return numbersOf(graph, links, node.inputs[2])?.[0] ?? floatAttribute(node, 'max', undefined)
  return node.op === 'Min' ? operand(graph, links, node)?.[0] : undefined
}

function byLastNode(graph: Graph, links: Topology, node: Node): RangeEvidence | undefined {
  const end = upperEnd(graph, links, node)
  if (end === 255) return { range: BYTES, how: `'${node.name}' clips the output at 255` }
  if (end === 1) {
    const low = node.op === 'Clip' ? (numbersOf(graph, links, node.inputs[1])?.[0] ?? floatAttribute(node, 'min', undefined)) : undefined
    return { range: low === -1 ? SIGNED : UNIT, how: `'${node.name}' clips the output at 1` }
  }
  if (node.op === 'Sigmoid') return { range: UNIT, how: `'${node.name}' is a Sigmoid` }
  if (node.op === 'Tanh') return { range: SIGNED, how: `'${node.name}' is a Tanh` }
  const values = node.op === 'Mul' || node.op === 'Div' || node.op === 'Add' ? operand(graph, links, node) : undefined
  if (values === undefined || values.length === 0) return undefined
  if (node.op === 'Add') return values.every((value) => value > 0) ? byMean(values, `'${node.name}' adds to the output`) : undefined
  if (values.some((value) => value !== 255)) return undefined
  return node.op === 'Mul' ? { range: BYTES, how: `'${node.name}' multiplies the output by 255` } : { range: UNIT, how: `'${node.name}' divides the output by 255` }
}

/** Evidence at the output: the nodes before it, through those that only move values. */
export function outputEvidence(graph: Graph, links: Topology, output: string): RangeEvidence | undefined {
  for (let name: string | undefined = output; name !== undefined; ) {
    const node: Node | undefined = links.producer.get(name)
    if (node === undefined) return undefined
    const found = byLastNode(graph, links, node)
    if (found !== undefined || (!MOVES.has(node.op) && node.op !== 'Max')) return found
    name = node.inputs.find((input) => input !== '' && links.producer.has(input))
  }
  return undefined
}

/**
 * Last resort: how strongly the first Conv answers to a white picture of 0..1, against its bias. Where the bias drowns the
 * picture, levels must be larger.
 */
export function firstConvEvidence(graph: Graph, links: Topology, input: string): RangeEvidence | undefined {
  const conv = graph.nodes.find((node) => node.op === 'Conv' && reaches(links, node.inputs[0]!, input))
  const weight = graph.initializers.get(conv?.inputs[1] ?? '')
  const bias = numbersOf(graph, links, conv?.inputs[2])
  if (conv === undefined || weight === undefined || bias === undefined || !isFloat(weight.type)) return undefined
  const values = float32(weight)
  const perOutput = values.length / weight.dims[0]!
  let answer = 0
  for (let from = 0; from < values.length; from += perOutput) answer = Math.max(answer, values.subarray(from, from + perOutput).reduce((sum, value) => sum + Math.abs(value), 0))
  const offset = Math.max(...bias.map(Math.abs))
  const facts = `'${conv.name}' answers at most ${answer.toPrecision(3)} to a picture of 0..1, its bias is at most ${offset.toPrecision(3)}`
  return offset > 4 * answer ? { range: BYTES, how: `${facts}: it was made for larger levels` } : { range: UNIT, how: `assumed, nothing in the graph says it (${facts})` }
}

/** Whether a tensor is the input, moved at most. */
function reaches(links: Topology, tensor: string, input: string): boolean {
  for (let name: string | undefined = tensor; name !== undefined; ) {
    if (name === input) return true
    const node: Node | undefined = links.producer.get(name)
    name = node !== undefined && MOVES.has(node.op) ? node.inputs[0] : undefined
  }
  return false
}
