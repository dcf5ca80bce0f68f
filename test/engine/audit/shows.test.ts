import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { audit } from '../../../main/audit/audit.ts'
import { joinedFixes } from '../../../main/audit/fix.ts'
import type { App } from '../../../main/app/api.ts'
import { openApp } from '../../../main/app/app.ts'
import { bundledSample } from '../../../main/app/demo.ts'
import { boardNamed } from '../../../main/boards/read-profile.ts'
import type { Finding, Run } from '../../../main/core/run.ts'
import { quietTask } from '../../../main/core/task.ts'
import { auditInput, auditJob } from '../../../main/engine/jobs/audit.ts'
import { observeJob } from '../../../main/engine/jobs/observe.ts'
import { quantizeJob } from '../../../main/engine/jobs/quantize.ts'
import { encodeModel } from '../../../main/onnx/encode.ts'
import { readRecipe, recipeFromOptions } from '../../../main/recipe/read-recipe.ts'
import { model, node, noise } from '../../fixtures/build-model.ts'
import { codedConv, pair, ruled, rules } from '../../fixtures/coded-model.ts'
import { hasSharedData, sharedData, warnWithoutSharedData } from '../../fixtures/shared-data.ts'
import { temporaryFolder } from '../../fixtures/temporary-folder.ts'
import { faultOf } from '../../fixtures/thrown-fault.ts'

const folder = temporaryFolder()
const troubled = join(bundledSample(), 'models/troubled_x2.onnx')
const samples = join(bundledSample(), 'calibration')
let app: App
beforeAll(async () => { app = await openApp({ workspace: join(folder, 'space'), cwd: folder }) })
afterAll(() => app.close())

const at = (findings: readonly Finding[], rule: string): string[] => ruled(findings, rule).map(({ node: name }) => name)

describe('the troubled sample on horizon-j6', () => {
  let run: Awaited<ReturnType<App['audit']>>
  beforeAll(async () => { run = await app.audit({ recipe: recipeFromOptions(troubled, { board: 'horizon-j6' }, folder) }, quietTask) })

  it('names every trouble that its card lists', () => {
    const findings = run.findings!
    expect(at(findings, 'P03').toSorted()).toEqual(['add_mean', 'sub_mean'])
    expect(ruled(findings, 'D03').map(({ what }) => what)).toEqual(expect.arrayContaining([
      expect.stringContaining('6 × BatchNormalization that is not folded: block0.a.norm'), 'head is kept in memory through 7 computing nodes, up to Add long_skip',
    ]))
    expect(at(findings, 'R01')).toEqual(['upsample'])
    expect(at(findings, 'T01')).toEqual(['output'])
    expect(ruled(findings, 'T01')[0]!.fix).toContain('the board gives NHWC by itself')
    expect(at(findings, 'T02')).toEqual(['add_mean'])
    expect(at(findings, 'P01')).toEqual(['add_mean'])
  })

  it('is recorded as a run with its findings and proposes lines of a recipe that can be read', async () => {
    const kept = await app.runs.show(run.run)
    expect([kept.verb, kept.status]).toEqual(['audit', 'done'])
    expect(kept.findings).toEqual(run.findings)
    expect(Object.keys(run.fix.recipe['rewrite'] as object)).toEqual(expect.arrayContaining(['fold-batchnorm', 'hoist-mean', 'resize-to-conv', 'insert-clip']))
    const file = join(folder, 'fixed.yaml')
    await writeFile(file, `model: ${JSON.stringify(troubled)}\n${run.fix.text}`)
    expect((await readRecipe(file, {}, folder)).rewrite).toEqual(run.fix.recipe['rewrite'])
  })

  it('refuses a board that nobody knows', async () => {
    const fault = await faultOf(() => app.audit({ recipe: recipeFromOptions(troubled, { board: 'horizon-j7' }, folder) }, quietTask))
    expect(fault).toMatchObject({ code: 'input.unknown-board', next: expect.stringContaining('horizon-j6') })
  })
})

describe('a model that another tool quantized', () => {
  it('a Transpose before the last DequantizeLinear and a scale of 1: T01 and S01 with the right cause', async () => {
    const quantized = codedConv({
      output: { scale: 1, zeroPoint: 128 }, outputDims: [1, 8, 8, 2],
      tail: (parts, result) => {
        parts.nodes.push(node('Transpose', [result], ['t'], { perm: [0, 2, 3, 1] }, 'turn'))
        pair(parts, 't', { scale: 1, zeroPoint: 128 }, 'y')
      },
    })
    const path = join(folder, 'other-tool.onnx')
    await writeFile(path, encodeModel(quantized))
    const { findings } = await auditJob({ recipe: recipeFromOptions(path, {}, folder), board: 'horizon-j6', workspace: folder }, quietTask)
    expect(ruled(findings, 'T01')).toMatchObject([{ severity: 'warning', node: 'turn', what: 'Transpose turn stands between Conv conv and the dequantize of y', why: expect.stringContaining('a step of 1') }])
    expect(ruled(findings, 'S01')[0]).toMatchObject({ severity: 'error', node: 'conv', tensor: 'c', what: 'the scale of c is exactly 1: not calibrated', why: expect.stringMatching(/cannot leave ±1\.\d+.*a calibrated scale is at most 0\.0\d+/) })
  })
})

