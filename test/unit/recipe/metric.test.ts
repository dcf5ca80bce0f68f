import { describe, expect, test } from 'vitest'
import { pathsOf, recipeFromText } from '../../../main/recipe/read-recipe.ts'
import type { Recipe } from '../../../main/recipe/recipe.ts'
import { writeRecipe } from '../../../main/recipe/write-recipe.ts'
import { faultOf } from '../../fixtures/thrown-fault.ts'

const read = (evaluation: string): Recipe => recipeFromText(`model: a.onnx\nsamples: { evaluation: { path: x, ${evaluation} } }`, '/base')
const metricOf = (metric: string) => read(`metric: ${metric}`).samples.evaluation!.metric

describe('a metric', () => {
  test('is a word, or a kind with settings; the names of the guide mean ours', () => {
    expect(metricOf('psnr-y')).toBe('psnr-y')
    expect(metricOf('topk')).toEqual({ kind: 'topk', k: [1, 5], offset: 0 })
    expect(metricOf('{ kind: topx_accuracy_for_classify, k: 3 }')).toEqual({ kind: 'topk', k: [3], offset: 0 })
    expect(metricOf('feature_similarity')).toEqual({ kind: 'feature-similarity', measure: 'cosine' })
    expect(metricOf('{ kind: feature-similarity, outputs: b }')).toMatchObject({ outputs: { b: 1 } })
    expect(metricOf('none')).toEqual({ kind: 'none' })
    expect(metricOf('{ kind: detect_accuracy, decode: fastestdet }')).toEqual({
      kind: 'detection', ap: 'coco', score: 0.01, nms: 0.45, most: 100, agreement: 0.3,
      decode: { kind: 'grid', order: 'object-box-class', xy: 'tanh', wh: 'sigmoid', logits: false, powers: [0.6, 0.4] },
    })
  })

  test('is written back as it means, and read again', () => {
    for (const metric of ['topk', '{ kind: detection, decode: ultraface-raw }', '{ kind: detection, decode: yolov8 }', '{ kind: module, score: own.mjs, settings: { a: [1] } }', '{ kind: feature-similarity, outputs: { a: 2, b: 1 } }']) {
      const recipe = read(`metric: ${metric}, labels: { path: l, classes: c.txt }`)
      expect(recipeFromText(writeRecipe(recipe, '/base'), '/base')).toEqual(recipe)
    }
    expect(writeRecipe(read('metric: { kind: module, score: own.mjs }, labels: sub/l.csv'), '/base')).toMatch(/path: sub\/l.csv[\s\S]*score: own.mjs/)
  })

  test('paths of labels, class names and modules are among those a window may be refused', () => {
    expect(pathsOf(read('metric: { kind: module, score: own.mjs }, labels: { path: l.csv, classes: c.txt }'))).toEqual(expect.arrayContaining(['/base/own.mjs', '/base/l.csv', '/base/c.txt']))
    expect(pathsOf(read('labels: l.csv'))).toContain('/base/l.csv')
  })

  test.each([
    ['{ kind: detection }', 'recipe.missing-key', 'samples.evaluation.metric.decode', /decode/], ['{ kind: detection, decode: fastestdt }', 'recipe.wrong-value', 'decode', /fastestdet/],
    ['{ kind: topk, k: 0 }', 'recipe.wrong-value', 'metric.k', /at least 1/], ['{ kind: tokp }', 'recipe.wrong-value', 'metric.kind', /one of topk, detection/],
    ['{ kind: detection, decode: { kind: grid, powers: 1 } }', 'recipe.wrong-value', 'decode.powers', /a list/], ['{ kind: detection, decode: fastestdet, iou: 1 }', 'recipe.unknown-key', 'iou', /Did you mean/],
    ['{ kind: detection, decode: { kind: ssd, boxes: b, scores: s, priors: { layers: [{ min: 3 }] } } }', 'recipe.missing-key', 'step', /with `map`|Add/], ['accuracy', 'recipe.wrong-value', 'accuracy', /topk/],
  ])('%s is refused where it stands', async (metric, code, what, next) => {
    const fault = await faultOf(() => metricOf(metric))
    expect(fault.what).toContain(what)
    expect(fault.next).toMatch(next)
    expect(fault.code).toBe(code)
    expect(fault.where).toMatch(/^recipe:2:\d+$/)
  })
})
