import type { ApRule } from '../../core/score.ts'
import { overlap, type Detection, type TruthBox } from './box.ts'
import { byScore } from './nms.ts'

/** What was found in a picture, and what is there. */
export interface JudgedPicture {
  readonly detections: readonly Detection[]
  readonly truth: readonly TruthBox[]
}

export interface ApOptions {
  readonly rule: ApRule
  /** IoU from which a box is found. */
  readonly iou: number
  /** Detections a picture and class at most, highest score first. */
  readonly most: number
}

/** A detection that counts: found something or not. Ignored ones are gone. */
interface Verdict {
  readonly score: number
  readonly hit: boolean
}

/**
 * Mean over classes of average precision, 0..1; classes without a box that counts are left out, null where there is none.
 * VOC (ALGORITHMS 9.3): a detection is judged by the truth box of largest overlap alone, and misses where that is taken. COCO (pycocotools
 * COCOeval, area `all`): by the best box that is still free, those that count before ignored ones.
 */
export function averagePrecision(pictures: readonly JudgedPicture[], options: ApOptions): number | null {
  const labels = new Set(pictures.flatMap(({ truth }) => truth.filter(({ ignored }) => !ignored).map(({ label }) => label)))
  const precisions = [...labels].map((label) => precisionOf(label, pictures, options))
  return precisions.length === 0 ? null : precisions.reduce((sum, value) => sum + value, 0) / precisions.length
}

function precisionOf(label: number, pictures: readonly JudgedPicture[], { rule, iou, most }: ApOptions): number {
  let count = 0
  const verdicts = pictures.flatMap(({ detections, truth }) => {
    const own = truth.filter((box) => box.label === label)
    count += own.filter(({ ignored }) => !ignored).length
    const found = byScore(detections.filter((detection) => detection.label === label)).slice(0, most)
    return rule === 'coco' ? judgeCoco(found, own, iou) : judgeVoc(found, own, iou)
  }).toSorted((a, b) => b.score - a.score)
  let [hits, seen] = [0, 0]
  const curve = verdicts.map(({ hit }) => {
    seen++
    if (hit) hits++
    return { recall: hits / count, precision: hits / seen }
  })
  return areaOf[rule](curve)
}

function judgeVoc(found: readonly Detection[], truth: readonly TruthBox[], iou: number): Verdict[] {
  const taken = new Set<TruthBox>()
  return found.flatMap((detection): Verdict[] => {
    let [best, most]: [TruthBox | undefined, number] = [undefined, -1]
    for (const box of truth) {
      const share = overlap(detection, box, { inclusive: true })
      if (share > most) [best, most] = [box, share]
    }
    if (best === undefined || most < iou) return [{ score: detection.score, hit: false }]
    if (best.ignored) return []
    const hit = !taken.has(best)
    taken.add(best)
    return [{ score: detection.score, hit }]
  })
}

function judgeCoco(found: readonly Detection[], truth: readonly TruthBox[], iou: number): Verdict[] {
  const ordered = truth.toSorted((a, b) => Number(a.ignored) - Number(b.ignored))
  const taken = new Set<TruthBox>()
  return found.flatMap((detection): Verdict[] => {
    let [best, most]: [TruthBox | undefined, number] = [undefined, Math.min(iou, 1 - 1e-10)]
    for (const box of ordered) {
      if (taken.has(box) && !box.crowd) continue
      if (best !== undefined && !best.ignored && box.ignored) break
      const share = overlap(detection, box, { crowd: box.crowd })
      // Of equal overlaps the later box wins, as pycocotools has it.
      if (share >= most) [best, most] = [box, share]
    }
    if (best === undefined) return [{ score: detection.score, hit: false }]
    taken.add(best)
    return best.ignored ? [] : [{ score: detection.score, hit: true }]
  })
}

interface Point {
  readonly recall: number
  readonly precision: number
}

type Curve = readonly Point[]

/** Precision that never rises with recall: each point takes the best of those behind it. */
function envelope(curve: Curve): Point[] {
  let best = 0
  return curve.toReversed().map(({ recall, precision }) => ({ recall, precision: (best = Math.max(best, precision)) })).toReversed()
}

/** Mean of the best precision at recall `step`, 2 · `step` … 1 and 0. */
function sampled(curve: Curve, parts: number): number {
  const points = envelope(curve)
  let sum = 0
  let at = 0
  for (let step = 0; step <= parts; step++) {
    while (at < points.length && points[at]!.recall < step / parts) at++
    sum += points[at]?.precision ?? 0
  }
  return sum / (parts + 1)
}

const areaOf: Readonly<Record<ApRule, (curve: Curve) => number>> = {
  'voc-11point': (curve) => sampled(curve, 10),
  coco: (curve) => sampled(curve, 100),
  'voc-area'(curve) {
    let [sum, before] = [0, 0]
    for (const { recall, precision } of envelope(curve)) {
      sum += (recall - before) * precision
      before = recall
    }
    return sum
  },
}
