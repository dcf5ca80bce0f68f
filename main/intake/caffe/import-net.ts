import { Fault } from '../../core/fault.ts'
import { didYouMean } from '../../core/nearest.ts'
import { attributesOf } from '../../onnx/attribute.ts'
import type { Graph, Node, Tensor } from '../../onnx/graph.ts'
import { elementCount, tensor } from '../../onnx/tensor.ts'
import type { Blob } from './caffemodel.ts'
import { DATA, LAYERS, ONLY_TRAINING, typeOf } from './layers.ts'
import { Fields, parsePrototxt, type At } from './prototxt.ts'
import type { Site, Value } from './site.ts'

/** Where a Caffe net ends in boxes, what its decoder needs to know. */
export interface DetectionFacts {
  readonly layer: string
  /** Names of the graph's tensors: offsets, scores, and the boxes they start from (a constant). */
  readonly offsets: string
  readonly scores: string
  readonly priors: string
  readonly classes: number
  readonly background: number
  readonly nmsThreshold: number
  readonly nmsTopK: number
  readonly keepTopK: number
  readonly confidence: number
  /** CORNER, CENTER_SIZE or CORNER_SIZE. */
  readonly code: string
  /** Whether offsets are already multiplied by the variances. */
  readonly varianceInTarget: boolean
}

export interface ImportedNet {
  readonly graph: Graph
  /** Boxes that the decoder starts from, [1, 2, boxes · 4]. */
  readonly detection?: DetectionFacts
  readonly priors?: Tensor
  readonly notes: readonly string[]
}

export interface ImportOptions {
  /** For faults. */
  readonly where: string
  /** Height and width in place of those of the file. */
  readonly size?: readonly [height: number, width: number]
  /** What a layer has learned, by its name. */
  readonly weights: (layer: string) => readonly Blob[] | undefined
}

const OPSET = 13
const IR_VERSION = 7

