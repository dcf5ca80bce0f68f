import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { quietTask } from '../../../main/core/task.ts'
import { readModel } from '../../../main/onnx/model-file.ts'
import { applyRewrites, proveStep, type RewriteResult } from '../../../main/rewrite/apply.ts'
import type { Proof } from '../../../main/rewrite/prove.ts'
import { expectationOf } from '../../../main/samples/expectation.ts'
import { hasSharedData, sharedData, warnWithoutSharedData } from '../../fixtures/shared-data.ts'

warnWithoutSharedData('rewrites of public models')

/** Nothing that is only rewritten may differ by more, as a share of the output's range. */
const MOST = 1e-4

interface Wish {
  readonly rewrite: string
  readonly options?: Readonly<Record<string, unknown>>
}

/** All wishes on a model, each proved against the graph before it. */
async function rewrite(path: string, wishes: readonly Wish[]): Promise<{ result: RewriteResult; proofs: readonly Proof[] }> {
  const { graph } = await readModel(path)
  const { input, output } = expectationOf(graph)
  const context = { keep: new Set<string>(), picture: input && { input: input.name, range: input.range.value }, output: { name: output.name, range: output.range.value } }
  const result = await applyRewrites(graph, wishes.map(({ options = {}, ...wish }) => ({ ...wish, options })), { context, where: path }, quietTask)
  const proofs: Proof[] = []
  for (const step of result.steps) proofs.push(await proveStep(step, { threads: 1, samples: [], where: path }, quietTask))
  return { result, proofs }
}

const matchesOf = ({ steps }: RewriteResult): Record<string, number> => Object.fromEntries(steps.map((step) => [step.rewrite, step.matches.length]))

describe('the troubled sample', () => {
  const path = fileURLToPath(new URL('../../../resources/sample/models/troubled_x2.onnx', import.meta.url))

  it('loses its BatchNormalizations and both mean shifts', async () => {
    const { result, proofs } = await rewrite(path, [{ rewrite: 'fold-batchnorm' }, { rewrite: 'fold-affine' }, { rewrite: 'hoist-mean', options: { to: 'preprocess' } }])
    expect(matchesOf(result)).toEqual({ 'fold-batchnorm': 6, 'fold-affine': 1, 'hoist-mean': 1 })
    expect(result.graph.nodes.map(({ op }) => op).filter((op) => op === 'BatchNormalization' || op === 'Sub')).toEqual([])
    expect(result.steps.at(-1)!.preprocess).toMatchObject([{ input: 'input', scale: [1, 1, 1] }])
    for (const { relative } of proofs) expect(relative).toBeLessThan(MOST)
  })

  it('keeps its borders where the shift goes into the first Conv', async () => {
    const { result, proofs } = await rewrite(path, [{ rewrite: 'hoist-mean' }])
    expect(matchesOf(result)).toEqual({ 'hoist-mean': 1 })
    expect(proofs[0]!.edgeMaxAbs / 255).toBeLessThan(MOST)
  })
})

describe.skipIf(!hasSharedData)('public models', () => {
  const model = (name: string): string => join(sharedData, 'models', name)

  it.each<[string, readonly Wish[], Record<string, number>]>([
    ['ultraface_slim_320.onnx', [{ rewrite: 'opset' }, { rewrite: 'fold-constants' }, { rewrite: 'fold-batchnorm' }], { opset: 1, 'fold-constants': 15, 'fold-batchnorm': 25 }],
    ['abpn_retrain_x4_120x160.onnx', [{ rewrite: 'fuse-activation' }], { 'fuse-activation': 1 }],
    ['fsrcnn_x2.onnx', [{ rewrite: 'fold-affine' }, { rewrite: 'hoist-mean' }, { rewrite: 'depthwise-to-dense' }], { 'fold-affine': 7, 'hoist-mean': 1, 'depthwise-to-dense': 7 }],
    ['FastestDet.onnx', [{ rewrite: 'split-concat-add' }], { 'split-concat-add': 2 }],
    ['abpn_x3.onnx', [{ rewrite: 'conv-group', options: { multiple: 4 } }], { 'conv-group': 3 }],
    ['edsr8_x2.onnx', [{ rewrite: 'fold-affine' }, { rewrite: 'hoist-mean', options: { to: 'preprocess' } }], { 'fold-affine': 1, 'hoist-mean': 1 }],
    ['srmobile_x2.onnx', [{ rewrite: 'remove-identity' }, { rewrite: 'fold-affine' }, { rewrite: 'fuse-activation' }], {}],
  ])('%s', async (name, wishes, expected) => {
    const { result, proofs } = await rewrite(model(name), wishes)
    expect(matchesOf(result)).toEqual(expected)
    for (const { relative } of proofs) expect(relative).toBeLessThan(MOST)
  })

  it('squeezenet_fp16.onnx in float32 differs by the rounding of half precision alone', async () => {
    const { result, proofs } = await rewrite(model('squeezenet_fp16.onnx'), [{ rewrite: 'fp16-to-float' }, { rewrite: 'opset' }])
    expect(result.steps.map((step) => step.rewrite)).toEqual(['fp16-to-float', 'opset'])
    expect(proofs[0]!.relative).toBeLessThan(1e-2)
    expect(proofs[1]!.verdict).toBe('exact')
    expect(result.graph.nodes.some(({ op }) => op === 'Dropout')).toBe(false)
  })
})
