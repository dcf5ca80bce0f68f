import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { quietTask } from '../../../main/core/task.ts'
import { readModel } from '../../../main/onnx/model-file.ts'
import { expectationOf } from '../../../main/samples/expectation.ts'
import { openSamples } from '../../../main/samples/open-samples.ts'
import { hasSharedData, sharedData, warnWithoutSharedData } from '../../fixtures/shared-data.ts'

warnWithoutSharedData('feeding ten real models without an option')
describe.skipIf(!hasSharedData)('ten models without an option but samples', () => {
  const expectationFor = async (name: string) => expectationOf((await readModel(join(sharedData, 'models', `${name}.onnx`))).graph)

  it.each([
    ['abpn_x3', 'Set5/image_SRF_3', 5, [1, 3, 170, 170], [510, 510]],
    ['edsr8_x2', 'Set5/image_SRF_2', 5, [1, 3, 256, 256], [512, 512]],
    ['srmobile_x2', 'Set5/image_SRF_2', 5, [1, 3, 256, 256], [512, 512]],
    ['espcn_x3_zoo', 'Set5/image_SRF_3', 5, [1, 1, 224, 224], [672, 672]],
    ['fsrcnn_x2', 'Set5/image_SRF_2', 5, [1, 256, 256, 1], [512, 512]],
    ['abpn_retrain_x4_120x160', 'Set5/image_SRF_4', 5, [1, 3, 120, 160], [480, 640]],
    ['srcnn_x3_cubic', 'Set5/image_SRF_3', 5, [1, 3, 256, 256], [768, 768]],
    ['FastestDet', 'coco48/images', 48, [1, 3, 352, 352], undefined],
    ['squeezenet_fp16', 'imagenet50', 50, [1, 3, 224, 224], undefined],
    ['ultraface_slim_320', 'coco48/images', 48, [1, 3, 240, 320], undefined],
  ] as const)('%s', async (model, images, count, dims, reference) => {
    const expectation = await expectationFor(model)
    const set = await openSamples({ path: join(sharedData, 'images', images) }, expectation, quietTask)
    expect([set.count, set.skipped.length, set.referenced]).toEqual([count, 0, reference !== undefined])
    const sample = await set.load(0)
    const fed = sample.feeds[expectation.input!.name]!
    expect([fed.type, fed.dims]).toEqual(['float32', dims])
    expect(sample.reference && [sample.reference.height, sample.reference.width]).toEqual(reference)
  })

  it('cuts 32 random parts of 96×96 out of ten pictures, the same ones each time, others by another seed', async () => {
    const expectation = await expectationFor('abpn_x3')
    const open = (seed: number) =>
      openSamples({ path: join(sharedData, 'images/DIV2K_test_LR_x4'), count: 32, seed, role: 'calibration', preprocess: { crop: { mode: 'random', size: [96, 96] } } }, expectation, quietTask)
    const [first, again, other] = [await open(0), await open(0), await open(1)]
    expect([first.count, first.ids[0], first.ids[31]]).toEqual([32, '0901#1', '0902#4'])
    expect(again.sha256).toBe(first.sha256)
    expect(other.sha256).not.toBe(first.sha256)
    expect((await again.load(31)).feeds).toEqual((await first.load(31)).feeds)
  })
})
