import { CODE_LIMITS, type CodeType } from '../core/grid.ts'
import type { Finding } from '../core/run.ts'
import type { ScaleRow } from '../core/scale-table.ts'
import { isPassThrough } from '../onnx/operators.ts'
import { integers } from '../onnx/tensor.ts'
import { codeUsage } from './code-usage.ts'
import { finding, numberText } from './finding.ts'
import { layerKey, setFix } from './fix.ts'
import { channelSums, computingNodes, paramsOf, scaleAt, type Operands, type Params } from './operands.ts'
import { scaleNames } from './scale-names.ts'
import { scalesOfOne } from './scale-of-one.ts'
import type { Coded, Site } from './site.ts'
import { channelIndex } from './without-codes.ts'

const INT32_MAX = 2 ** 31 - 1

/** Relative difference that the rounding of a float32 scale explains. */
const SAME_SCALE = 1e-6

/** A scale below this share of the median of its kind is absurd. */
const ABSURD = 1e-7

/** S01–S08: scales and zero points, ours or another tool's (ALGORITHMS 7.3). Silent without a quantized graph. */
export function scaleFindings(site: Site): Finding[] {
  const { coded } = site
  if (!coded) return scaleNames(site)
  const computing = computingNodes(coded)
  return [
    ...scalesOfOne(site), ...scaleNames(site), ...passThroughPairs(coded),
    ...computing.flatMap((operands) => biasScale(coded, operands)),
    ...codeUsage(site), ...badNumbers(coded), ...zeroPoints(coded),
    ...computing.flatMap((operands) => accumulator(coded, operands)),
  ]
}

/** S03: what a node hands on as it is, rounded to another grid behind it. */
function passThroughPairs({ graph, links, nameOf }: Coded): Finding[] {
  return graph.nodes.filter(isPassThrough).flatMap((node) => {
    const read = links.producer.get(node.inputs[0]!)
    const before = read?.op === 'DequantizeLinear' ? paramsOf(graph, read) : undefined
    if (!before) return []
    return node.outputs.flatMap((output) => {
      const writer = (links.consumers.get(output) ?? []).find(({ op }) => op === 'QuantizeLinear')
      const behind = writer && paramsOf(graph, writer)
      if (!behind || isSameGrid(before, behind)) return []
      const text = ({ type, scale, zeroPoint }: Params): string => `${type}, scale ${numberText(scale[0]!)}, zero point ${zeroPoint[0]}`
      return [finding('S03', before.type === behind.type ? 'error' : 'warning', {
        node: node.name, tensor: nameOf(output),
        what: `${node.op} ${node.name} only moves values, and its scales differ`,
        why: `${text(before)} before it, ${text(behind)} behind it: every value is rounded a second time, ${behind.hi < before.hi || behind.lo > before.lo ? 'and the largest are clipped' : 'for nothing'}`,
        fix: 'Give both sides the scale and zero point of the input.',
      })]
    })
  })
}

function isSameGrid(a: Params, b: Params): boolean {
  if (a.type === b.type) return a.zeroPoint[0] === b.zeroPoint[0] && isNear(a.scale[0]!, b.scale[0]!)
  return isNear(a.lo, b.lo) && isNear(a.hi, b.hi)
}

const isNear = (a: number, b: number): boolean => Math.abs(a - b) <= SAME_SCALE * Math.max(Math.abs(a), Math.abs(b))

/** S04: a bias is added to the accumulator, so its step is the accumulator's. */
function biasScale(coded: Coded, { node, input, weight, bias, ratio }: Operands): Finding[] {
  if (!bias || !input || bias.params.type !== 'int32') return []
  const codes = integers(bias.codes)
  const place = { node: node.name, tensor: coded.nameOf(bias.tensor) }
  const channels = Math.max(bias.params.scale.length, weight.params.scale.length)
  const wrong = Array.from({ length: channels }, (_, channel) => channel).filter((channel) => !isNear(scaleAt(bias.params, channel), input.params.scale[0]! * scaleAt(weight.params, channel) * ratio))
  const full = codes.filter((code) => Math.abs(code) >= INT32_MAX).length
  const [first] = wrong
  return [
    ...(first === undefined ? [] : [finding('S04', 'error', {
      ...place, what: `the bias of ${node.name} is not on the scale of its accumulator`,
      why: `scale ${numberText(scaleAt(bias.params, first))} instead of ${numberText(input.params.scale[0]!)} · ${numberText(scaleAt(weight.params, first))} = ${numberText(input.params.scale[0]! * scaleAt(weight.params, first) * ratio)} in channel ${first}; ${wrong.length} of ${channels} scales are wrong`,
      fix: 'Quantize the bias again with the scale of the input times that of the weight.',
    })]),
    ...(full === 0 ? [] : [finding('S04', 'error', {
      ...place, what: `the bias of ${node.name} overflows int32`, why: `${full} of ${codes.length} codes stand at ±${INT32_MAX}`,
      fix: 'Raise the scale of the weights of these channels, or keep the node in float.',
    })]),
  ]
}

