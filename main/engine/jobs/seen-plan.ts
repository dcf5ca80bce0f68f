import { checkStatistics, nameDifferences, statisticsFit } from '../../calibrate/check-statistics.ts'
import type { Statistics } from '../../calibrate/statistics.ts'
import type { Graph } from '../../onnx/graph.ts'
import { topology } from '../../onnx/topology.ts'
import type { PictureRanges } from '../../quantize/fixed-ranges.ts'
import type { QuantizeOptions } from '../../quantize/options.ts'
import { planQuantization, type QuantizePlan } from '../../quantize/plan.ts'

export interface SeenPlan {
  readonly plan: QuantizePlan
  /** The options with what had to stay in float. */
  readonly options: QuantizeOptions
  /** What was missing, named whole; empty when nothing was. */
  readonly notes: readonly string[]
}

export interface SeenDemand {
  /** Graph that is quantized: of the observed one, raised and folded. */
  readonly graph: Graph
  readonly options: QuantizeOptions
  readonly pictures: PictureRanges
  readonly statistics: Statistics
  /** The graph that is to have been observed, and its hash. */
  readonly observed: { readonly graph: Graph; readonly sha256: string }
  /** For messages. */
  readonly where: string
  /** Statistics of another revision are taken as far as their names fit: what they do not hold stays in float. */
  readonly allowMissing: boolean
}

/** The plan of a graph, and that the statistics hold what it needs. Throws `input.statistics-*` with every name that does not fit. */
export function planOfSeen({ graph, options, pictures, statistics, observed, where, allowMissing }: SeenDemand): SeenPlan {
  const plan = planQuantization(graph, options, pictures)
  const known = [...observed.graph.inputs.map(({ name }) => name), ...observed.graph.nodes.flatMap(({ outputs }) => outputs)]
  if (!allowMissing) {
    checkStatistics(statistics, observed.sha256, neededBy(plan), { where, allowUnexpected: true, known })
    return { plan, options, notes: [] }
  }
  const { missing } = statisticsFit(statistics, observed.sha256, neededBy(plan))
  const here = new Set(known)
  const unexpected = [...statistics.tensors.keys()].filter((name) => !here.has(name))
  const without = inFloat(graph, options, pictures, statistics)
  const differences = nameDifferences(missing, unexpected)
  const notes = differences === '' ? [] : [`The statistics do not fit: ${differences}.`, ...(without.float.length === 0 ? [] : [`In float, because nothing was seen of what they read or make: ${without.float.join(', ')}.`])]
  return { plan: without.plan, options: without.options, notes }
}

/** Tensors whose range a rule knows, and those that share another one's, need not have been seen. */
const isNeeded = ({ fixed, group, tensor }: QuantizePlan['tensors'][number]): boolean => !fixed && group === tensor

const neededBy = (plan: QuantizePlan): string[] => plan.tensors.filter(isNeeded).map((tensor) => tensor.seenAs ?? tensor.tensor)

/** Keeps every node in float that makes or reads a tensor without statistics, until the plan needs none of them. */
function inFloat(graph: Graph, asked: QuantizeOptions, pictures: PictureRanges, statistics: Statistics): { plan: QuantizePlan; options: QuantizeOptions; float: readonly string[] } {
  const links = topology(graph)
  const float = new Set<string>()
  for (let options = asked; ; ) {
    const plan = planQuantization(graph, options, pictures)
    const before = float.size
    for (const tensor of plan.tensors) {
      if (!isNeeded(tensor) || statistics.tensors.has(tensor.seenAs ?? tensor.tensor)) continue
      const maker = links.producer.get(tensor.tensor)
      for (const node of [...(maker ? [maker] : []), ...(links.consumers.get(tensor.tensor) ?? [])]) float.add(node.name)
    }
    if (float.size === before) return { plan, options, float: [...float] }
    options = { ...asked, float: { ...asked.float, names: [...asked.float.names, ...float] } }
  }
}
