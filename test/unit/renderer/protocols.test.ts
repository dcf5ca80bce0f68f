import { expect, test } from 'vitest'
import { unitOf as engineUnit } from '../../../main/core/protocol-unit.ts'
import { protocolName, unitOf } from '../../../renderer/ui/format.ts'

test.each([
  ['psnr-y/shave2/studio', 'PSNR-Y', 'dB'], ['ssim-y/shave2/studio', 'SSIM-Y', 'ratio'], ['sqnr/output', 'SQNR', 'dB'], ['cosine/output(boxes*2,a%2Fb)', 'COSINE boxes*2,a/b', 'ratio'],
  ['top5/labels@12345678', 'TOP5', '%'], ['agreement/top1', 'TOP1 vs float', '%'], ['ap50/voc-area/grid@1/score0.01/nms0.45/most100/labels@2', 'AP50', '%'], ['agreement/ap/coco/x', 'AP vs float', '%'],
  ['score/my%20own@12345678/%', 'my own', '%'], ['score/own@12345678/dB', 'own', 'dB'], ['score/own@12345678/ratio', 'own', 'ratio'],
])('%s is shown as %s in %s, and the terminal says the same unit', (protocol, name, unit) => {
  expect([protocolName(protocol), unitOf(protocol), engineUnit(protocol)]).toEqual([name, unit, unit])
})
