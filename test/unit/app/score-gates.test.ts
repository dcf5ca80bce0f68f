import { expect, test } from 'vitest'
import { checkGates, evaluateGates } from '../../../main/app/gates.ts'
import type { Quality, Run } from '../../../main/core/run.ts'
import { sampleEnvironment } from '../../fixtures/sample-run.ts'

const versions = (float: number | null, simulated: number) => ({ float, simulated, fused: simulated })
const runOf = (run: string, quality: Partial<Quality>): Run => ({
  run, parent: null, verb: 'run', status: 'done', created: '', seconds: 1, environment: sampleEnvironment, samples: { evaluation: { count: 1, sha256: 'same', skipped: 0 } },
  quality: { protocol: 'top1/labels@1', unit: '%', ...versions(82, 80), perSample: [], others: {}, ...quality },
})
const measured = (run: Run, bounds: Record<string, number>, baseline?: Run) => evaluateGates(run, bounds, baseline).map(({ rule, measured: value, passed }) => [rule, value, passed])

test('classes: drops in points of a percent, least values, any k', () => {
  const run = runOf('a', { others: { 'top3/labels@1': versions(95, 94), 'agreement/top1': versions(null, 97), 'agreement/top3': versions(null, 99) } })
  expect(measured(run, { top1_drop: 1, top1: 80, top3_drop: 1, agreement_top1: 98, agreement_top3: 98, top5_drop: 1 })).toEqual([
    ['top1_drop <= 1', 2, false], ['top1 >= 80', 80, true], ['top3_drop <= 1', 1, true], ['agreement_top1 >= 98', 97, false], ['agreement_top3 >= 98', 99, true], ['top5_drop <= 1', null, false],
  ])
})

test('boxes, and a score of one\'s own', () => {
  const run = runOf('a', { protocol: 'ap/coco/x', ...versions(20, 19), others: { 'ap50/coco/x': versions(40, 38), 'agreement/ap50/coco/x': versions(null, 87), 'agreement/ap/coco/x': versions(null, 70), 'score/own@1/%': versions(5, 3) } })
  expect(measured(run, { ap_drop: 1, ap50_drop: 1, agreement_ap50: 85, agreement_ap: 85, ap75: 1, score_drop: 2, score: 4 })).toEqual([
    ['ap_drop <= 1', 1, true], ['ap50_drop <= 1', 2, false], ['agreement_ap50 >= 85', 87, true], ['agreement_ap >= 85', 70, false], ['ap75 >= 1', null, false], ['score_drop <= 2', 2, true], ['score >= 4', 3, false],
  ])
})

test('against a baseline only by the same protocol: labels and settings are part of it', () => {
  const base = runOf('b', { ...versions(82, 82) })
  expect(measured(runOf('a', {}), { top1_drop: 2 }, base)).toEqual([['top1_drop <= 2', 2, true]])
  expect(() => measured(runOf('a', { protocol: 'top1/labels@2' }), { top1_drop: 2 }, base)).toThrow(expect.objectContaining({ code: 'input.protocols-differ' }))
})

test('names that are none are refused', () => {
  for (const name of ['top0_drop', 'top1_drop_db', 'agreement_top', 'agreement_top1_drop', 'topk']) expect(() => checkGates({ [name]: 1 }), name).toThrow(expect.objectContaining({ code: 'recipe.unknown-gate' }))
})
