import type { Column } from '../main/cli/layout.ts'
import { quantizeFrom } from '../main/engine/jobs/quantize.ts'
import { encodeModel } from '../main/onnx/encode.ts'
import { say, table } from './figure.ts'
import { fastestInTurns, type TimedModel } from './in-turns.ts'
import type { SectionResult } from './main.ts'
import { observed } from './pipeline.ts'
import { evaluationOf, qualityOf } from './quality.ts'
import { ABPN, hasData, recipeOf, sampleSubject, subjects, type Subject } from './subjects.ts'

interface Way {
  readonly name: string
  readonly set: readonly string[]
}

const WIDE = ['quantize.activations.bits=16', 'quantize.weights.bits=16']

/** The troubled sample, from as it stands to what its card asks for. */
const TROUBLED: readonly Way[] = [
  { name: 'plain int8, nothing folded', set: ['quantize.fold=off'] }, { name: 'int8', set: [] }, { name: 'int8, rewrite: auto', set: ['rewrite=auto'] },
  { name: 'int8, rewrite: auto, output: accumulator', set: ['rewrite=auto', 'quantize.output=accumulator'] },
  { name: 'int8, Resize replaced, its path in int16', set: ['rewrite=auto', 'quantize.output=accumulator', 'quantize.layers.upsample.bits=16'] },
  { name: 'int16', set: WIDE }, { name: 'int16, rewrite: auto', set: ['rewrite=auto', ...WIDE] },
]

const ANCHOR: readonly Way[] = [{ name: 'original', set: [] }, { name: 'anchor merged', set: ['rewrite.anchor.to=merged'] }]
const BUDGET_MS = 2000

interface WayRow {
  readonly model: string
  readonly way: string
  readonly floatDb: number
  readonly simulatedDb: number
  readonly dropDb: number
  /** Operators of the float graph that was quantized. */
  readonly operators: string
  readonly fusedMs?: number
  readonly fusedRatio?: number
}

/** What rewrites change: quality of the troubled sample before and after, and ABPN's anchor inside its last convolution. */
export async function benchRewrites(): Promise<SectionResult> {
  const troubled = (await rowsOf(sampleSubject('troubled_x2'), TROUBLED)).map(({ row }) => row)
  const text = ['Rewrites of the troubled sample, PSNR-Y on the sample\'s pictures, simulated', table(COLUMNS, troubled.map(cells))]
  if (!hasData) return { figures: [], text: text.join('\n'), details: { rewrites: troubled } }
  const abpn = await rowsOf(subjects().find(({ name }) => name === ABPN)!, ANCHOR)
  const fastest = await fastestInTurns(abpn.map(({ fused }) => fused), BUDGET_MS)
  const merged = abpn.map(({ row }, index): WayRow => ({ ...row, fusedMs: fastest[index]!, fusedRatio: fastest[index]! / fastest[0]! }))
  text.push('', 'ABPN ×3 and its anchor merged, PSNR-Y on Set5, simulated; fastest fused run on the first picture, in turns', table([...COLUMNS, right('fused ms'), right('ratio')], merged.map(cells)))
  return { figures: [], text: text.join('\n'), details: { rewrites: [...troubled, ...merged] } }
}

async function rowsOf(subject: Subject, ways: readonly Way[]): Promise<{ row: WayRow; fused: TimedModel }[]> {
  const rows = []
  for (const { name, set } of ways) {
    const recipe = recipeOf(subject, { set })
    const { piece, statistics } = await observed(recipe)
    const evaluation = await evaluationOf(piece, subject, 0)
    const { quantized, workGraph } = quantizeFrom(piece, recipe, statistics, subject.name)
    const bytes = encodeModel(quantized.graph)
    const simulatedDb = await qualityOf(bytes, 'simulated', evaluation)
    const counts = Map.groupBy(workGraph.nodes, ({ op }) => op)
    const operators = [...counts].map(([op, nodes]) => (nodes.length === 1 ? op : `${nodes.length} ${op}`)).join(' ')
    const { feeds } = await evaluation.samples.load(0)
    rows.push({ row: { model: subject.name, way: name, floatDb: evaluation.floatDb, simulatedDb, dropDb: evaluation.floatDb - simulatedDb, operators }, fused: { bytes, mode: 'fused', feeds } as const })
    say(`${subject.name}, ${name}: ${simulatedDb.toFixed(3)} dB`)
  }
  return rows
}

const right = (title: string): Column => ({ title, align: 'right' })
const COLUMNS: readonly Column[] = [{ title: 'model' }, { title: 'way' }, right('float dB'), right('simulated dB'), right('drop dB'), { title: 'operators' }]

const cells = ({ model, way, floatDb, simulatedDb, dropDb, operators, fusedMs, fusedRatio }: WayRow): string[] =>
  [model, way, floatDb.toFixed(3), simulatedDb.toFixed(3), dropDb.toFixed(3), operators, ...(fusedMs === undefined ? [] : [fusedMs.toFixed(2), fusedRatio!.toFixed(2)])]
