import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { App } from '../../../main/app/api.ts'
import { openApp } from '../../../main/app/app.ts'
import { bundledSample } from '../../../main/app/demo.ts'
import type { Run } from '../../../main/core/run.ts'
import { quietTask } from '../../../main/core/task.ts'
import type { Graph } from '../../../main/onnx/graph.ts'
import { readModel } from '../../../main/onnx/model-file.ts'
import { recipeFromOptions } from '../../../main/recipe/read-recipe.ts'
import { floats, model, node, noise } from '../../fixtures/build-model.ts'
import { temporaryFolder } from '../../fixtures/temporary-folder.ts'

const folder = temporaryFolder()
const path = join(folder, 'net.onnx')
let app: App

beforeAll(async () => {
  app = await openApp({ workspace: join(folder, 'ws'), cwd: folder })
  // head → BatchNormalization → Relu → tail → Identity → output; the last convolution is called as its tensor, as some exporters do.
  await writeFile(path, model({
    inputs: { input: ['n', 3, 'height', 'width'] }, outputs: { output: ['n', 3, 'height', 'width'] },
    nodes: [
      node('Conv', ['input', 'w0'], ['c0'], { pads: [1, 1, 1, 1] }, 'head'),
      node('BatchNormalization', ['c0', 'scale', 'shift', 'mean', 'variance'], ['b0'], {}, 'norm'),
      node('Relu', ['b0'], ['r0'], {}, 'relu'),
      node('Conv', ['r0', 'w1'], ['tail'], { pads: [1, 1, 1, 1] }, 'tail'),
      node('Identity', ['tail'], ['output'], {}, 'same'),
    ],
    initializers: {
      w0: noise([4, 3, 3, 3], 1, 0.3), w1: noise([3, 4, 3, 3], 2, 0.3),
      scale: floats([4], [0.5, 1, 1.5, 2]), shift: floats([4], [1, -1, 0.5, 0]), mean: floats([4], [10, -3, 0, 4]), variance: floats([4], [4, 1, 2, 9]),
    },
  }))
})
afterAll(() => app.close())

async function quantized(...set: string[]): Promise<{ run: Run; graph: Graph; types: Record<string, string> }> {
  const recipe = recipeFromOptions(path, {
    samples: join(bundledSample(), 'calibration'), threads: 1,
    set: ['samples.calibration.count=2', 'quantize.tail=off', 'rewrite=[remove-identity, fold-batchnorm]', ...set],
  })
  const run = await app.quantize({ recipe }, quietTask)
  const { graph } = await readModel(run.artifacts!.find(({ role }) => role === 'quantized-model')!.path)
  return { run, graph, types: Object.fromEntries(run.scales!.filter(({ kind }) => kind === 'activation').map(({ tensor, type }) => [tensor, type])) }
}

/** Without what 16 bits need. */
const rewrites = ({ proofs = [] }: Run): string[] => proofs.map(({ rewrite }) => rewrite).filter((name) => name !== 'raise-opset')
const convs = ({ nodes }: Graph): string[] => nodes.filter(({ op }) => op === 'Conv').map(({ outputs }) => outputs[0]!)

describe('overrides of a recipe with rewrites', () => {
  it('do not hinder rewrites that touch nothing they name', async () => {
    const { run, graph, types } = await quantized()
    expect(rewrites(run)).toEqual(['remove-identity', 'fold-batchnorm'])
    expect(convs(graph)).toHaveLength(2)
    expect(types).toEqual({ input: 'uint8', r0: 'uint8', output: 'uint8' })
  })

  it('keep the tensor that they name: BatchNormalization becomes a layer behind it instead of going into it', async () => {
    const { run, graph, types } = await quantized('quantize.layers.c0.bits=16')
    expect(rewrites(run)).toEqual(['remove-identity', 'fold-batchnorm'])
    expect(convs(graph)).toHaveLength(3)
    expect(types).toMatchObject({ c0: 'uint16' })
  })

  it('follow what they name to its new name', async () => {
    const { run, types } = await quantized('quantize.layers.tail.bits=16')
    expect(rewrites(run)).toEqual(['remove-identity', 'fold-batchnorm'])
    expect(types).toMatchObject({ output: 'uint16', r0: 'uint8' })
    expect(types).not.toHaveProperty('tail')
  })

  it('may speak of what a rewrite makes, and of nothing else', async () => {
    const { run, types } = await quantized('rewrite=[remove-identity, fold-batchnorm, conv-group]', 'quantize.layers={"output_convgroup*": {bits: 16}}')
    expect(rewrites(run)).toEqual(['remove-identity', 'fold-batchnorm', 'conv-group'])
    expect(types).toMatchObject({ output_convgroup1: 'uint16', output_convgroup2: 'uint16', output: 'uint8' })
    await expect(quantized('rewrite=[remove-identity, fold-batchnorm, conv-group]', 'quantize.layers.output_convgroop2.bits=16')).rejects
      .toMatchObject({ code: 'recipe.unknown-layer', next: expect.stringContaining('output_convgroup2') as string })
  })
})
