import type { Node } from '../onnx/graph.ts'
import { COMPUTE, isAffine, isPassThrough } from '../onnx/operators.ts'
import { ancestorsOf, type Site } from './site.ts'

/** An Add of the picture itself, enlarged or not, to what the network made of it. */
export interface ImageSkip {
  readonly add: Node
  /** The operand that is the picture. */
  readonly image: string
  readonly isEnlarged: boolean
  /** Computing nodes between the picture and the Add on the other side. */
  readonly depth: number
}

type Ground = Pick<Site, 'graph' | 'links' | 'context'>

/** Fewer than so many computing nodes beside it: nothing is held for long. */
const DEEP = 2

const ENLARGES = new Set(['Resize', 'Upsample', 'DepthToSpace'])
const KEEPS_IMAGE = new Set(['Resize', 'Upsample', 'Clip', 'Cast', 'Pad', 'Concat'])

/** Tensors that hold the picture: moved, enlarged, repeated, or shifted and scaled by constants. */
export function imageTensors({ graph, context: { picture } }: Pick<Ground, 'graph' | 'context'>): Set<string> {
  const images = new Set(picture ? [picture.input] : [])
  for (const node of graph.nodes) {
    const keeps = isPassThrough(node) || isAffine(graph, node) || KEEPS_IMAGE.has(node.op)
    const data = node.inputs.filter((name) => name !== '' && !graph.initializers.has(name))
    if (keeps && data.length > 0 && data.every((name) => images.has(name))) for (const output of node.outputs) images.add(output)
  }
  return images
}

/** Tensors that become the picture output by moving and clipping alone, and what is added to the picture for it. */
export function outputTensors(ground: Ground): Set<string> {
  const { graph, links, context: { output } } = ground
  if (!output) return new Set()
  const images = imageTensors(ground)
  const found = new Set([output.name])
  for (let name = output.name; ; ) {
    const node = links.producer.get(name)
    if (node?.op === 'Add' && node.inputs.some((each) => images.has(each))) return new Set([...found, ...node.inputs])
    if (!node || !(isPassThrough(node) || node.op === 'Clip' || node.op === 'Relu')) return found
    name = node.inputs[0]!
    if (graph.initializers.has(name)) return found
    found.add(name)
  }
}

/** Every image-space skip of a graph. */
export function imageSkips(ground: Ground): ImageSkip[] {
  const { graph, links } = ground
  const images = imageTensors(ground)
  return graph.nodes.filter(({ op, inputs }) => op === 'Add' && inputs.length === 2).flatMap((add) => {
    const [first, second] = add.inputs as [string, string]
    const image = images.has(first) ? first : images.has(second) ? second : undefined
    if (image === undefined || images.has(add.outputs[0]!)) return []
    const other = image === first ? second : first
    if (graph.initializers.has(other)) return []
    const depth = [...ancestorsOf(links, other)].filter(({ op }) => COMPUTE.has(op)).length
    return depth >= DEEP ? [{ add, image, depth, isEnlarged: [...ancestorsOf(links, image)].some(({ op }) => ENLARGES.has(op)) }] : []
  })
}
