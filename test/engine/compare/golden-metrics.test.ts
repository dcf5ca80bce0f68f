import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseProtocol, pictureQuality } from '../../../main/compare/protocol.ts'
import type { PictureProtocol } from '../../../main/compare/protocol.ts'
import { decodeModel, graphOf } from '../../../main/onnx/decode.ts'
import { tensor } from '../../../main/onnx/tensor.ts'
import { openSession } from '../../../main/runtime/session.ts'
import { expectationFrom, expectationOf } from '../../../main/samples/expectation.ts'
import { pictureOf, readPicture } from '../../../main/samples/picture.ts'
import { hasSharedData, sharedData, warnWithoutSharedData } from '../../fixtures/shared-data.ts'

warnWithoutSharedData('the golden metrics')

interface GoldenPicture {
  readonly psnr_y: number
  readonly psnr_rgb_border_s: number
  readonly psnr_rgb_border_1: number
  readonly ssim_y: number
}

const MODELS = [
  { name: 'abpn_x3', factor: 3, peak: 255 },
  { name: 'edsr8_x2', factor: 2, peak: 1 },
  { name: 'srmobile_x2', factor: 2, peak: 255 },
] as const

describe.skipIf(!hasSharedData)('metrics of float models on Set5 against an independent implementation', () => {
  const golden: Record<string, Record<string, GoldenPicture>> = hasSharedData ? JSON.parse(readFileSync(join(sharedData, 'golden/metrics.json'), 'utf8')) : {}

  test.each(MODELS)('$name', async ({ name, factor, peak }) => {
    const bytes = await readFile(join(sharedData, `models/${name}.onnx`))
    const expectation = expectationFrom(expectationOf(graphOf(decodeModel(bytes, name), name)), { output: { kind: 'picture', range: [0, peak], factor } })
    const session = await openSession(bytes, { mode: 'float', threads: 2 })
    const quality = (id: string) => parseProtocol(id) as PictureProtocol
    const files = Object.keys(golden[name]!).filter((file) => file.endsWith('.png'))
    expect(files).toHaveLength(5)
    for (const file of files) {
      const folder = join(sharedData, `images/Set5/image_SRF_${factor}`)
      const low = await readPicture(join(folder, file))
      const reference = await readPicture(join(folder, file.replace('_LR', '_HR')))
      const feed = tensor('float32', [1, 3, low.height, low.width], low.data.map((level) => (level * peak) / 255))
      const outputs = await session.run({ [session.inputs[0]!.name]: feed })
      const output = pictureOf(outputs[expectation.output.name]!, expectation)
      const expected = golden[name]![file]!
      const dB = (id: string, value: number) => expect(Math.abs(pictureQuality(quality(id), output, reference) - value), `${file} ${id}`).toBeLessThan(0.001)
      // 0.001 dB and 1e-5: float kernels differ in the last bits between machines, which flips the rounding of a few pixels.
      dB(`psnr-y/shave${factor}/studio`, expected.psnr_y)
      dB(`psnr-rgb/shave${factor}`, expected.psnr_rgb_border_s)
      dB('psnr-rgb/shave1', expected.psnr_rgb_border_1)
      expect(Math.abs(pictureQuality(quality(`ssim-y/shave${factor}/studio`), output, reference) - expected.ssim_y), `${file} ssim-y`).toBeLessThan(1e-5)
    }
    await session.close()
  })
})
