import { activationPeak } from '../main/compare/activation-memory.ts'
import { multiplyAccumulates } from '../main/compare/macs.ts'
import { codedGraph, feedsFor } from '../main/compare/operator-precision.ts'
import type { Column } from '../main/cli/layout.ts'
import { grouped } from '../main/cli/numbers.ts'
import { quietTask } from '../main/core/task.ts'
import { attributesOf } from '../main/onnx/attribute.ts'
import { encodeModel } from '../main/onnx/encode.ts'
import type { Graph, ValueInfo } from '../main/onnx/graph.ts'
import { float32List } from '../main/onnx/tensor.ts'
import { applyRewrites } from '../main/rewrite/apply.ts'
import { inferValues } from '../main/runtime/values.ts'
import { table } from './figure.ts'
import { fastestInTurns } from './in-turns.ts'
import type { SectionResult } from './main.ts'

/** Eightfold enlargement of so many channels of so large a map. */
const FACTOR = 8
const [CHANNELS, SIDE] = [16, 48]
const BUDGET_MS = 1500
const MB = 1e6

const FORMS = [
  { form: 'conv1x1', said: 'one step: 1×1 Conv + DepthToSpace' }, { form: 'cascade', said: 'three steps of 2×' },
  { form: 'grouped', said: 'one step, grouped Conv' }, { form: 'convtranspose', said: 'depthwise ConvTranspose' },
] as const

interface FormRow {
  readonly form: string
  readonly said: string
  readonly macs: number
  /** The most channels that one tensor has. */
  readonly channelPeak: number
  /** Activations alive at once, int8 bytes. */
  readonly peakBytes: number
  readonly floatMs: number
  readonly fusedMs: number
  readonly floatRatio: number
  readonly fusedRatio: number
}

/** What the forms of one 8× enlargement cost, against the first of them. */
export async function benchCascade(): Promise<SectionResult> {
  const resize = enlarging()
  const settings = { context: { keep: new Set<string>(), picture: null, output: null }, where: `${FACTOR}×` }
  const graphs: { readonly form: string; readonly said: string; readonly graph: Graph }[] = []
  for (const { form, said } of FORMS) {
    const { graph } = await applyRewrites(resize, [{ rewrite: 'resize-to-conv', options: { form } }], settings, quietTask)
    graphs.push({ form, said, graph })
  }
  graphs.push({ form: 'resize', said: 'the Resize itself', graph: resize })
  const models = graphs.flatMap(({ graph }) => {
    const coded = codedGraph(graph, 8)!
    return [{ bytes: encodeModel(graph), mode: 'float', feeds: feedsFor(graph) } as const, { bytes: encodeModel(coded), mode: 'fused', feeds: feedsFor(coded) } as const]
  })
  const fastest = await fastestInTurns(models, BUDGET_MS)
  const rows: FormRow[] = []
  for (const [index, { form, said, graph }] of graphs.entries()) {
    const values = await inferValues(encodeModel(graph))
    const [floatMs, fusedMs] = [fastest[2 * index]!, fastest[2 * index + 1]!]
    rows.push({
      form, said, macs: multiplyAccumulates(graph, values), channelPeak: Math.max(...[...values.values()].map(({ dims }) => Number(dims?.[1] ?? 0))),
      peakBytes: activationPeak(graph, values)!.values, floatMs, fusedMs, floatRatio: floatMs / fastest[0]!, fusedRatio: fusedMs / fastest[1]!,
    })
  }
  return { figures: [], text: [`${FACTOR}× nearest enlargement of ${CHANNELS}×${SIDE}×${SIDE}; fastest runs of all in turns, against the first row`, table(COLUMNS, rows.map(cells))].join('\n'), details: { cascade: rows } }
}

function enlarging(): Graph {
  const ends = [['x', SIDE], ['y', SIDE * FACTOR]] as const
  const [x, y] = ends.map(([name, side]): ValueInfo => ({ name, type: 'float32', dims: [1, CHANNELS, side, side] })) as [ValueInfo, ValueInfo]
  const attributes = attributesOf({ mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' })
  return {
    name: 'enlarging', nodes: [{ name: 'resize', op: 'Resize', domain: '', inputs: ['x', '', 'scales'], outputs: ['y'], attributes }], inputs: [x], outputs: [y],
    initializers: new Map([['scales', float32List([1, 1, FACTOR, FACTOR])]]), values: new Map([['x', x], ['y', y]]), opsets: new Map([['', 17]]), irVersion: 8,
  }
}

const right = (title: string): Column => ({ title, align: 'right' })
const COLUMNS: readonly Column[] = [
  { title: 'form' }, { title: 'is' }, right('MACs'), right('channel peak'), right('int8 MB'), right('float ms'), right('ratio'), right('fused ms'), right('ratio'),
]

const cells = ({ form, said, macs, channelPeak, peakBytes, floatMs, floatRatio, fusedMs, fusedRatio }: FormRow): string[] => [
  form, said, grouped(macs), String(channelPeak), (peakBytes / MB).toFixed(2), floatMs.toFixed(3), floatRatio.toFixed(2), fusedMs.toFixed(3), fusedRatio.toFixed(2),
]
