import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { App } from '../../../main/app/api.ts'
import { openApp } from '../../../main/app/app.ts'
import { quietTask } from '../../../main/core/task.ts'
import { exportJob } from '../../../main/engine/jobs/export.ts'
import { verifyJob } from '../../../main/engine/jobs/verify.ts'
import { swapped, transposed } from '../../../main/export/compare-dump.ts'
import { encodeModel } from '../../../main/onnx/encode.ts'
import type { Graph, Tensor } from '../../../main/onnx/graph.ts'
import { readModel } from '../../../main/onnx/model-file.ts'
import { float32, float32Scalar, tensor } from '../../../main/onnx/tensor.ts'
import { readQdq } from '../../../main/quantize/read-qdq.ts'
import { openSession } from '../../../main/runtime/session.ts'
import { decodeNpz, encodeNpz } from '../../../main/samples/npz.ts'
import { runToExport } from '../../fixtures/bundle-run.ts'
import { temporaryFolder } from '../../fixtures/temporary-folder.ts'

const folder = temporaryFolder()
const bundle = join(folder, 'bundle')
let app: App
let graph: Graph
/** What a board dumps that does everything right: every tensor with codes, by its own name. */
let right: Record<string, Tensor>

beforeAll(async () => {
  app = await openApp({ workspace: join(folder, 'ws'), cwd: folder, threads: 1 })
  const run = await runToExport(app)
  await exportJob({ ...(await app.exportSubject(run, { board: 'sophon-bm1684' })), out: bundle, force: false, language: 'en', scalewright: '0' }, quietTask)
  graph = (await readModel(join(bundle, 'model/model.qdq.onnx'))).graph
  right = await dumpOf(graph)
})
afterAll(() => app.close())

const golden = (): Record<string, Tensor> => Object.fromEntries(decodeNpz(readFileSync(join(bundle, 'golden/in_000.npz')), 'in'))

/** All tensors with codes, as a simulation of a board with this model gives them. */
async function dumpOf(model: Graph, feeds = golden()): Promise<Record<string, Tensor>> {
  const { dequantizedNames } = readQdq(model)
  const wanted = [...dequantizedNames].filter(([name]) => name !== 'input')
  const outputs = new Set(model.outputs.map(({ name }) => name))
  const added = wanted.filter(([, shown]) => !outputs.has(shown)).map(([, name]) => ({ name, type: 'float32' as const, dims: null }))
  const session = await openSession(encodeModel({ ...model, outputs: [...model.outputs, ...added] }), { mode: 'simulated', threads: 1 })
  const found = await session.run(feeds)
  const dump = Object.fromEntries(wanted.map(([name, shown]) => [name, tensor('float32', found[shown]!.dims, float32(found[shown]!).slice())]))
  await session.close()
  return dump
}

let files = 0
async function verify(dump: Record<string, Tensor>) {
  const outputs = join(folder, `dump${files++}.npz`)
  writeFileSync(outputs, encodeNpz(dump))
  return { file: outputs, ...(await verifyJob({ bundle, outputs, golden: 0, threads: 1 }, quietTask)).dump! }
}

