import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { ImportCaffeResult } from '../../main/app/api.ts'
import { caffemodel } from '../fixtures/caffe-files.ts'
import { runCaffe } from '../fixtures/caffe-reference.ts'
import { scalewright } from '../fixtures/command.ts'
import { temporaryFolder } from '../fixtures/temporary-folder.ts'

const folder = temporaryFolder()
const workspace = join(folder, 'ws')
const DATABASE = join(import.meta.dirname, '../fixtures/caffe.lmdb')

const NET = `name: "tiny" input: "data" input_shape { dim: 1 dim: 3 dim: 6 dim: 6 }
layer { name: "c" type: "Convolution" bottom: "data" top: "c" convolution_param { num_output: 4 kernel_size: 3 pad: 1 } }
layer { name: "r" type: "ReLU" bottom: "c" top: "c" }
layer { name: "p" type: "Pooling" bottom: "c" top: "p" pooling_param { kernel_size: 2 stride: 2 } }
layer { name: "fc" type: "InnerProduct" bottom: "p" top: "fc" inner_product_param { num_output: 3 } }
layer { name: "prob" type: "Softmax" bottom: "fc" top: "prob" }
`

test('a Caffe net becomes a model that is calibrated from a Caffe database', async () => {
  const [prototxt, weights, out] = [join(folder, 'deploy.prototxt'), join(folder, 'tiny.caffemodel'), join(folder, 'tiny.onnx')]
  writeFileSync(prototxt, NET)
  writeFileSync(weights, caffemodel(runCaffe(NET, { data: { dims: [1, 3, 6, 6], data: new Float64Array(108) } }).weights))
  const person = await scalewright(['import', prototxt, weights, '--out', out, '--workspace', workspace])
  expect(person.code, person.stderr).toBe(0)
  expect(person.stdout).toMatch(/\noutputs\n {2}tensor +shape\n {2}prob +\[N, 3\]\n/)
  const { stdout } = await scalewright(['import', prototxt, weights, '--json', '--workspace', workspace])
  expect(JSON.parse(stdout) as ImportCaffeResult).toMatchObject({ verb: 'import', status: 'done', imported: { layers: 5, detection: null, unused: [] } })

  const run = await scalewright(['run', out, '--samples', DATABASE, '--set', 'samples.calibration.count=20', '--set', 'samples.calibration.exclude=["*large", "*grey", "*encoded*"]', '--set', 'samples.calibration.preprocess.color=bgr',
    '--set', 'samples.calibration.preprocess.range=[0,255]', '--set', 'samples.calibration.preprocess.mean=[104,117,123]', '--set', 'samples.evaluation.exclude=["*large", "*grey", "*encoded*"]', '--set', 'samples.evaluation.count=2', '--set', 'compare.latency=false', '--workspace', workspace, '--json'])
  expect(run.code, run.stderr).toBe(0)
  expect(JSON.parse(run.stdout)).toMatchObject({ verb: 'run', samples: { calibration: { count: 20 }, evaluation: { count: 2 } } })
})

test('a layer that is not known is named with its line, and nothing is written', async () => {
  const [prototxt, weights, out] = [join(folder, 'bad.prototxt'), join(folder, 'tiny.caffemodel'), join(folder, 'bad.onnx')]
  writeFileSync(prototxt, NET.replace('"ReLU"', '"Swish"'))
  const { code, stdout } = await scalewright(['import', prototxt, weights, '--out', out, '--workspace', workspace, '--json'])
  expect(code).toBe(2)
  expect((JSON.parse(stdout) as { error: unknown }).error).toMatchObject({ code: 'model.caffe-layer', where: `${prototxt}:3 (Swish r)`, what: 'layers of type «Swish» are not known' })
  const size = await scalewright(['import', prototxt, weights, '--size', '300', '--json'])
  expect((JSON.parse(size.stdout) as { error: unknown }).error).toMatchObject({ code: 'input.bad-option', where: '--size' })
})
