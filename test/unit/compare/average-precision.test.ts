import { describe, expect, test } from 'vitest'
import { averagePrecision, type JudgedPicture } from '../../../main/compare/detection/average-precision.ts'
import { overlap, type Box, type Detection, type TruthBox } from '../../../main/compare/detection/box.ts'
import { suppressed } from '../../../main/compare/detection/nms.ts'
import { seededRandom } from '../../../main/core/random.ts'
import { AP_RULES, type ApRule } from '../../../main/core/score.ts'

/** A square of side 10 (9 where pixels are inclusive) at x. */
const at = (x: number): Box => ({ x1: x, y1: 0, x2: x + 10, y2: 10 })
const found = (score: number, x: number, label = 0): Detection => ({ ...at(x), label, score })
const there = (x: number, more: Partial<TruthBox> = {}): TruthBox => ({ ...at(x), label: 0, ignored: false, crowd: false, ...more })
const ap = (rule: ApRule, pictures: readonly JudgedPicture[], iou = 0.5, most = 100) => averagePrecision(pictures, { rule, iou, most })

test('overlap by hand: continuous, of inclusive pixels, with a crowd', () => {
  expect(overlap(at(0), at(5))).toBe(50 / 150)
  expect(overlap(at(0), at(5), { inclusive: true })).toBe((6 * 11) / (2 * 121 - 66))
  expect(overlap(at(0), { x1: 0, y1: 0, x2: 100, y2: 100 }, { crowd: true })).toBe(1)
  expect([overlap(at(0), at(10)), overlap(at(0), { x1: 3, y1: 3, x2: 3, y2: 9 })]).toEqual([0, 0])
})

test('suppression keeps the highest of what overlaps, a class at a time, ties in their order', () => {
  const kept = suppressed([found(0.5, 1), found(0.9, 0), found(0.5, 30), found(0.5, 31), found(0.4, 0, 1), found(0.3, 7)], 0.45)
  expect(kept.map(({ score, x1, label }) => [score, x1, label])).toEqual([[0.9, 0, 0], [0.5, 30, 0], [0.4, 0, 1], [0.3, 7, 0]])
  expect(suppressed([found(0.1, 0), found(0.2, 0)], 1)).toHaveLength(2)
})

describe('average precision by hand', () => {
  // Hit, miss, hit: recall 1/4, 1/4, 2/4 at precision 1, 1/2, 2/3.
  const half: JudgedPicture = { detections: [found(0.9, 0), found(0.8, 500), found(0.7, 100)], truth: [there(0), there(100), there(200), there(300)] }

  test('half of the boxes found, one miss between', () => {
    expect(ap('voc-area', [half])).toBeCloseTo(0.25 * 1 + 0.25 * (2 / 3), 12)
    // Recalls 0, 0.1, 0.2 see 1; 0.3, 0.4, 0.5 see 2/3; the other five see nothing.
    expect(ap('voc-11point', [half])).toBeCloseTo((3 * 1 + 3 * (2 / 3)) / 11, 12)
    // 0 to 0.25 are 26 recalls, 0.26 to 0.50 are 25.
    expect(ap('coco', [half])).toBeCloseTo((26 + 25 * (2 / 3)) / 101, 12)
  })

  test('a box found twice is found once; VOC looks at the largest overlap alone, COCO at what is free', () => {
    expect(ap('voc-area', [{ detections: [found(0.9, 0), found(0.8, 0.5)], truth: [there(0)] }])).toBe(1)
    // The second overlaps most with the first box, which is taken, and enough with the second.
    const crowded: JudgedPicture = { detections: [found(0.9, 0), found(0.8, 1)], truth: [there(0), there(3)] }
    expect(ap('voc-area', [crowded])).toBe(0.5)
    expect(ap('coco', [crowded])).toBeCloseTo(1, 12)
  })

  test('difficult boxes count on neither side, and classes that have no other are left out', () => {
    const truth = [there(0), there(100, { ignored: true }), there(0, { label: 3, ignored: true })]
    for (const rule of AP_RULES) {
      expect(ap(rule, [{ detections: [found(0.9, 100), found(0.8, 0), found(0.95, 0, 3), found(0.99, 0, 7)], truth }])).toBeCloseTo(1, 12)
      expect(ap(rule, [{ detections: [], truth }])).toBe(0)
      expect(ap(rule, [{ detections: [found(0.9, 0)], truth: truth.slice(1) }])).toBeNull()
    }
  })

  test('a crowd takes any number of detections', () => {
    const crowd = there(0, { ignored: true, crowd: true, x2: 100, y2: 100 })
    expect(ap('coco', [{ detections: [found(0.9, 10), found(0.8, 40), found(0.7, 200)], truth: [crowd, there(200)] }])).toBeCloseTo(1, 12)
    expect(ap('coco', [{ detections: [found(0.9, 10), found(0.8, 40), found(0.7, 200)], truth: [{ ...crowd, crowd: false }, there(200)] }])).toBeCloseTo(1 / 3, 12)
  })

  test('mean over classes that are there; empty classes do not count', () => {
    const two: JudgedPicture = { detections: [found(0.9, 0, 1), found(0.9, 0, 5)], truth: [there(0, { label: 1 }), there(0, { label: 2 })] }
    for (const rule of AP_RULES) expect(ap(rule, [two])).toBeCloseTo(0.5, 12)
  })

  test('scores are ranked over all pictures, equal ones in the order of pictures', () => {
    const [hit, miss]: JudgedPicture[] = [{ detections: [found(0.5, 0)], truth: [there(0)] }, { detections: [found(0.5, 300)], truth: [] }]
    expect(ap('voc-area', [hit!, miss!])).toBe(1)
    expect(ap('voc-area', [miss!, hit!])).toBe(0.5)
  })

  test('at most so many a picture and class', () => {
    expect(ap('coco', [{ detections: [found(0.9, 500), found(0.8, 0)], truth: [there(0)] }], 0.5, 1)).toBe(0)
  })
})