/** S06: scales that are no numbers, not positive, or so small that everything is clipped. */
function badNumbers(coded: Coded): Finding[] {
  const { rows, nameOf } = coded
  const medians = new Map([...Map.groupBy(rows, ({ kind }) => kind)].map(([kind, list]) => [kind, median(list.flatMap(({ scale }) => scale.filter((one) => Number.isFinite(one) && one > 0)))]))
  return rows.flatMap((row) => {
    const middle = medians.get(row.kind)!
    const isTiny = (scale: number, channel: number): boolean => scale < ABSURD * middle && (row.kind === 'activation' || (row.kind === 'weight' && isClipped(coded, row, channel)))
    const bad = row.scale.flatMap((scale, channel) => (Number.isFinite(scale) && scale > 0 && !isTiny(scale, channel) ? [] : [{ scale, channel }]))
    const [first] = bad
    if (first === undefined) return []
    const isNumber = Number.isFinite(first.scale) && first.scale > 0
    return [finding('S06', 'error', {
      tensor: nameOf(row.tensor), what: `the scale of ${nameOf(row.tensor)} is ${isNumber ? 'absurdly small' : 'no positive number'}`,
      why: `${String(first.scale)}${row.scale.length > 1 ? ` in channel ${first.channel} (${bad.length} of ${row.scale.length} scales)` : ''}${isNumber ? `, the median of ${row.kind} scales is ${numberText(middle)}` : ''}`,
      fix: 'Calibrate again; look whether the samples reach this tensor and are finite.',
    })]
  })
}

/** A channel that is almost dead has a tiny scale by right: its codes are spread. With a scale that is too small they stand at the ends. */
function isClipped({ graph }: Coded, { tensor, type, axis }: ScaleRow, channel: number): boolean {
  const codes = graph.initializers.get(tensor) ?? graph.initializers.get(`${tensor}_quantized`)
  if (!codes || type === 'float32') return false
  const [min, max] = CODE_LIMITS[type]
  const channelOf = channelIndex(codes.dims, axis)
  const own = integers(codes).filter((_, index) => axis === null || channelOf(index) === channel)
  return own.filter((code) => code <= min + 1 || code >= max).length > own.length / 2
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}

/** S07: a zero point that is no code, a scale too many or too few. */
function zeroPoints({ graph, rows, nameOf }: Coded): Finding[] {
  return rows.flatMap((row) => {
    const [min, max] = row.type === 'float32' ? [-Infinity, Infinity] : CODE_LIMITS[row.type]
    const outside = row.zeroPoint.find((zero) => !Number.isInteger(zero) || zero < min || zero > max)
    const says = (what: string, why: string): Finding[] => [finding('S07', 'error', { tensor: nameOf(row.tensor), what, why, fix: 'Quantize again with a tool that keeps zero points inside the codes, one a scale.' })]
    if (outside !== undefined) return says(`the zero point of ${nameOf(row.tensor)} is outside of its codes`, `${outside} for ${row.type}, which goes from ${min} to ${max}: 0 itself cannot be written`)
    if (row.kind === 'bias' && row.zeroPoint.some((zero) => zero !== 0)) return says(`the bias ${nameOf(row.tensor)} has a zero point`, `${row.zeroPoint.find((zero) => zero !== 0)} instead of 0: accumulators have none`)
    const channels = channelsOf(graph, row)
    if (row.scale.length === row.zeroPoint.length && (channels === undefined || row.scale.length === 1 || row.scale.length === channels)) return []
    return says(`scales and zero points of ${nameOf(row.tensor)} do not fit together`, `${row.scale.length} scales, ${row.zeroPoint.length} zero points${channels === undefined ? '' : `, ${channels} channels`}`)
  })
}

function channelsOf(graph: Coded['graph'], { tensor, axis }: ScaleRow): number | undefined {
  const dims = axis === null ? undefined : (graph.initializers.get(tensor) ?? graph.initializers.get(`${tensor}_quantized`))?.dims
  return dims?.at(axis!)
}

/** S08: the largest sum of products that codes allow, against 32 bits. */
function accumulator(coded: Coded, operands: Operands): Finding[] {
  const { node, input, bias } = operands
  if (!input) return []
  const [min, max] = CODE_LIMITS[input.params.type as CodeType]
  const zero = input.params.zeroPoint[0]!
  const [low, high] = [min - zero, max - zero]
  const most = channelSums(operands, (code) => Math.max(code * low, code * high))
  const least = channelSums(operands, (code) => Math.min(code * low, code * high))
  const added = bias ? integers(bias.codes) : []
  const bounds = Array.from(most, (sum, channel) => Math.max(sum + (added[channel] ?? 0), -(least[channel]! + (added[channel] ?? 0))))
  const bound = Math.max(...bounds)
  if (bound <= INT32_MAX) return []
  const beyond = bounds.filter((each) => each > INT32_MAX).length
  return [finding('S08', 'warning', {
    node: node.name, tensor: coded.nameOf(node.outputs[0]!),
    what: `the accumulator of ${node.name} may overflow int32`,
    why: `${input.params.type} × ${operands.weight.params.type} can sum up to ${bound.toExponential(2)}, int32 holds 2.15e+9; ${beyond} of ${bounds.length} channels can`,
    fix: setFix(`${layerKey(coded.nameOf(input.tensor), 'bits')}=8`, 'Eight bits for its input; or a board with wider accumulators.'),
  })]
}
