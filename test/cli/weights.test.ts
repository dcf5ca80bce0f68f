import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import type { WeightsResult } from '../../main/app/api.ts'
import { graphWeights } from '../../main/intake/weights/graph-weights.ts'
import { encodeModel } from '../../main/onnx/encode.ts'
import type { Graph } from '../../main/onnx/graph.ts'
import { readModel } from '../../main/onnx/model-file.ts'
import { openSession } from '../../main/runtime/session.ts'
import { encodeNpz } from '../../main/samples/npz.ts'
import { graph, noise, node } from '../fixtures/build-model.ts'
import { scalewright } from '../fixtures/command.ts'
import { hasSharedData, sharedData, warnWithoutSharedData } from '../fixtures/shared-data.ts'
import { temporaryFolder } from '../fixtures/temporary-folder.ts'
import { safetensors, torchLegacy, torchZip, type SavedTensor } from '../fixtures/torch-file.ts'

const folder = temporaryFolder()
const file = (name: string, content: string | Uint8Array): string => {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}
const weights = (...words: string[]) => scalewright(['weights', ...words, '--workspace', join(folder, 'ws')])
const refusal = (stdout: string) => (JSON.parse(stdout) as { error: { code: string; what: string; where?: string; next?: string } }).error

type State = Record<string, SavedTensor>

/** The learned values of a graph under other names. */
const stateOf = ({ initializers }: Graph, names: Readonly<Record<string, string>>): State =>
  Object.fromEntries(Object.entries(names).map(([name, key]) => {
    const { dims, data } = initializers.get(name)!
    return [key, { dims, values: (data as Float32Array).slice() }]
  }))

/** The same graph with noise for weights. */
function emptied(model: Graph): Graph {
  const initializers = new Map(model.initializers)
  for (const { name } of graphWeights(model)) initializers.set(name, noise(model.initializers.get(name)!.dims, 99))
  return { ...model, initializers }
}

const NET = graph({
  inputs: { x: [1, 2, 4, 4] }, outputs: { y: null },
  nodes: [node('Conv', ['x', 'w0', 'b0'], ['h'], {}, 'first'), node('PRelu', ['h', 'slope'], ['p'], {}, 'act'), node('Conv', ['p', 'w1'], ['y'], {}, 'last')],
  initializers: { w0: noise([3, 2, 1, 1], 1), b0: noise([3], 2), slope: noise([3, 1, 1], 3), w1: noise([2, 3, 1, 1], 4) },
})
const KEYS = { w0: 'net.0.weight', b0: 'net.0.bias', slope: 'net.1.weight', w1: 'net.2.weight' }
const RULES = "strip: [net.]\nrename:\n  - { from: '^0\\.weight$', to: w0 }\n  - { from: '^0\\.bias$', to: b0 }\n  - { from: '^1\\.weight$', to: slope }\n  - { from: '^2\\.weight$', to: w1 }\n"

