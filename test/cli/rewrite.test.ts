import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { RewriteFound, RewriteResult } from '../../main/app/api.ts'
import { sha256 } from '../../main/core/hash.ts'
import type { Run } from '../../main/core/run.ts'
import { readModel } from '../../main/onnx/model-file.ts'
import { openSession } from '../../main/runtime/session.ts'
import { noise } from '../fixtures/build-model.ts'
import { SAMPLE, scalewright } from '../fixtures/command.ts'
import { temporaryFolder } from '../fixtures/temporary-folder.ts'

const TROUBLED = join(SAMPLE ?? '', 'models/troubled_x2.onnx')
const OTHER = join(SAMPLE ?? '', 'models/sample_x2.onnx')

/** Two pictures each, and nothing measured that no test looks at. */
const FEW = ['samples.calibration.count=2', 'samples.evaluation.count=2', 'gates=null', 'compare={layers: none, latency: false, operators: false}'].flatMap((set) => ['--set', set])

interface Plan {
  model: string
  readonly steps: { rewrite: string; readonly options: Record<string, unknown>; readonly nodes: string[] }[]
}

describe.skipIf(SAMPLE === null)('rewrite', () => {
  const folder = SAMPLE === null ? '' : temporaryFolder()
  const workspace = join(folder, 'ws')
  const rewrite = (...words: string[]) => scalewright(['rewrite', ...words, '--workspace', workspace])
  const error = (stdout: string) => (JSON.parse(stdout) as { error: { code: string; what: string; next?: string } }).error

  test('--list says what each rewrite finds, why it helps and what it costs, and what it refuses', async () => {
    const person = await rewrite(TROUBLED, '--list')
    expect(person.code, person.stderr).toBe(0)
    expect(person.stdout).toMatch(/^fold-batchnorm {2}6\n {2}keeps the function and is proved; part of auto\n {2}block0\.a\.norm {2}\S.*0 MACs/)
    expect(person.stdout).toMatch(/\nresize-to-conv {2}1\n[^]*upsample {2}nearest Resize ×2 of 16 channels/)
    expect(person.stdout).toMatch(/\ninsert-clip {2}1\n {2}a repair: changes the function on purpose\n/)
    expect(person.stdout).toMatch(/\nrefused\n[^]*tail-layout +add_mean +output: add_mean \(Add\) computes on codes/)
    const { stdout } = await rewrite(TROUBLED, '--list', '--json')
    const { rewrites, sha256: hash } = JSON.parse(stdout) as RewriteFound
    expect(hash).toBe(sha256(readFileSync(TROUBLED)))
    const found = Object.fromEntries(rewrites.map(({ name, found }) => [name, found.length]))
    expect(found).toMatchObject({ 'fold-batchnorm': 6, 'hoist-mean': 1, 'resize-to-conv': 1, 'insert-clip': 1, 'tail-layout': 0, anchor: 0 })
    expect(rewrites.find(({ name }) => name === 'resize-to-conv')!.found[0]).toMatchObject({ nodes: ['upsample'], cost: { channelPeak: 64 } })
  })

  test('tail-layout names the movers and the bytes, and belongs to auto only where the board hands accumulators out', async () => {
    const plain = join(folder, 'plain.onnx')
    expect((await rewrite(TROUBLED, '--only', 'fold-affine', '--out', plain)).code).toBe(0)
    const list = async (board: string) => (JSON.parse((await rewrite(plain, '--list', '--json', '--board', board)).stdout) as RewriteFound).rewrites.find(({ name }) => name === 'tail-layout')!
    const here = await list('horizon-j6')
    expect(here).toMatchObject({ kind: 'rewrite', auto: true, found: [{ nodes: ['tail', expect.any(String)], what: expect.stringMatching(/int32 accumulator of Conv tail \(4 bytes a value instead of 1\), Transpose .* behind the dequantize/) }] })
    expect(await list('ort-cpu')).toMatchObject({ auto: false, found: [{ nodes: ['tail', expect.any(String)] }] })
  })

  test('--only does what is named, proves it, and --out loads', async () => {
    const out = join(folder, 'folded.onnx')
    const { code, stdout, stderr } = await rewrite(TROUBLED, '--only', 'fold-batchnorm,resize-to-conv', '--out', out, '--json')
    expect(code, stderr).toBe(0)
    const result = JSON.parse(stdout) as RewriteResult
    expect(result.steps.map(({ rewrite }) => rewrite)).toEqual(['fold-batchnorm', 'resize-to-conv'])
    expect(result.proofs).toMatchObject([{ rewrite: 'fold-batchnorm', relative: expect.any(Number), edgeMaxAbs: expect.any(Number), worst: { output: 'output' } }, { rewrite: 'resize-to-conv', verdict: 'exact', relative: 0, ulp: 0, worst: null }])
    const session = await openSession(readFileSync(out), { mode: 'reference', threads: 1 })
    expect((await session.run({ input: noise([1, 3, 16, 17], 1, 100) }))['output']!.dims).toEqual([1, 32, 34, 3])
    await session.close()
    const person = await rewrite(TROUBLED, '--only', 'resize-to-conv')
    expect(person.stdout).toMatch(/\nproofs\n {2}rewrite +node +verdict +max abs +relative\n {2}resize-to-conv +upsample +exact +0 +0\n/)
  })

  test('--plan does the same again to the same bytes, and proves it again; another model is refused unless --force', async () => {
    const [first, again] = [join(folder, 'first.onnx'), join(folder, 'again.onnx')]
    const made = JSON.parse((await rewrite(TROUBLED, '--only', 'fold-batchnorm,fold-affine,hoist-mean,resize-to-conv', '--out', first, '--json')).stdout) as RewriteResult
    const file = made.artifacts!.find(({ role }) => role === 'rewrite-plan')!.path
    const plan = JSON.parse(readFileSync(file, 'utf8')) as Plan
    expect(plan.model).toBe(sha256(readFileSync(TROUBLED)))
    const replayed = await rewrite(TROUBLED, '--plan', file, '--out', again, '--json')
    expect(replayed.code, replayed.stderr).toBe(0)
    expect(readFileSync(again).equals(readFileSync(first))).toBe(true)
    expect((JSON.parse(replayed.stdout) as RewriteResult).proofs).toEqual(made.proofs)
    const elsewhere = await rewrite(OTHER, '--plan', file, '--json')
    expect([elsewhere.code, error(elsewhere.stdout).code]).toEqual([2, 'input.plan-for-another'])
    expect(error(elsewhere.stdout).next).toContain('--force')
    // The model with its name changed is another file of the same graph: forced, everything is proved anew.
    const own = join(folder, 'own-plan.json')
    writeFileSync(own, JSON.stringify({ ...plan, model: '0'.repeat(64) }))
    expect((await rewrite(TROUBLED, '--plan', own)).code).toBe(2)
    const forced = await rewrite(TROUBLED, '--plan', own, '--force', '--json')
    expect((JSON.parse(forced.stdout) as RewriteResult).proofs).toEqual(made.proofs)
    // Its places are not in the other model, force or not.
    const nowhere = await rewrite(OTHER, '--plan', file, '--force', '--json')
    expect([nowhere.code, error(nowhere.stdout).code]).toEqual([2, 'input.nothing-to-rewrite'])
  })

  test.each([
    ['no JSON', 'no plan', /it is not JSON/],
    ['another document', '{"format": "scalewright-history", "version": 1}', /format/],
  ])('a plan that is %s is refused', async (_name, text, why) => {
    const file = join(folder, 'bad-plan.json')
    writeFileSync(file, text)
    const { code, stdout } = await rewrite(TROUBLED, '--plan', file, '--json')
    expect([code, error(stdout).code]).toEqual([2, 'input.plan'])
    expect(error(stdout).what).toMatch(why)
  })

  test('what is asked for and does not fit ends with exit 2, the nearest candidates and why; nothing is written', async () => {
    const out = join(folder, 'never.onnx')
    for (const names of ['tail-layout', 'fold-batchnorm,tail-layout']) {
      const { code, stdout } = await rewrite(TROUBLED, '--only', names, '--out', out, '--json')
      expect([code, error(stdout).code]).toEqual([2, 'input.nothing-to-rewrite'])
      expect(error(stdout).what).toMatch(/^tail-layout: nothing in this model fits\. tail-layout at add_mean: output: add_mean \(Add\) computes on codes/)
    }
    const unknown = await rewrite(TROUBLED, '--only', 'fold-batchnrom', '--out', out, '--json')
    expect([unknown.code, error(unknown.stdout).code]).toEqual([2, 'recipe.unknown-rewrite'])
    expect(error(unknown.stdout).next).toContain('fold-batchnorm')
    const wrong = await rewrite(TROUBLED, '--set', 'rewrite={resize-to-conv: {form: conv2x2}}', '--out', out, '--json')
    expect([wrong.code, error(wrong.stdout).code]).toEqual([2, 'recipe.wrong-value'])
    expect(error(wrong.stdout).next).toContain('conv1x1')
    expect(existsSync(out)).toBe(false)
  })

  test('a repair is measured on the evaluation samples and never called a proof; without them that is said', async () => {
    const recipe = join(SAMPLE!, 'recipe.yaml')
    const { code, stdout, stderr } = await rewrite(recipe, '--set', `model=${TROUBLED}`, ...FEW, '--only', 'insert-clip', '--json')
    expect(code, stderr).toBe(0)
    const result = JSON.parse(stdout) as RewriteResult
    expect(result.proofs ?? []).toEqual([])
    expect(result.repairs).toEqual([{ rewrite: 'insert-clip', protocol: 'psnr-y/shave2/studio', before: expect.any(Number), after: expect.any(Number), samples: 2, changedPercent: expect.any(Number), perSample: [expect.objectContaining({ sample: 'pic_03_LR' }), expect.objectContaining({ sample: 'pic_06_LR' })] }])
    // What is beyond black and white is clipped by the measure too: the pictures stay the same.
    const [{ before, after, changedPercent }] = result.repairs as [RewriteResult['repairs'][number]]
    expect(after).toBeCloseTo(before!, 6)
    expect(changedPercent).toBeGreaterThan(0)
    expect(changedPercent).toBeLessThan(10)
    expect(result.notes).toContainEqual(expect.stringMatching(/^insert-clip changes the function: measured on 2 samples, psnr-y\/shave2\/studio \d+\.\d+ before/))
    const without = await rewrite(TROUBLED, '--only', 'insert-clip')
    expect(without.stdout).toMatch(/insert-clip {2}a repair: changes the function on purpose/)
    expect(without.stdout).not.toMatch(/\nrepairs/)
    expect((JSON.parse((await rewrite(TROUBLED, '--only', 'insert-clip', '--json')).stdout) as RewriteResult).notes).toContainEqual(expect.stringContaining('was not measured: there are no evaluation samples'))
  })

  test('run with `rewrite: auto` leaves no trouble in the quantized graph, and gives the same numbers again', async () => {
    const words = ['run', join(SAMPLE!, 'recipe.yaml'), '--set', `model=${TROUBLED}`, '--set', 'rewrite=auto', '--board', 'horizon-j6', ...FEW, '--workspace', workspace, '--json']
    const [first, second] = [await scalewright([...words, '--out', join(folder, 'auto.onnx')]), await scalewright([...words, '--out', join(folder, 'auto-again.onnx')])]
    expect(first.code, first.stderr).toBe(0)
    const [run, again] = [first, second].map(({ stdout }) => JSON.parse(stdout) as Run) as [Run, Run]
    expect(run.proofs!.map(({ rewrite }) => rewrite)).toEqual(['fold-batchnorm', 'fold-affine', 'hoist-mean', 'resize-to-conv', 'tail-layout'])
    for (const { rewrite, verdict, relative } of run.proofs!) expect([rewrite, verdict === 'exact' || relative! < 1e-4]).toEqual([rewrite, true])
    expect(run.notes).toContainEqual('By the rewrites of the recipe: quantize.output=accumulator.')
    expect(run.recipe).toMatchObject({ rewrite: 'auto', quantize: { output: 'accumulator' } })
    const { graph } = await readModel(join(folder, 'auto.onnx'))
    expect(graph.nodes.filter(({ op }) => op === 'Resize' || op === 'BatchNormalization')).toEqual([])
    expect(graph.nodes.filter(({ name }) => name === 'sub_mean' || name === 'add_mean')).toEqual([])
    // Nothing is rounded between the last convolution and the output: its accumulator leaves, the Transpose to NHWC runs in float.
    const last = graph.nodes.at(-1)!
    expect(last.op).toBe('Transpose')
    expect(graph.nodes.find(({ outputs }) => outputs[0] === last.inputs[0])).toMatchObject({ op: 'Conv', name: 'tail' })
    expect(run.scales!.filter(({ tensor, kind }) => kind === 'activation' && (tensor === 'output' || tensor === last.inputs[0]))).toEqual([])
    expect(again.quality).toEqual(run.quality)
    expect(readFileSync(join(folder, 'auto-again.onnx')).equals(readFileSync(join(folder, 'auto.onnx')))).toBe(true)
  })
})
