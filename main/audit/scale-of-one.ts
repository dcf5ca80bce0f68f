import { CODE_LIMITS, type CodeType } from '../core/grid.ts'
import type { Finding } from '../core/run.ts'
import type { ScaleRow } from '../core/scale-table.ts'
import { isPassThrough } from '../onnx/operators.ts'
import { float32, integers } from '../onnx/tensor.ts'
import { finding, numberText } from './finding.ts'
import { channelSums, computingNodes, paramsOf, scaleAt } from './operands.ts'
import { imageTensors, outputTensors } from './image-skip.ts'
import { isRule } from './rules-of-range.ts'
import type { Coded, Site } from './site.ts'

/** Relative distance up to which a range is taken to give a scale of 1 by itself. */
const SAME = 1e-6

interface Cause {
  /** null: as it should be. */
  readonly severity: Finding['severity'] | null
  readonly cause: 'not calibrated' | 'unreachable' | 'degenerate zero' | 'fixed by rule' | 'coincidence' | 'unknown'
  readonly why: string
}

/** S01: a scale of exactly 1 is what an observer that never ran leaves behind, and sometimes right. Says which. */
export function scalesOfOne(site: Site): Finding[] {
  const { coded } = site
  if (!coded) return []
  return coded.rows.filter(({ kind, scale }) => kind !== 'bias' && scale.includes(1)).flatMap((row) => {
    const { severity, cause, why } = row.kind === 'weight' ? causeOfWeight(coded, row) : causeOfActivation(site, coded, row)
    if (severity === null) return []
    return [finding('S01', severity, {
      node: coded.links.producer.get(row.tensor)?.name ?? '', tensor: coded.nameOf(row.tensor),
      what: `the scale of ${coded.nameOf(row.tensor)} is exactly 1: ${cause}`, why,
      fix: cause === 'degenerate zero' ? 'Nothing to do where it should be zero; else look at what makes it.' : `Calibrate again with samples that reach ${coded.nameOf(row.tensor)}, and look for its name among those that the tool loaded.`,
    })]
  })
}

function causeOfWeight(coded: Coded, row: ScaleRow): Cause {
  const node = coded.graph.nodes.find((each) => each.op === 'DequantizeLinear' && each.inputs[0]!.replace(/_quantized$/, '') === row.tensor)
  const codes = node && coded.graph.initializers.get(node.inputs[0]!)
  const values = codes ? integers(codes) : []
  const least = row.zeroPoint[0] ?? 0
  if (row.scale.length > 1) return { severity: null, cause: 'degenerate zero', why: '' }
  if (values.every((code) => code === least)) return { severity: 'note', cause: 'degenerate zero', why: `all ${values.length} codes mean 0, and a range of nothing takes the scale 1 by convention` }
  const most = values.reduce((found, code) => Math.max(found, Math.abs(code - least)), 0)
  const [, max] = CODE_LIMITS[row.type as CodeType]
  if (most >= max - 1) return { severity: null, cause: 'coincidence', why: `its codes use the whole range up to ${most}` }
  return { severity: 'error', cause: 'not calibrated', why: `its codes reach ${most} of ${max}: a scale that was found would let the largest weight have the largest code` }
}

function causeOfActivation(site: Site, coded: Coded, row: ScaleRow): Cause {
  const rule = fixedBy(site, coded, row)
  if (rule !== undefined) return { severity: null, cause: 'fixed by rule', why: rule }
  const seen = site.statistics?.tensors.get(row.tensor)
  if (seen && seen.count === 0) return { severity: 'error', cause: 'unreachable', why: 'it is in the statistics with a count of 0: no sample reached it, and an observer that never ran keeps its first scale of 1' }
  if (seen) return causeOfSeen(row, seen)
  const source = sourceScale(coded, row)
  if (source !== undefined) return { severity: 'error', cause: 'not calibrated', why: source }
  const bound = boundOf(coded, row)
  const reach = Math.max(-row.lo, row.hi)
  if (bound !== undefined && bound < reach / 4) {
    return { severity: 'error', cause: 'not calibrated', why: `by its weights and the scale of its input it cannot leave ±${numberText(bound)}, while these codes reach ±${numberText(reach)}: a calibrated scale is at most ${numberText((bound / reach) * row.scale[0]!)}` }
  }
  if (site.statistics) return { severity: 'error', cause: 'not calibrated', why: 'the statistics hold nothing of it: an observer that never ran keeps its first scale of 1' }
  return { severity: 'error', cause: 'unknown', why: 'neither a rule nor its neighbours explain it; an observer that never ran keeps its first scale of 1. Statistics (--statistics) would tell' }
}

