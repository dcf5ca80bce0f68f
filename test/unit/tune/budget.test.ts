import { expect, it } from 'vitest'
import { wholeSetting } from '../../../main/app/tune/place.ts'
import { fasterPlan, parseBudget, refuseOtherScore } from '../../../main/app/tune/pareto.ts'
import type { ParetoPoint } from '../../../main/core/tune.ts'
import { recipeFromOptions } from '../../../main/recipe/read-recipe.ts'

it('a budget bounds a cost, or the loss of the score', () => {
  expect(parseBudget('latency<=0.6x')).toEqual({ cost: 'latency', mostCost: 0.6 })
  expect(parseBudget(' psnr_y_drop_db <= 0.02')).toEqual({ cost: 'bitmacs', mostLoss: 0.02 })
})

it('a loss is one of the score that the samples have', () => {
  const refusal = (text: string, protocol: string): unknown => {
    try {
      return refuseOtherScore(text, protocol)
    } catch (fault) {
      return fault
    }
  }
  expect([refusal('psnr_y_drop_db<=0.02', 'psnr-y/shave2/studio'), refusal('score_drop<=1', 'ap50/voc'), refusal('ap50_drop<=1', 'ap50/voc')]).toEqual([undefined, undefined, undefined])
  expect(refusal('psnr_y_drop_db <= 0.02', 'ssim-y/shave2')).toMatchObject({ code: 'input.bad-budget', next: 'Write ssim_y_drop<=…, or set tune.score.' })
  expect(refusal('drop<=0.02', 'psnr-rgb/shave2')).toMatchObject({ next: 'Write psnr_rgb_drop_db<=…, or set tune.score.' })
})

it('a plan that is slower than it was told gives way to one that keeps the budget when estimates are as wrong for it', () => {
  const point = (latency: number | null, nsr: number): ParetoPoint => ({ settings: [], plan: [], protocol: '', score: null, lost: null, nsr, predictedNsr: nsr, bitMacs: 1, bytes: 1, macsInt16: 0, macsFloat: 0, latency, front: true, chosen: false })
  const points = [point(0.5, 3), point(0.3, 9), point(0.4, 5), point(0.6, 1), point(0.55, 2), point(null, 0)]
  // Told 0.6, measured 0.8: 0.5 is 0.67 and too slow for 0.6, 0.4 is 0.53.
  expect(fasterPlan(points, [points[3]!], 0.8, 0.6)).toBe(points[2])
  expect(fasterPlan(points, [points[3]!, points[2]!], 0.9, 0.6)).toBeUndefined()
  expect(fasterPlan(points, [points[3]!, points[2]!], 0.7, 0.6)).toBe(points[1])
})

it('a setting that is tried may leave out quantize, whatever key of it it names', () => {
  const recipe = recipeFromOptions('net.onnx', { set: ['quantize.finetune={}'] })
  for (const key of Object.keys(recipe.quantize)) expect(wholeSetting(`${key}=x`)).toBe(`quantize.${key}=x`)
  expect(['layers."a.b".bits=16', 'quantize.preset=arm', 'rewrite=auto', 'output.kind=vector', 'layersome=1'].map(wholeSetting))
    .toEqual(['quantize.layers."a.b".bits=16', 'quantize.preset=arm', 'rewrite=auto', 'output.kind=vector', 'layersome=1'])
})