/** The definition again, cut by cut: at each number of detections everything is matched anew, and precision is looked up by its definition. */
function slowPrecision(rule: ApRule, pictures: readonly JudgedPicture[], iou: number): number | null {
  const labels = [...new Set(pictures.flatMap(({ truth }) => truth.filter((box) => !box.ignored).map((box) => box.label)))]
  const each = labels.map((label) => {
    const all = pictures.flatMap(({ detections }, picture) => detections.filter((one) => one.label === label).map((detection) => ({ detection, picture })))
      .toSorted((a, b) => b.detection.score - a.detection.score)
    const total = pictures.flatMap(({ truth }) => truth.filter((box) => box.label === label && !box.ignored)).length
    const curve = all.map((_, count) => {
      let [hits, misses] = [0, 0]
      for (const [picture, { truth }] of pictures.entries()) {
        const free = new Set(truth.filter((box) => box.label === label))
        for (const { detection } of all.slice(0, count + 1).filter((one) => one.picture === picture)) {
          const shares = truth.filter((box) => box.label === label && (rule !== 'coco' || free.has(box)))
            .map((box) => ({ box, share: overlap(detection, box, { inclusive: rule !== 'coco' }) })).filter(({ share }) => share >= iou)
          const counting = shares.filter(({ box }) => !box.ignored)
          const pool = rule === 'coco' && counting.length > 0 ? counting : shares
          const best = pool.toSorted((a, b) => b.share - a.share)[0]?.box
          if (best === undefined || (!best.ignored && !free.has(best))) misses++
          else if (!best.ignored) hits++
          if (best !== undefined && (rule === 'coco' || !best.ignored)) free.delete(best)
        }
      }
      return { recall: hits / total, precision: hits + misses === 0 ? 0 : hits / (hits + misses) }
    })
    const bestFrom = (recall: number) => Math.max(0, ...curve.filter((point) => point.recall >= recall).map((point) => point.precision))
    if (rule === 'voc-area') return Array.from({ length: total }, (_, hit) => bestFrom((hit + 1) / total) / total).reduce((sum, value) => sum + value, 0)
    const parts = rule === 'coco' ? 100 : 10
    return Array.from({ length: parts + 1 }, (_, step) => bestFrom(step / parts)).reduce((sum, value) => sum + value, 0) / (parts + 1)
  })
  return each.length === 0 ? null : each.reduce((sum, value) => sum + value, 0) / each.length
}

test.each(AP_RULES)('%s equals the definition computed cut by cut, on random boxes', (rule) => {
  for (let seed = 0; seed < 20; seed++) {
    const random = seededRandom(seed)
    const box = () => { const [x, y] = [random() * 60, random() * 20]; return { x1: x, y1: y, x2: x + 10 + random() * 10, y2: y + 10 + random() * 10, label: Math.floor(random() * 3) } }
    const pictures = Array.from({ length: 4 }, (): JudgedPicture => ({
      // No two scores are alike: which of equal ones comes first is another test.
      detections: Array.from({ length: 12 }, () => ({ ...box(), score: random() })),
      truth: Array.from({ length: 5 }, () => ({ ...box(), ignored: random() < 0.2, crowd: false })),
    }))
    for (const iou of [0.2, 0.5]) expect(ap(rule, pictures, iou)).toBeCloseTo(slowPrecision(rule, pictures, iou)!, 10)
  }
})
