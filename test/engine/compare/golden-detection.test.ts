import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { priorBoxes } from '../../../main/compare/detection/priors.ts'
import type { Measure } from '../../../main/compare/measure.ts'
import { versionOutput } from '../../../main/compare/scores.ts'
import type { DetectionSettings, SsdDecode } from '../../../main/core/score.ts'
import { quietTask } from '../../../main/core/task.ts'
import { measuresFor } from '../../../main/engine/jobs/judging.ts'
import { loadWorkpiece, openPart } from '../../../main/engine/jobs/workpiece.ts'
import { float32 } from '../../../main/onnx/tensor.ts'
import { recipeFromText } from '../../../main/recipe/read-recipe.ts'
import { openSession } from '../../../main/runtime/session.ts'
import { hasSharedData, sharedData, warnWithoutSharedData } from '../../fixtures/shared-data.ts'

warnWithoutSharedData('average precision of FastestDet against an independent decoder and pycocotools, default boxes of ultraface')

const DETECTOR = `
model: models/FastestDet.onnx
samples:
  evaluation:
    path: images/coco48/images
    labels: images/coco48/labels
    preprocess: { color: bgr, range: [0, 1], resize: { mode: stretch, size: [352, 352], kernel: opencv-linear } }
    metric: { kind: detection, decode: fastestdet }
`

describe.skipIf(!hasSharedData)('against others', () => {
  // 48 float inferences of a detector: seconds, more on a machine that is busy.
  test('AP of the float FastestDet on coco48 is that of pycocotools', { timeout: 120_000 }, async () => {
    const golden = JSON.parse(readFileSync(join(sharedData, 'golden/fastestdet_coco48.json'), 'utf8')) as { ap50_95: number; ap50: number; ap75: number }
    const recipe = recipeFromText(DETECTOR, sharedData)
    const piece = await loadWorkpiece(recipe.model)
    const { samples, expectation } = (await openPart(piece, recipe, 'evaluation', quietTask))!
    const measures = (await measuresFor({ evaluation: recipe.samples.evaluation, expectation, samples, first: await samples.load(0) })).filter(({ isRelative }) => !isRelative)
    const evidence = new Map<Measure, unknown[]>(measures.map((measure) => [measure, []]))
    const session = await openSession(piece.graphBytes, { mode: 'float', threads: 2 })
    for (let index = 0; index < samples.count; index++) {
      const sample = await samples.load(index)
      const output = versionOutput(await session.run(sample.feeds), null, 'float', sample.id)
      for (const measure of measures) evidence.get(measure)!.push(await measure.evidence(output, output, sample))
    }
    await session.close()
    const [ap, ap50, ap75] = measures.map((measure) => measure.total(evidence.get(measure)!).mean!)
    // OpenCV rounds resized pixels to bytes, we do not: that alone moves AP50 by 0.35 points (pycocotools on our unrounded pixels: 20.43, 39.63, 17.33).
    expect(Math.abs(ap! - 100 * golden.ap50_95)).toBeLessThan(1)
    expect(Math.abs(ap50! - 100 * golden.ap50)).toBeLessThan(1)
    expect(Math.abs(ap75! - 100 * golden.ap75)).toBeLessThan(1)
  })

  test('computed default boxes of ultraface are the constants of its graph', async () => {
    const recipe = recipeFromText('model: m.onnx\nsamples: { evaluation: { path: p, metric: { kind: detection, decode: ultraface-raw } } }', '/')
    const { decode } = recipe.samples.evaluation!.metric as DetectionSettings
    const priors = priorBoxes((decode as SsdDecode).priors, [240, 320])
    const { graph } = await loadWorkpiece(join(sharedData, 'models/ultraface_slim_320.onnx'))
    const pairs = [...graph.initializers.values()].filter(({ dims }) => dims.join() === '1,4420,2').map((tensor) => [...float32(tensor)])
    const differs = (values: readonly number[], wanted: readonly number[]) => Math.max(...values.map((value, at) => Math.abs(value - wanted[at]!)))
    expect(priors).toHaveLength(4420)
    for (const wanted of [priors.flatMap(({ cx, cy }) => [cx, cy]), priors.flatMap(({ width, height }) => [width, height])]) {
      // float32 constants.
      expect(Math.min(...pairs.map((values) => differs(values, wanted)))).toBeLessThan(1e-6)
    }
  })
})