/** A Caffe net as ONNX, float32, opset 13, sizes as they are written. Throws `model.caffe-*` with file and line. */
export function importNet(source: string, { where, size, weights }: ImportOptions): ImportedNet {
  const at: At = (line) => `${where}:${line}`
  const net = new Fields(parsePrototxt(source, at), at)
  const nodes: Node[] = []
  const initializers = new Map<string, Tensor>()
  const taken = new Set<string>()
  const notes: string[] = []
  const unique = uniqueIn(taken)
  /** What each top means now: layers may write over their input. */
  const blobs = new Map<string, Value>()
  const used = new Set<string>()
  const inputs = inputsOf(net, at, size).map(({ name, dims }) => {
    const value = { name: unique(name), dims }
    blobs.set(name, value)
    return value
  })
  let detection: DetectionFacts | undefined
  for (const { layer, isOld } of layersOf(net, at)) {
    const type = typeOf(layer.text('type'), isOld)
    const name = layer.text('name', type)
    const [bottoms, tops] = [layer.texts('bottom'), layer.texts('top')]
    if (type === 'Input' || !isDeployed(layer)) continue
    const refuse: Site['refuse'] = (what, next = 'Change the layer, or leave it out.') => {
      throw new Fault({ code: 'model.caffe-layer', where: `${at(layer.line)} (${type} ${name})`, what, next })
    }
    if (ONLY_TRAINING.has(type)) {
      notes.push(`${type} ${name} belongs to training and is left out.`)
      continue
    }
    if (DATA.has(type)) refuse('the net reads training data', 'Give the net for deployment: deploy.prototxt, which begins with `input`.')
    const values = bottoms.map((bottom) => blobs.get(bottom) ?? refuse(`nothing before it makes «${bottom}»`, didYouMean(bottom, blobs.keys()) ?? 'Correct `bottom`.'))
    if (type === 'DetectionOutput') {
      detection = detectionOf(layer, name, values.map((value) => value.name))
      notes.push(`${name} decodes boxes and stays outside of the model: its offsets, scores and starting boxes are the outputs.`)
      continue
    }
    for (const bottom of bottoms) used.add(bottom)
    const convert = LAYERS.get(type) ?? refuse(`layers of type «${type}» are not known`, didYouMean(type, LAYERS.keys()))
    if (values.length === 0) refuse('it has no input', 'Say its `bottom`.')
    const learned = weights(name) ?? []
    /** A top that is written over takes the layer's name; the last one to write it keeps its own. */
    const nameOf = (top: number): string => unique(blobs.has(tops[top]!) || taken.has(tops[top]!) ? name : tops[top]!)
    const set = (top: number, value: Value): void => {
      if (tops[top] === undefined) return refuse('it names too few tops')
      blobs.set(tops[top], value)
      // Whoever reads it next reads the new one.
      used.delete(tops[top])
    }
    convert({
      layer, name, type, inputs: values, tops: tops.length, refuse, pass: (value, top = 0) => set(top, value),
      learned: (index, dims) => learnedTensor(learned, index, dims, refuse),
      constant(wish, value) {
        const made = unique(wish)
        initializers.set(made, value)
        return made
      },
      emit(op, from, dims, attributes = {}, top) {
        if (top !== undefined && tops[top] === undefined) refuse('it names too few tops')
        const output = top === undefined ? unique(`${name}/${op}`) : nameOf(top)
        nodes.push({ name: top === undefined ? output : name, op, domain: '', inputs: from, outputs: [output], attributes: attributesOf(attributes) })
        const value = { name: output, dims }
        if (top !== undefined) set(top, value)
        return value
      },
    })
  }
  const joined = withJoinedPriors(nodes, initializers)
  const ends = detection === undefined ? [...blobs].filter(([top]) => !used.has(top)).map(([, value]) => value) : [detection.offsets, detection.scores].map((name) => [...blobs.values()].find((value) => value.name === name)!)
  const outputs = ends.filter(({ name }) => joined.nodes.some((node) => node.outputs.includes(name)))
  if (outputs.length === 0) throw new Fault({ code: 'model.caffe-layer', where, what: 'the net computes nothing', next: 'Give a prototxt with layers.' })
  const info = ({ name, dims }: Value) => ({ name, type: 'float32' as const, dims: ['N', ...dims.slice(1)] })
  const priors = detection === undefined ? undefined : joined.initializers.get(detection.priors)
  if (detection !== undefined) joined.initializers.delete(detection.priors)
  return {
    graph: {
      name: net.text('name', 'caffe'), nodes: uniqueNames(joined.nodes), inputs: inputs.map(info), outputs: outputs.map(info), initializers: joined.initializers, values: new Map(),
      opsets: new Map([['', OPSET]]), irVersion: IR_VERSION,
    },
    notes, ...(detection === undefined || priors === undefined ? {} : { detection, priors }),
  }
}

const layersOf = (net: Fields, at: At): { layer: Fields; isOld: boolean }[] => {
  const found = [...net.messages('layer').map((layer) => ({ layer, isOld: false })), ...net.messages('layers').map((layer) => ({ layer, isOld: true }))]
  if (found.length === 0) throw new Fault({ code: 'model.caffe-layer', where: at(1), what: 'the net has no layers', next: 'Give the prototxt of a net, not of a solver.' })
  const oldest = found.find(({ layer }) => layer.has('layer'))
  if (oldest !== undefined) throw new Fault({ code: 'model.caffe-layer', where: at(oldest.layer.line), what: 'this is the oldest kind of prototxt', next: 'Take it through upgrade_net_proto_text of Caffe first.' })
  return found
}

/** `include` and `exclude` say in which phase a layer lives; a deployed net is in TEST. */
const isDeployed = (layer: Fields): boolean => {
  const phases = (rule: string): string[] => layer.messages(rule).map((each) => each.text('phase').toUpperCase()).filter((phase) => phase !== '')
  const [included, excluded] = [phases('include'), phases('exclude')]
  return (included.length === 0 || included.includes('TEST')) && !excluded.includes('TEST')
}