function causeOfSeen({ type, lo, hi }: ScaleRow, { min, max, count }: { readonly min: number; readonly max: number; readonly count: number }): Cause {
  if (min === 0 && max === 0) return { severity: 'note', cause: 'degenerate zero', why: `all ${count} values seen are 0, and a range of nothing takes the scale 1 by convention` }
  const [least, most] = CODE_LIMITS[type as CodeType]
  const largest = Math.max(-min, max)
  const natural = [largest / ((most - least - 1) / 2), largest / ((most - least + 1) / 2), (Math.max(max, 0) - Math.min(min, 0)) / (most - least)]
  if (natural.some((scale) => Math.abs(scale - 1) < SAME)) return { severity: null, cause: 'coincidence', why: `the values seen span ${numberText(min)}..${numberText(max)}` }
  return { severity: 'error', cause: 'unknown', why: `${count} values between ${numberText(min)} and ${numberText(max)} were seen, whose scale is ${natural.filter((scale) => scale > 0 && Number.isFinite(scale)).map(numberText).at(-1)}; these codes reach ${numberText(lo)}..${numberText(hi)}` }
}

/** The rule that gives a range whose step is 1: a picture, the bounds of a Clip, the recipe. */
function fixedBy(site: Site, { graph, links }: Coded, row: ScaleRow): string | undefined {
  if (isRule(row.method)) return row.reason
  // Ours, solved from statistics: 1 is what came out.
  if (row.method !== 'read') return `found by ${row.method}`
  const node = links.producer.get(row.tensor)
  const bounds = node?.op === 'Clip' ? node.inputs.slice(1, 3).map((name) => graph.initializers.get(name)).map((each) => (each?.type === 'float32' ? float32(each)[0]! : undefined)) : []
  if (bounds.length === 2 && bounds.every((each) => each !== undefined) && Math.abs(row.lo - bounds[0]!) < 0.5 && Math.abs(row.hi - bounds[1]!) < 0.5) return `${node!.name} clips to ${bounds.join('..')}`
  const { picture, output } = site.context
  const isOfPicture = (range: readonly [number, number] | undefined, tensors: ReadonlySet<string>): boolean => range !== undefined && range[1] - range[0] === 255 && tensors.has(row.tensor)
  if (isOfPicture(picture?.range, imageTensors(site)) || isOfPicture(output?.range, outputTensors(site))) return 'it holds the levels of the picture, which are whole numbers'
  return undefined
}

/** A node that only moves values: their scale is known before it. */
function sourceScale({ graph, links }: Coded, row: ScaleRow): string | undefined {
  const node = links.producer.get(row.tensor)
  const read = node && isPassThrough(node) ? links.producer.get(node.inputs[0]!) : undefined
  const params = read?.op === 'DequantizeLinear' ? paramsOf(graph, read) : undefined
  return params && params.scale[0] !== 1 ? `${node!.op} ${node!.name} hands its values on as they are, and before it their scale is ${numberText(params.scale[0]!)}` : undefined
}

/** The largest magnitude that a Conv can give, with every input value at the end of its range that counts. */
function boundOf(coded: Coded, row: ScaleRow): number | undefined {
  const operands = computingNodes(coded).find(({ node }) => node.outputs[0] === row.tensor)
  if (!operands?.input) return undefined
  const { lo, hi } = operands.input.params
  const { weight, bias } = operands
  const most = channelSums(operands, (code, channel) => Math.max(code * lo, code * hi) * scaleAt(weight.params, channel))
  const least = channelSums(operands, (code, channel) => Math.min(code * lo, code * hi) * scaleAt(weight.params, channel))
  if (operands.node.inputs.length > 2 && operands.node.inputs[2] !== '' && !bias) return undefined
  const offset = bias ? integers(bias.codes).map((code, channel) => code * scaleAt(bias.params, channel)) : []
  return Math.max(...most.map((value, channel) => Math.max(Math.abs(value + (offset[channel] ?? 0)), Math.abs(least[channel]! + (offset[channel] ?? 0)))))
}
