import type { GraphNode, GraphTensor, ModelGraph } from '../../../../preload/contract/index.ts'

/** `1×3×H×W`; `?` where nothing is known, `scalar` for none. */
export function dimsText(dims: GraphTensor['dims']): string {
  if (dims === null) return '?'
  return dims.length === 0 ? 'scalar' : dims.map((dim) => dim ?? '?').join('×')
}

const SHORT_TYPES: Readonly<Record<string, string>> = { uint8: 'u8', int8: 'i8', uint16: 'u16', int16: 'i16', uint4: 'u4', int4: 'i4', int32: 'i32' }
export const shortType = (type: string): string => SHORT_TYPES[type] ?? type

/** What stands beside an edge: shape, type where it is not float32, and the codes that it is rounded to. */
export function tensorLabel({ dims, type, codes }: GraphTensor, withCodes: boolean): string {
  return [dimsText(dims), type === 'float32' ? '' : type, withCodes && codes !== null ? shortType(codes.type) : ''].filter(Boolean).join(' ')
}

const listOf = (text: string): string[] => text.replace(/^\[|\]$/g, '').split(', ')
const allAre = (text: string | undefined, value: string): boolean => text === undefined || listOf(text).every((each) => each === value)

/** The tensor itself, or what it is a rounded copy of. */
export function unrounded({ nodes }: ModelGraph): (tensor: number) => number {
  const bases = new Map(nodes.flatMap(({ rounds, outputs }) => (rounds === null ? [] : outputs.map((output) => [output, rounds] as const))))
  const base = (tensor: number): number => {
    const found = bases.get(tensor)
    return found === undefined ? tensor : base(found)
  }
  return base
}

/** What of its attributes and constants tells a node apart, in a line: `3×3 28→28 /2`. Empty where nothing does. `base`: see `unrounded`. */
export function summaryOf(node: GraphNode, tensors: ModelGraph['tensors'], base: (tensor: number) => number): string {
  const given = new Map(node.attributes.map(({ name, text }) => [name, text]))
  const constant = (index: number): GraphTensor | undefined => {
    const tensor = tensors[base(node.inputs[index] ?? -1)]
    return tensor?.initializer ? tensor : undefined
  }
  const special = SPECIAL[node.op]?.(given, constant)
  if (special !== undefined) return special.filter(Boolean).join(' ')
  return node.attributes.filter(({ kind }) => kind === 'int' || kind === 'float' || kind === 'string' || kind === 'ints').slice(0, 2).map(({ name, text }) => `${name} ${text}`).join(' ')
}

type Given = ReadonlyMap<string, string>
type Constant = (input: number) => GraphTensor | undefined
type Summary = (given: Given, constant: Constant) => readonly string[]

const convolution: Summary = (given, constant) => {
  const weights = constant(1)?.dims
  const kernel = given.get('kernel_shape') === undefined ? weights?.slice(2) : listOf(given.get('kernel_shape')!)
  return [
    kernel?.join('×') ?? '', weights ? `${weights[1]}→${weights[0]}` : '', allAre(given.get('strides'), '1') ? '' : `/${listOf(given.get('strides')!)[0]}`,
    given.get('group') === undefined || given.get('group') === '1' ? '' : `groups ${given.get('group')}`, allAre(given.get('dilations'), '1') ? '' : `dilation ${listOf(given.get('dilations')!)[0]}`,
  ]
}
const pool: Summary = (given) => [listOf(given.get('kernel_shape') ?? '').join('×'), allAre(given.get('strides'), '1') ? '' : `/${listOf(given.get('strides')!)[0]}`]
const withConstant: Summary = (_given, constant) => {
  const found = constant(1) ?? constant(0)
  const values = found?.initializer?.values
  if (found === undefined) return []
  return [values?.length === 1 ? String(Number(values[0]!.toPrecision(5))) : `[${dimsText(found.dims)}]`]
}
const matrix: Summary = (_given, constant) => [dimsText(constant(1)?.dims ?? [])].map((text) => (text === 'scalar' ? '' : text))
const list = (index: number): Summary => (given, constant) => [constant(index)?.initializer?.values?.join(', ') ?? '', given.get('axis') === undefined ? '' : `axis ${given.get('axis')}`]
const range: Summary = (given, constant) => [
  ['min', 1], ['max', 2],
].map(([name, index]) => given.get(String(name)) ?? constant(Number(index))?.initializer?.values?.join() ?? '').filter(Boolean).length === 0
  ? []
  : [`${given.get('min') ?? constant(1)?.initializer?.values?.join() ?? '−∞'} … ${given.get('max') ?? constant(2)?.initializer?.values?.join() ?? '∞'}`]
const rounding: Summary = (_given, constant) => {
  const scale = constant(1)?.initializer
  if (!scale || scale.min === null || scale.max === null) return []
  return [[...new Set([scale.min, scale.max])].map((each) => String(Number(each.toPrecision(3)))).join(' … '), shortType(constant(2)?.type ?? '')]
}

const SPECIAL: Readonly<Record<string, Summary>> = {
  Conv: convolution, ConvTranspose: (given, constant) => convolution(given, (index) => swapped(constant(index))), QLinearConv: (given, constant) => convolution(given, (index) => constant(index + 2)),
  MaxPool: pool, AveragePool: pool, Add: withConstant, Sub: withConstant, Mul: withConstant, Div: withConstant, Pow: withConstant, PRelu: withConstant, Gemm: matrix, MatMul: matrix,
  Reshape: list(1), Squeeze: list(1), Unsqueeze: list(1), Clip: range, QuantizeLinear: rounding, DequantizeLinear: rounding,
  Transpose: (given) => [given.get('perm') ?? ''], Concat: (given) => [`axis ${given.get('axis') ?? '?'}`], DepthToSpace: (given) => [`×${given.get('blocksize') ?? '?'}`, given.get('mode') ?? 'DCR'],
  SpaceToDepth: (given) => [`/${given.get('blocksize') ?? '?'}`], Softmax: (given) => [given.get('axis') === undefined ? '' : `axis ${given.get('axis')}`], LeakyRelu: (given) => [given.get('alpha') ?? '0.01'],
  Resize: (given, constant) => [given.get('mode') ?? 'nearest', constant(2)?.initializer?.values?.join('×') ?? constant(3)?.initializer?.values?.join('×') ?? ''],
  BatchNormalization: () => [], Cast: (given) => [given.get('to') === undefined ? '' : `to ${given.get('to')}`],
}

/** Weights of a transposed convolution stand the other way round. */
function swapped(tensor: GraphTensor | undefined): GraphTensor | undefined {
  if (tensor?.dims === null || tensor?.dims === undefined) return tensor
  const [first = null, second = null, ...rest] = tensor.dims
  return { ...tensor, dims: [second, first, ...rest] }
}
