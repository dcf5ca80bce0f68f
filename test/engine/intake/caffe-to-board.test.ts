import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openApp } from '../../../main/app/app.ts'
import { quietTask } from '../../../main/core/task.ts'
import { decodeNpz } from '../../../main/samples/npz.ts'
import { recipeFromOptions } from '../../../main/recipe/read-recipe.ts'
import { caffemodel, datum, writeLmdb } from '../../fixtures/caffe-files.ts'
import { numbers, runCaffe } from '../../fixtures/caffe-reference.ts'
import { hasSharedData, sharedData, warnWithoutSharedData } from '../../fixtures/shared-data.ts'
import { temporaryFolder } from '../../fixtures/temporary-folder.ts'
import { tpuQtable, tpuTableCpp, tpuTablePython } from '../../fixtures/vendor-readers.ts'

const folder = temporaryFolder()
/** Height and width that the net is imported at: its weights do not depend on it, the time does. */
const SIDE = 64

warnWithoutSharedData('MobileNet-SSD from Caffe to the BM1684')
describe.skipIf(!hasSharedData)('MobileNet-SSD as Caffe users have it', () => {
  test('is imported, calibrated from a Caffe database with the guide’s preprocessing, quantized, exported for the BM1684 and verified', async () => {
    const prototxt = join(sharedData, 'caffe/mobilenet_ssd_deploy.prototxt')
    const random = numbers(5)
    const { weights } = runCaffe(readFileSync(prototxt, 'utf8'), { data: { dims: [1, 3, 32, 32], data: Float64Array.from({ length: 3 * 32 * 32 }, random) } })
    writeFileSync(join(folder, 'ssd.caffemodel'), caffemodel(weights))
    // Pictures of 40 × 60: slopes of every colour with noise on them.
    writeLmdb(join(folder, 'lmdb'), Object.fromEntries(Array.from({ length: 4 }, (_, index) => [`${String(index).padStart(8, '0')}_street`, datum(40, 60, (channel, row, column) => 40 * channel + row / 2 + column / 2 + 10 * index + Math.floor((random() + 1) * 10))])))

    const app = await openApp({ workspace: join(folder, 'ws'), cwd: folder, threads: 2 })
    try {
      const { imported } = await app.importCaffe({ prototxt, caffemodel: join(folder, 'ssd.caffemodel'), size: [SIDE, SIDE], out: join(folder, 'mobilenet_ssd.onnx') }, quietTask)
      expect(imported).toMatchObject({ unused: [], detection: { offsets: 'mbox_loc', scores: 'mbox_conf_flatten' } })
      const guide = `resize_h=${SIDE},resize_w=${SIDE};mean_value=127.5:127.5:127.5,scale=0.007843,bgr2rgb=False`
      const recipe = recipeFromOptions(join(folder, 'mobilenet_ssd.onnx'), {
        samples: join(folder, 'lmdb'), board: 'sophon-bm1684', threads: 2,
        set: [`samples.calibration.preprocess=${guide}`, `samples.evaluation.preprocess=${guide}`, 'samples.evaluation.count=1', 'quantize.activations.type=int8', 'quantize.activations.symmetric=true', 'quantize.activations.method=max', 'quantize.float.ops=[Softmax]'],
      }, folder)
      const run = await app.quantize({ recipe }, quietTask)
      expect(run).toMatchObject({ status: 'done', samples: { calibration: { count: 4 } } })
      const out = join(folder, 'bundle')
      const { bundle } = await app.exportBundle({ run: run.run, board: 'sophon-bm1684', out }, quietTask)
      expect(bundle).toMatchObject({ board: 'sophon-bm1684', forced: false, formats: ['sophon'] })
      expect(bundle.coverage.matched).toBe(bundle.coverage.rows)

      const text = (path: string): string => readFileSync(join(out, path), 'utf8')
      const rows = tpuTableCpp(text('thresholds/mobilenet_ssd_cali_table'))
      expect(tpuTablePython(text('thresholds/mobilenet_ssd_cali_table'))).toEqual(rows)
      // Levels −127.5 … 127.5 times the scale, and half a step more so that each has its own code.
      expect(rows.get('data')!.threshold).toBeCloseTo(127.5 * 0.007843 * (128 / 127), 5)
      expect(rows.size).toBeGreaterThan(40)
      // The board has no Softmax on codes: the recipe keeps it in float.
      expect([...tpuQtable(text('thresholds/mobilenet_ssd_qtable'))]).toContainEqual(['mbox_conf_softmax_Softmax', 'F32'])
      expect(text('config/convert.sh')).toContain(`--input_shapes '[[1,3,${SIDE},${SIDE}]]' --mean 127.5,127.5,127.5 --scale 0.007843,0.007843,0.007843 --pixel_format bgr`)
      expect(JSON.parse(text('preprocess.json'))).toMatchObject({ inputs: [{ color: 'bgr', spellings: { bm1684: guide } }] })
      const sample = decodeNpz(readFileSync(join(out, 'calibration/samples/003.npz')), 'npz').get('data')!
      expect(sample.dims).toEqual([1, 3, SIDE, SIDE])
      // A colour is 40 brighter than the one before: blue is the first and the darkest.
      const mean = (channel: number): number => (sample.data as Float32Array).subarray(channel * SIDE * SIDE, (channel + 1) * SIDE * SIDE).reduce((sum, value) => sum + value, 0) / (SIDE * SIDE)
      expect((mean(1) - mean(0)) / 0.007843).toBeCloseTo(40, -1)

      const verified = await app.verifyBundle({ bundle: out }, quietTask)
      expect(verified).toMatchObject({ passed: true, problems: [], board: 'sophon-bm1684', of: run.run })
      expect(verified.golden.length).toBe(3 * 2 * 2)
      expect(verified.golden.every(({ exact }) => exact)).toBe(true)
    } finally {
      await app.close()
    }
  }, 180_000)
})