describe('a dump of a board', () => {
  it('that does everything right agrees bit by bit, under any of the names that a toolchain may use', async () => {
    const { layers, diagnoses, unmatched } = await verify(right)
    expect([diagnoses, unmatched]).toEqual([[], []])
    expect(layers.length).toBe(Object.keys(right).length)
    expect(layers.map(({ maxAbs }) => maxAbs)).toEqual(layers.map(() => 0))
    expect(layers.map(({ op }) => op)).not.toContain('DequantizeLinear')
    const renamed = await verify(Object.fromEntries(Object.entries(right).map(([name, value], index) => [index % 2 === 0 ? name.replaceAll('.', '_').toUpperCase() : name, value])))
    expect([renamed.layers.length, renamed.unmatched]).toEqual([layers.length, []])
    expect((await verify({ output: right['output']!, outptu: right['output']! })).unmatched).toEqual([{ array: 'outptu', nearest: expect.arrayContaining(['output']) as unknown }])
  })

  it('in NHWC instead of NCHW is named so', async () => {
    const { layers, diagnoses } = await verify({ output: nhwc(right['output']!) })
    expect(layers[0]!.cosine).toBeLessThan(0.995)
    expect(diagnoses).toMatchObject([{ tensor: 'output', suspicion: 'layout', after: expect.closeTo(1, 6) as number }])
    const all = await verify(Object.fromEntries(Object.entries(right).map(([name, value]) => [name, nhwc(value)])))
    expect(new Set(all.diagnoses.map(({ suspicion }) => suspicion))).toEqual(new Set(['layout']))
  })

  it('in BGR instead of RGB is named so, whether its output or its input was mistaken', async () => {
    const output = right['output']!
    expect((await verify({ output: tensor('float32', output.dims, swapped(float32(output), output.dims, 1)) })).diagnoses).toMatchObject([{ tensor: 'output', suspicion: 'channels', after: expect.closeTo(1, 6) as number }])
    const input = golden()['input']!
    const fed = await dumpOf(graph, { input: tensor('float32', input.dims, swapped(float32(input), input.dims, 1)) })
    expect((await verify(fed)).diagnoses).toMatchObject([{ tensor: '', suspicion: 'input-channels', after: expect.closeTo(1, 6) as number }])
    const moved = await dumpOf(graph, { input: tensor('float32', input.dims, transposed(float32(input), input.dims, [0, 2, 3, 1])) })
    expect((await verify(moved)).diagnoses).toMatchObject([{ tensor: '', suspicion: 'input-layout', after: expect.closeTo(1, 6) as number }])
  })

  it('with a scale of 1 in one layer names that layer first', async () => {
    const name = 'body1.relu'
    const scale = graph.nodes.find(({ op, inputs }) => op === 'QuantizeLinear' && inputs[0] === name)!.inputs[1]!
    const { diagnoses, layers } = await verify(await dumpOf({ ...graph, initializers: new Map([...graph.initializers, [scale, float32Scalar(1)]]) }))
    expect(diagnoses[0]).toMatchObject({ tensor: name, suspicion: 'scale-of-1' })
    expect(layers.find(({ tensor: one }) => one === 'body0.relu')!.maxAbs).toBe(0)
  })

  it('of codes that nobody dequantized is named so', async () => {
    const { rows } = readQdq(graph)
    const row = rows.find(({ tensor: name }) => name === 'tail2')!
    const codes = tensor('int8', right['tail2']!.dims, Int8Array.from(float32(right['tail2']!), (value) => Math.round(value / row.scale[0]!) + row.zeroPoint[0]!))
    expect((await verify({ tail2: codes })).diagnoses).toMatchObject([{ tensor: 'tail2', suspicion: 'codes' }])
  })

  it('that saturates where the simulation does not is told by how much', async () => {
    const row = readQdq(graph).rows.find(({ tensor: name }) => name === 'body2.relu')!
    const top = (127 - row.zeroPoint[0]!) * row.scale[0]!
    const value = right['body2.relu']!
    const pinned = tensor('float32', value.dims, float32(value).map((one, index) => (index % 4 === 0 ? top : one)))
    expect((await verify({ 'body2.relu': pinned })).layers[0]!.clippedPercent).toBeCloseTo(25, 0)
    expect((await verify({ 'body2.relu': value })).layers[0]!.clippedPercent).toBe(0)
  })

  it('of other sizes, with values that are not numbers, or of another model is told', async () => {
    expect((await verify({ output: tensor('float32', [1, 3, 2, 2], new Float32Array(12)) })).diagnoses).toMatchObject([{ suspicion: 'shape' }])
    expect((await verify({ output: tensor('float32', right['output']!.dims, float32(right['output']!).map(() => NaN)) })).diagnoses).toMatchObject([{ suspicion: 'not-finite' }])
    await expect(verify({ nobody: right['output']! })).rejects.toMatchObject({ code: 'input.dump', next: expect.stringContaining('output') as string })
    writeFileSync(join(folder, 'no.npz'), 'no zip')
    await expect(verifyJob({ bundle, outputs: join(folder, 'no.npz'), golden: 0, threads: 1 }, quietTask)).rejects.toMatchObject({ code: 'samples.npz' })
    await expect(verifyJob({ bundle, outputs: join(folder, 'no.npz'), golden: 7, threads: 1 }, quietTask)).rejects.toMatchObject({ code: 'input.bad-option' })
  })

  it('is recorded with the board, and what got worse since the last one is a failed gate', async () => {
    const [good, bad] = [(await verify(right)).file, (await verify({ ...right, 'body1.relu': noisy(right['body1.relu']!) })).file]
    const first = await app.verifyBundle({ bundle, outputs: good }, quietTask)
    expect(first).toMatchObject({ passed: true, board: 'sophon-bm1684', dump: { against: null, worse: [] } })
    const second = await app.verifyBundle({ bundle, outputs: bad }, quietTask)
    expect(second).toMatchObject({ passed: false, dump: { against: first.run, worse: [{ tensor: 'body1.relu' }] } })
    const recorded = await app.runs.show(second.run)
    expect(recorded).toMatchObject({ verb: 'verify', parent: first.of, status: 'done' })
    expect(recorded.gates).toContainEqual({ rule: 'layers_worse_than_last_dump <= 0', measured: 1, passed: false })
    expect((await app.runs.list({ verb: 'verify', board: 'sophon-bm1684' })).map(({ run }) => run)).toEqual([second.run, first.run])
  })
})

const nhwc = (value: Tensor): Tensor => tensor('float32', [0, 2, 3, 1].map((axis) => value.dims[axis]!), transposed(float32(value), value.dims, [0, 2, 3, 1]))
/** A hundredth of the largest value, up and down in turn. */
function noisy(value: Tensor): Tensor {
  const largest = float32(value).reduce((most, one) => Math.max(most, Math.abs(one)), 0)
  return tensor('float32', value.dims, float32(value).map((one, index) => one + (index % 2 === 0 ? 1 : -1) * 0.01 * largest))
}