describe('statistics of another revision', () => {
  const revision = (last: string) => model({
    inputs: { x: [1, 3, 16, 16] }, outputs: { y: [1, 3, 16, 16] }, initializers: { a: noise([4, 3, 3, 3], 1, 0.2), b: noise([3, 4, 3, 3], 2, 0.2) },
    nodes: [node('Conv', ['x', 'a'], [last], { pads: [1, 1, 1, 1] }, last), node('Conv', [last, 'b'], ['y'], { pads: [1, 1, 1, 1] }, 'tail')],
  })
  const [first, second, seen] = ['first.onnx', 'second.onnx', 'first.statistics'].map((name) => join(folder, name)) as [string, string, string]
  beforeAll(async () => {
    await writeFile(first, revision('body.conv1'))
    await writeFile(second, revision('body.conv_1'))
    await observeJob({ recipe: recipeFromOptions(first, { samples, set: ['samples.calibration.count=2'] }, folder), threads: 1, statistics: seen }, quietTask)
  })

  it('are refused with every name and the nearest pairs', async () => {
    const fault = await faultOf(() => quantizeJob({ recipe: recipeFromOptions(second, {}, folder), statistics: seen, out: join(folder, 'q.onnx') }, quietTask))
    expect(fault.code).toBe('input.statistics-model')
    expect(fault.what).toContain('missing: body.conv_1; not known here: body.conv1; may mean the same: body.conv_1 ↔ body.conv1')
    expect(fault.next).toContain('--allow-missing')
  })

  it('are taken as far as they go with allowMissing, which names the rest', async () => {
    const { table, notes } = await quantizeJob({ recipe: recipeFromOptions(second, {}, folder), statistics: seen, out: join(folder, 'q.onnx'), allowMissing: true }, quietTask)
    expect(notes).toContain('The statistics do not fit: missing: body.conv_1; not known here: body.conv1; may mean the same: body.conv_1 ↔ body.conv1.')
    expect(notes).toContain('In float, because nothing was seen of what they read or make: body.conv_1, tail.')
    expect(table.map(({ tensor }) => tensor)).not.toContain('body.conv_1')
  })

  it('are an error of an audit', async () => {
    const { findings } = await auditJob({ recipe: recipeFromOptions(second, {}, folder), board: null, workspace: folder, statistics: seen }, quietTask)
    expect(ruled(findings, 'S02')).toMatchObject([{ severity: 'error', tensor: 'body.conv_1', why: expect.stringContaining('body.conv_1 ↔ body.conv1') }])
  })
})

describe('models that we quantized', () => {
  it('a recorded run is audited with all that it measured, and its scales raise nothing', async () => {
    const set = ['samples.calibration.count=4', 'samples.evaluation.count=2', 'compare.latency=false']
    const run: Run = await app.run({ recipe: await readRecipe(join(bundledSample(), 'recipe.yaml'), { set }, folder) }, quietTask)
    for (const board of ['horizon-j6', 'sophon-bm1684x', 'ort-cpu']) {
      const audited = await app.audit({ run: run.run, changes: { board }, cwd: folder }, quietTask)
      expect(rules(audited.findings!).filter((rule) => /^S0[1-7]/.test(rule)), board).toEqual([])
      expect(audited.parent).toBe(run.run)
    }
  })

  warnWithoutSharedData('findings of the public models for three boards')
  const MODELS = [['abpn_x3', 'Set5'], ['edsr8_x2', 'Set5'], ['srmobile_x2', 'Set5'], ['espcn_x3_zoo', 'Set5'], ['fsrcnn_x2', 'Set5'], ['abpn_retrain_x4_120x160', 'Set5'], ['srcnn_x3_cubic', 'Set5'], ['FastestDet', 'coco48'], ['squeezenet_fp16', 'imagenet50'], ['ultraface_slim_320', 'coco48']] as const
  describe.skipIf(!hasSharedData)('of the public data', () => {
    it.each(MODELS)('%s raises no S01 to S07 on three boards, with its statistics and as a file alone', async (name, pictures) => {
      const recipe = recipeFromOptions(join(sharedData, 'models', `${name}.onnx`), { samples: join(sharedData, 'images', pictures), set: ['samples.calibration.count=2'] }, folder)
      const [statistics, out] = [join(folder, `${name}.statistics`), join(folder, `${name}-quantized.onnx`)]
      await observeJob({ recipe, threads: 2, statistics }, quietTask)
      const { table } = await quantizeJob({ recipe, statistics, out }, quietTask)
      const { input } = await auditInput({ recipe, quantized: out, statistics, scales: table })
      for (const board of ['horizon-j6', 'sophon-bm1684x', 'ort-cpu']) {
        const findings = audit(input, await boardNamed(board))
        expect(findings.filter(({ rule }) => /^SW-S0[1-7]/.test(rule)), board).toEqual([])
        if (name === 'abpn_retrain_x4_120x160') expect(at(findings, 'P04')).toEqual(['Add_14'])
        if (name === 'srcnn_x3_cubic') expect(at(findings, 'R03')).toEqual(['/Resize'])
      }
      const alone = await auditJob({ recipe: recipeFromOptions(out, {}, folder), board: null, workspace: folder }, quietTask)
      expect(alone.findings.filter(({ rule }) => /^SW-S0[1-7]/.test(rule))).toEqual([])
      expect(joinedFixes(alone.findings).set.every((assignment) => assignment.startsWith('quantize.layers.'))).toBe(true)
    })
  })
})