/** Inputs of the header, in each of the three ways it was ever written. */
function inputsOf(net: Fields, at: At, size: ImportOptions['size']): Value[] {
  const header = net.texts('input')
  const shapes = net.messages('input_shape').map((shape) => shape.numbers('dim'))
  const flat = net.numbers('input_dim')
  const named = header.map((name, index) => ({ name, dims: shapes[index] ?? flat.slice(index * 4, index * 4 + 4), line: net.lineOf('input') }))
  const layers = net.messages('layer').filter((layer) => layer.text('type') === 'Input')
    .flatMap((layer) => layer.texts('top').map((name, index) => ({ name, dims: (layer.message('input_param').messages('shape')[index] ?? layer.message('input_param').message('shape')).numbers('dim'), line: layer.line })))
  const inputs = [...named, ...layers]
  if (inputs.length === 0) throw new Fault({ code: 'model.caffe-layer', where: at(1), what: 'the net has no input', next: 'Give the net for deployment: deploy.prototxt, which begins with `input`.' })
  return inputs.map(({ name, dims, line }) => {
    if (dims.length === 0 || dims.some((dim) => !Number.isInteger(dim) || dim < 1)) throw new Fault({ code: 'model.caffe-layer', where: at(line), what: `the size of the input ${name} is not known`, next: 'Say `input_shape { dim: 1 dim: 3 dim: HEIGHT dim: WIDTH }`.' })
    return { name, dims: size !== undefined && dims.length === 4 ? [dims[0]!, dims[1]!, ...size] : dims }
  })
}

function learnedTensor(blobs: readonly Blob[], index: number, dims: readonly number[], refuse: Site['refuse']): Tensor {
  const blob = blobs[index]
  if (blob === undefined) return refuse(`it needs ${index + 1} learned blobs, the .caffemodel has ${blobs.length} under its name`, 'Give the .caffemodel of this very net; layers are found by name.')
  if (blob.data.length !== elementCount(dims)) refuse(`its blob ${index + 1} should be [${dims.join(', ')}], the .caffemodel has [${blob.dims.join(', ')}]`, 'Give the .caffemodel of this very net.')
  return tensor('float32', dims, blob.data)
}

function detectionOf(layer: Fields, name: string, [offsets, scores, priors]: readonly string[]): DetectionFacts {
  const param = layer.message('detection_output_param')
  const nms = param.message('nms_param')
  return {
    layer: name, offsets: offsets ?? '', scores: scores ?? '', priors: priors ?? '',
    classes: param.number('num_classes', 0), background: param.number('background_label_id', 0), nmsThreshold: nms.number('nms_threshold', 0.3), nmsTopK: nms.number('top_k', -1),
    keepTopK: param.number('keep_top_k', -1), confidence: param.number('confidence_threshold', 0), code: param.text('code_type', 'CORNER').toUpperCase(), varianceInTarget: param.flag('variance_encoded_in_target', false),
  }
}

/** Constants that are joined are one constant: starting boxes of several maps. */
function withJoinedPriors(nodes: readonly Node[], initializers: Map<string, Tensor>): { nodes: Node[]; initializers: Map<string, Tensor> } {
  const left = nodes.filter((node) => {
    const parts = node.inputs.map((input) => initializers.get(input))
    const axis = node.attributes.get('axis')
    if (node.op !== 'Concat' || parts.some((part) => part === undefined) || axis?.kind !== 'int') return true
    initializers.set(node.outputs[0]!, concatenated(parts as Tensor[], Number(axis.value)))
    for (const input of node.inputs) initializers.delete(input)
    return false
  })
  return { nodes: left, initializers }
}

function concatenated(parts: readonly Tensor[], axis: number): Tensor {
  const { dims } = parts[0]!
  const outer = elementCount(dims.slice(0, axis))
  const lengths = parts.map((part) => elementCount(part.dims.slice(axis)))
  const data = new Float32Array(parts.reduce((sum, part) => sum + part.data.length, 0))
  let at = 0
  for (let row = 0; row < outer; row++) {
    for (const [index, part] of parts.entries()) {
      const length = lengths[index]!
      data.set((part.data as Float32Array).subarray(row * length, (row + 1) * length), at)
      at += length
    }
  }
  return tensor('float32', dims.map((dim, index) => (index === axis ? parts.reduce((sum, part) => sum + part.dims[axis]!, 0) : dim)), data)
}

/** Gives names that are not taken yet, and takes them. */
const uniqueIn = (taken: Set<string>) => (wish: string): string => {
  let name = wish
  for (let count = 2; taken.has(name); count++) name = `${wish}_${count}`
  taken.add(name)
  return name
}

/** Layers may share a name; nodes may not. */
function uniqueNames(nodes: readonly Node[]): Node[] {
  const unique = uniqueIn(new Set())
  return nodes.map((node) => ({ ...node, name: unique(node.name) }))
}
