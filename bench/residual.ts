import { loadavg } from 'node:os'
import { activationPeak } from '../main/compare/activation-memory.ts'
import type { Column } from '../main/cli/layout.ts'
import { quantizeFrom } from '../main/engine/jobs/quantize.ts'
import { encodeModel } from '../main/onnx/encode.ts'
import { inferValues } from '../main/runtime/values.ts'
import { say, table, type Figure } from './figure.ts'
import { fastestInTurns } from './in-turns.ts'
import type { SectionResult } from './main.ts'
import { observed } from './pipeline.ts'
import { evaluationOf, qualityOf } from './quality.ts'
import { recipeOf, sampleSubject, threads } from './subjects.ts'

/** The four kinds of residual learning: shape, training and pictures are the same, only the skip is another. */
const KINDS = [
  { kind: 'none', model: 'residual_none_x2' }, { kind: 'feature skip', model: 'residual_feature_x2' },
  { kind: 'image skip', model: 'residual_image_x2' }, { kind: 'anchor', model: 'sample_x2' },
] as const

/** The picture that memory is computed for. */
const [HEIGHT, WIDTH] = [720, 1280]
const BUDGET_MS = 1500
const MB = 1e6
/** With so much load a thread, even the fastest runs say nothing; the bench itself makes one. */
const BUSY = 1.5
/** Less than this is not told apart from what else the machine does. */
const SAME_TIME = 1.05

interface KindRow {
  readonly kind: string
  readonly model: string
  readonly floatDb: number
  readonly int8Db: number
  readonly dropDb: number
  /** Fastest runs. */
  readonly floatMs: number
  readonly fusedMs: number
  /** Over those of the kind without a skip. */
  readonly floatRatio: number
  readonly fusedRatio: number
  /** Activations alive at once, bytes at 1280×720. */
  readonly peakBytes: { readonly float32: number; readonly int8: number }
  readonly peakNode: string
}

/** PSNR, drop, latency and memory of the four kinds, and what they say of ABPN's claim. */
export async function benchResidual(): Promise<SectionResult> {
  const seen = []
  for (const { kind, model } of KINDS) {
    const subject = sampleSubject(model)
    const recipe = recipeOf(subject)
    const { piece, statistics } = await observed(recipe)
    const evaluation = await evaluationOf(piece, subject, 0)
    const quantized = encodeModel(quantizeFrom(piece, recipe, statistics, model).quantized.graph)
    const int8Db = await qualityOf(quantized, 'simulated', evaluation)
    const dims = piece.graph.inputs[0]!.dims!.map((dim, axis) => (axis === 0 ? 1 : axis === 1 ? Number(dim) : axis === 2 ? HEIGHT : WIDTH))
    const peak = activationPeak(piece.graph, await inferValues(piece.graphBytes, { [piece.graph.inputs[0]!.name]: dims }))!
    const { feeds } = await evaluation.samples.load(0)
    seen.push({ kind, model, floatDb: evaluation.floatDb, int8Db, peak, float: { bytes: piece.graphBytes, mode: 'float', feeds } as const, fused: { bytes: quantized, mode: 'fused', feeds } as const })
  }
  const load = loadavg()[0]!
  say(`residual: ${2 * seen.length} models in turns`)
  const floatMs = await fastestInTurns(seen.map(({ float }) => float), BUDGET_MS)
  const fusedMs = await fastestInTurns(seen.map(({ fused }) => fused), BUDGET_MS)
  const rows = seen.map(({ kind, model, floatDb, int8Db, peak }, index): KindRow => ({
    kind, model, floatDb, int8Db, dropDb: floatDb - int8Db, floatMs: floatMs[index]!, fusedMs: fusedMs[index]!,
    floatRatio: floatMs[index]! / floatMs[0]!, fusedRatio: fusedMs[index]! / fusedMs[0]!, peakBytes: { float32: 4 * peak.values, int8: peak.values }, peakNode: peak.node,
  }))
  const figures = rows.map(({ kind, dropDb }): Figure => ({ section: 'residual', subject: kind, name: 'lost in int8, simulated', value: dropDb, unit: 'dB' }))
  return { figures, text: [`Four kinds of residual learning, PSNR-Y on the sample's pictures; fastest runs of all in turns; memory of activations at ${WIDTH}×${HEIGHT}`, table(COLUMNS, rows.map(cells)), claim(rows, load)].join('\n'), details: { residual: rows, load } }
}

const right = (title: string): Column => ({ title, align: 'right' })
const COLUMNS: readonly Column[] = [
  { title: 'residual' }, right('float dB'), right('int8 dB'), right('drop dB'), right('float ms'), right('of none'), right('fused ms'), right('of none'),
  right('float32 MB'), right('int8 MB'), { title: 'at' },
]

const cells = ({ kind, floatDb, int8Db, dropDb, floatMs, floatRatio, fusedMs, fusedRatio, peakBytes, peakNode }: KindRow): string[] => [
  kind, floatDb.toFixed(3), int8Db.toFixed(3), dropDb.toFixed(3), floatMs.toFixed(2), floatRatio.toFixed(2), fusedMs.toFixed(2), fusedRatio.toFixed(2),
  (peakBytes.float32 / MB).toFixed(1), (peakBytes.int8 / MB).toFixed(1), peakNode,
]

/** ABPN: learning the rest of the repeated image loses less in int8 than a skip in feature space, and is no slower than one in image space. */
function claim(rows: readonly KindRow[], load: number): string {
  const [none, feature, image, anchor] = KINDS.map(({ kind }) => rows.find((row) => row.kind === kind)!) as [KindRow, KindRow, KindRow, KindRow]
  const robust = Math.max(image.dropDb, anchor.dropDb) < Math.min(none.dropDb, feature.dropDb)
  const cheap = anchor.fusedMs <= SAME_TIME * image.fusedMs
  const judged = load > BUSY * threads ? `${robust ? 'holds' : 'does not hold'} here for quality; times are not judged beside other work (load ${load.toFixed(1)} on ${threads} threads)`
    : robust && cheap ? 'holds here' : robust ? 'holds here for quality, not for time' : cheap ? 'holds here for time, not for quality' : 'does not hold here'
  return `ABPN's claim ${judged}: `
    + `int8 costs ${anchor.dropDb.toFixed(3)} dB with the anchor and ${image.dropDb.toFixed(3)} with the skip in image space, ${feature.dropDb.toFixed(3)} with a skip in feature space and ${none.dropDb.toFixed(3)} without one; `
    + `fused, the anchor takes ${(anchor.fusedMs / image.fusedMs).toFixed(2)} of the time of the skip in image space and holds ${(anchor.peakBytes.int8 / image.peakBytes.int8).toFixed(2)} of its activations.`
}