describe('weights', () => {
  let model = ''
  beforeAll(() => {
    model = file('net.onnx', encodeModel(emptied(NET)))
  })

  test('by rules of names, from each kind of file, recorded, the same values', async () => {
    const state = stateOf(NET, KEYS)
    const rules = file('rules.yaml', RULES)
    const npz = encodeNpz(Object.fromEntries(Object.entries(KEYS).map(([name, key]) => [key, NET.initializers.get(name)!])))
    for (const from of [file('w.pth', torchZip(state)), file('old.pth', torchLegacy(state)), file('w.safetensors', safetensors(state)), file('w.npz', npz)]) {
      const out = join(folder, 'loaded.onnx')
      const { code, stdout, stderr } = await weights(model, '--from', from, '--map', rules, '--out', out, '--json')
      expect(code, stderr).toBe(0)
      const result = JSON.parse(stdout) as WeightsResult
      expect(result).toMatchObject({ verb: 'weights', status: 'done', weights: { missing: [], unexpected: [] } })
      const { graph: loaded } = await readModel(out)
      for (const name of Object.keys(KEYS)) expect([...(loaded.initializers.get(name)!.data as Float32Array)], name).toEqual([...(NET.initializers.get(name)!.data as Float32Array)])
    }
    const shown = await weights(model, '--from', join(folder, 'w.pth'), '--map', rules)
    expect(shown.stdout).toMatch(/^model\n[^]*weights {2}4\n {2}tensor +key of the file +shape +axes\n {2}w0 +net\.0\.weight +\[3, 2, 1, 1\]/)
  })

  test('what is missing, left over or of another shape is listed with the nearest, and nothing is written', async () => {
    const { 'net.2.weight': last, ...rest } = stateOf(NET, KEYS)
    const out = join(folder, 'none.onnx')
    const without = await weights(model, '--from', file('part.pth', torchZip({ ...rest, 'net.2.wieght': last! })), '--map', join(folder, 'rules.yaml'), '--out', out, '--json')
    expect(without.code).toBe(2)
    expect(refusal(without.stdout)).toMatchObject({
      code: 'input.weights-mismatch',
      what: expect.stringMatching(/nothing was loaded; 1 weights of the graph find nothing: w1; 1 keys of the file are left over: net\.2\.wieght; these may mean the same: w1 ↔ net\.2\.wieght$/),
    })
    expect(() => readFileSync(out)).toThrow()
    const allowed = await weights(model, '--from', join(folder, 'part.pth'), '--map', join(folder, 'rules.yaml'), '--out', out, '--allow-missing', '--json')
    expect(JSON.parse(allowed.stdout)).toMatchObject({ weights: { missing: ['w1'], unexpected: ['net.2.wieght'] }, notes: [expect.stringMatching(/^3 weights/), 'These stay as they were: w1.', 'These keys of the file were not used: net.2.wieght.'] })
    const wrong = await weights(model, '--from', file('wrong.pth', torchZip({ ...rest, 'net.2.weight': { dims: [3, 3, 1, 1], values: new Float32Array(9) } })), '--map', join(folder, 'rules.yaml'), '--json')
    expect(refusal(wrong.stdout).what).toContain('1 have another shape: w1 [2, 3, 1, 1] ↔ net.2.weight [3, 3, 1, 1]')
    expect(refusal((await weights(model, '--from', join(folder, 'w.pth'), '--json')).stdout)).toMatchObject({ code: 'input.weights-mismatch', next: expect.stringContaining('--map') })
  })

  test('a linear layer is turned where the rules say so, and the fault proposes the line', async () => {
    const linear = graph({ inputs: { x: [1, 3] }, outputs: { y: null }, nodes: [node('MatMul', ['x', 'fc.weight'], ['y'])], initializers: { 'fc.weight': noise([3, 2], 7) } })
    const path = file('linear.onnx', encodeModel(linear))
    const from = file('linear.pth', torchZip({ 'fc.weight': { dims: [2, 3], values: Float32Array.of(1, 2, 3, 4, 5, 6) } }))
    const { next } = refusal((await weights(path, '--from', from, '--json')).stdout)
    expect(next).toBe("Say `transpose: [{ match: 'fc.weight', perm: [1, 0] }]` in the rules.")
    const out = join(folder, 'turned.onnx')
    const { code, stderr } = await weights(path, '--from', from, '--map', file('turn.yaml', next!.split('`')[1]!), '--out', out)
    expect(code, stderr).toBe(0)
    expect([...((await readModel(out)).graph.initializers.get('fc.weight')!.data as Float32Array)]).toEqual([1, 4, 2, 5, 3, 6])
  })

  test('rules that are wrong name their line', async () => {
    const from = join(folder, 'w.pth')
    const bad = file('bad.yaml', 'preset: edsr\nrenames: []\n')
    expect(refusal((await weights(model, '--from', from, '--map', bad, '--json')).stdout)).toMatchObject({ code: 'input.weights-rules', where: `${bad}:2:1`, next: 'Did you mean rename, preset or ignore?' })
    const pattern = file('pattern.yaml', "ignore: ['(']\n")
    expect(refusal((await weights(model, '--from', from, '--map', pattern, '--json')).stdout)).toMatchObject({ code: 'input.weights-rules', where: `${pattern}:1:10` })
    expect(refusal((await weights(model, '--from', join(folder, 'none.pth'), '--json')).stdout)).toMatchObject({ code: 'input.missing-file' })
  })
})

warnWithoutSharedData('EDSR-8 from weights under its own keys')
describe.skipIf(!hasSharedData)('EDSR-8 under EDSR\'s own keys', () => {
  /** conv0 is the head, conv1..16 the blocks, conv17 the end of the body, conv18 the upsampler, conv19 the tail. */
  const layerKey = (index: number): string =>
    index === 0 ? 'head.0' : index <= 16 ? `body.${Math.floor((index - 1) / 2)}.body.${((index - 1) % 2) * 2}` : index === 17 ? 'body.8' : index === 18 ? 'tail.0.0' : 'tail.1'
  const names = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [[`conv${index}_w`, `${layerKey(index)}.weight`], [`conv${index}_b`, `${layerKey(index)}.bias`]]).flat())
  const shift = { dims: [3, 3, 1, 1], values: new Float32Array(9) }

  test.each([['.pth', torchZip], ['.safetensors', safetensors]] as const)('from a %s: the output is bit for bit that of the model', async (suffix, save) => {
    const { graph: edsr, bytes } = await readModel(join(sharedData, 'models/edsr8_x2.onnx'))
    const state = stateOf(edsr, names)
    // A state dict lists its keys in any order.
    const shuffled = Object.fromEntries([['sub_mean.weight', shift] as const, ...Object.entries(state).toReversed()])
    const model = file('empty-edsr.onnx', encodeModel(emptied(edsr)))
    const rules = file('edsr.yaml', 'preset: edsr\n')
    const out = join(folder, 'edsr.onnx')
    const { code, stderr } = await weights(model, '--from', file(`edsr${suffix}`, save(shuffled)), '--map', rules, '--out', out, '--quiet')
    expect(code, stderr).toBe(0)
    const input = noise([1, 3, 16, 16], 5)
    const run = async (model: Uint8Array): Promise<Uint8Array> => {
      const session = await openSession(model, { mode: 'reference', threads: 1 })
      const [output] = Object.values(await session.run({ input }))
      await session.close()
      return new Uint8Array((output!.data as Float32Array).buffer)
    }
    expect(await run(readFileSync(out))).toEqual(await run(bytes))
    const { 'body.3.body.2.weight': _lost, ...part } = state
    const lost = await weights(model, '--from', file(`part${suffix}`, save(part)), '--map', rules, '--json')
    expect(lost.code).toBe(2)
    expect(refusal(lost.stdout).what).toMatch(/1 weights of the graph find nothing: conv8_w; these may mean the same: conv8_w ↔ body\.3\.body\.2\.weight$/)
  })
})
