import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { openDatabase } from '../../main/store/database.ts'
import { openStore, storeOn } from '../../main/store/open-store.ts'
import { layerError, sampleEnvironment, sampleRun, scaleRow } from '../fixtures/sample-run.ts'
import { temporaryFolder } from '../fixtures/temporary-folder.ts'

const folder = temporaryFolder()
const store = openStore(join(folder, 'workspace'))
afterAll(() => store.close())
const begin = () => store.beginRun({ verb: 'run', environment: sampleEnvironment })

describe('runs', () => {
  it('come back exactly as they were recorded', () => {
    const run = sampleRun(begin())
    store.finishRun(run)
    expect(store.getRun(run.run)).toStrictEqual(run)
  })

  it('keep numbers of single samples by other protocols apart', () => {
    const plain = sampleRun(begin())
    const besides = { 'agreement/top1': [{ sample: 'a', float: null, simulated: 0, fused: 100 }, { sample: 'b', float: null, simulated: 100, fused: 100 }] }
    const run = { ...plain, quality: { ...plain.quality!, others: { ...plain.quality!.others, 'agreement/top1': { float: null, simulated: 50, fused: 100 } }, besides } }
    store.finishRun(run)
    expect(store.getRun(run.run)).toStrictEqual(run)
  })

  it('come back from another opening of the workspace', () => {
    const run = sampleRun(begin())
    store.finishRun(run)
    const other = openStore(store.folder, { readonly: true })
    expect(other.getRun(run.run)).toStrictEqual(run)
    other.close()
  })

  it('keep absent parts absent and empty ones empty', () => {
    const { operators: _, ...run } = { ...sampleRun(begin()), scales: [] }
    store.finishRun(run)
    const back = store.getRun(run.run)
    expect(back.scales).toEqual([])
    expect('operators' in back).toBe(false)
  })

  it('keep numbers that are not finite', () => {
    const run = { ...sampleRun(begin()), layers: [layerError('r0', { sqnrDb: Infinity, cosine: NaN })] }
    store.finishRun(run)
    expect(store.getRun(run.run).layers).toStrictEqual(run.layers)
  })

  it('keep every digit of a scale', () => {
    const run = { ...sampleRun(begin()), scales: [scaleRow('w', { scale: [1 / 3, Math.fround(0.1), 5e-324], lo: -1 / 3, axis: 0 })] }
    store.finishRun(run)
    expect(store.getRun(run.run).scales).toStrictEqual(run.scales)
  })

  it('are running until they end, and end once', () => {
    const run = begin()
    expect(store.getRun(run.run)).toStrictEqual(run)
    store.failRun(run.run, { code: 'engine.killed', what: 'killed' }, 2)
    expect(store.getRun(run.run)).toMatchObject({ status: 'failed', seconds: 2, fault: { code: 'engine.killed', what: 'killed' } })
    expect(() => store.cancelRun(run.run)).toThrow(expect.objectContaining({ code: 'bug.run-ended' }))
    expect(() => store.finishRun(sampleRun(run))).toThrow(expect.objectContaining({ code: 'bug.run-ended' }))
    expect(store.getRun(run.run).layers).toBeUndefined()
  })

  it('can be cancelled', () => {
    const run = begin()
    store.cancelRun(run.run)
    expect(store.getRun(run.run)).toMatchObject({ status: 'cancelled' })
    expect(store.getRun(run.run).seconds).toBeGreaterThanOrEqual(0)
  })

  it('are recorded whole or not at all', () => {
    const run = begin()
    const broken = { ...sampleRun(run), layers: [layerError('ok'), { ...layerError('bad'), op: {} as unknown as string }] }
    expect(() => store.finishRun(broken)).toThrow()
    expect(store.getRun(run.run)).toStrictEqual(run)
    store.cancelRun(run.run)
  })

  it('refuse a parent that is not there', () => {
    expect(() => store.beginRun({ verb: 'run', environment: sampleEnvironment, parent: '01NONE' })).toThrow(expect.objectContaining({ code: 'input.unknown-run' }))
  })

  it('are found by the beginning of the id or a tag; a wrong one names the nearest', () => {
    const run = begin()
    store.cancelRun(run.run)
    store.tagRun(run.run, 'base line')
    expect(store.getRun('base line').run).toBe(run.run)
    expect(store.getRun(run.run.toLowerCase()).run).toBe(run.run)
    expect(() => store.getRun(run.run.slice(0, 4))).toThrow(expect.objectContaining({ code: 'input.ambiguous-run' }))
    expect(() => store.getRun('base lime')).toThrow(expect.objectContaining({ code: 'input.unknown-run', next: expect.stringContaining('base line') }))
    expect(() => store.getRun("x' OR 1")).toThrow(expect.objectContaining({ code: 'input.unknown-run' }))
  })
})

describe('the list', () => {
  it('knows a search before it ends, by the model that its recipe names', () => {
    const own = openStore(join(folder, 'searching'))
    const searching = own.beginRun({ verb: 'tune', recipe: { model: '/n.onnx' }, environment: sampleEnvironment })
    expect([own.listRuns({ tuned: 'search' }), own.listRuns({ tuned: 'search', recipeModel: '/n.onnx' }), own.listRuns({ tuned: 'try' }), own.listRuns({ recipeModel: 'n.onnx' })].map((found) => found.map(({ run }) => run))).toEqual([[searching.run], [searching.run], [], []])
    own.close()
  })

  it('shows runs newest first with their numbers, by filter, in pages', () => {
    const own = openStore(join(folder, 'list'))
    const runs = [0, 1, 2].map(() => own.beginRun({ verb: 'run', environment: sampleEnvironment }))
    own.finishRun(sampleRun(runs[0]!))
    own.failRun(runs[1]!.run, { code: 'samples.none', what: 'no samples' })
    own.tagRun(runs[0]!.run, 'good')
    expect(own.listRuns().map((run) => run.run)).toEqual(runs.map((run) => run.run).toReversed())
    expect(own.listRuns({ tag: 'good' })).toMatchObject([
      { model: 'net.onnx', latencyRatio: 0.5, sizeRatio: 0.26, tags: ['good'], quality: { protocol: 'psnr-y/shave3/studio', unit: 'dB', float: 33.5, simulated: 33.25, fused: null } },
    ])
    expect(own.listRuns({ status: 'failed' })).toMatchObject([{ run: runs[1]!.run, fault: { code: 'samples.none' }, quality: null, tags: [] }])
    expect(own.listRuns({ text: 'NET.on' }).map((run) => run.run)).toEqual([runs[0]!.run])
    expect(own.listRuns({ model: 'abab' }).map((run) => run.run)).toEqual([runs[0]!.run])
    expect(own.tagsOf(runs[0]!.run)).toEqual(['good'])
    expect(own.listRuns({ limit: 1, before: runs[2]!.run }).map((run) => run.run)).toEqual([runs[1]!.run])
    own.archiveRun(runs[1]!.run)
    expect(own.listRuns().map((run) => run.run)).toEqual([runs[2]!.run, runs[0]!.run])
    expect(own.listRuns({ archived: true })).toHaveLength(3)
    own.untagRun(runs[0]!.run, 'good')
    expect(own.listRuns({ tag: 'good' })).toEqual([])
    own.close()
  })

  it('stays at hand with 1,000 runs of 50 layers', () => {
    const db = openDatabase(join(folder, 'many'))
    db.pragma('synchronous = OFF') // The disk's speed is not what is looked at here.
    const own = storeOn(db, join(folder, 'many'))
    const whole = sampleRun({ run: '', parent: null, verb: 'run', status: 'done', created: new Date().toISOString(), seconds: 1, environment: sampleEnvironment }, 50)
    for (let count = 0; count < 1000; count++) own.finishRun({ ...whole, run: `01RUN${String(count).padStart(6, '0')}` })
    expect(own.listRuns()).toHaveLength(100)
    expect(own.listRuns({ limit: 5000, text: 'net' })).toHaveLength(1000)
    const [newest, before] = own.listRuns({ limit: 2 })
    expect(own.getRun(newest!.run).layers).toHaveLength(50)
    expect(own.diffRuns(before!.run, newest!.run)).toMatchObject({ scales: [], layers: [], metrics: [] })
    own.close()
  })
})

describe('artifacts', () => {
  it('lie under their hash, once, and are kept with the run', async () => {
    const bytes = new TextEncoder().encode('a picture')
    const first = await store.putArtifact(bytes, { role: 'picture', name: 'Side.PNG' })
    const source = join(folder, 'source.png')
    writeFileSync(source, bytes)
    const second = await store.putArtifact({ path: source }, { role: 'picture', name: 'other.png' })
    expect(second.path).toBe(first.path)
    expect(first).toMatchObject({ bytes: 9, path: join(store.folder, 'artifacts', first.sha256.slice(0, 2), `${first.sha256}.png`) })
    expect(await readFile(first.path)).toEqual(Buffer.from(bytes))
    const run = { ...sampleRun(begin()), artifacts: [first, { ...first, path: join(folder, 'elsewhere.png') }] }
    store.finishRun(run)
    expect(store.getRun(run.run).artifacts).toStrictEqual(run.artifacts)
  })

  it('leave nothing behind when the source is missing or the place is taken', async () => {
    await expect(store.putArtifact({ path: join(folder, 'missing') }, { role: 'x' })).rejects.toMatchObject({ code: 'workspace.enoent' })
    const blocked = openStore(join(folder, 'blocked'))
    writeFileSync(join(blocked.folder, 'artifacts'), 'a file in the way')
    await expect(blocked.putArtifact(new Uint8Array(3), { role: 'x' })).rejects.toMatchObject({ code: expect.stringMatching(/^workspace\.(enotdir|eexist)$/) })
    blocked.close()
  })

  it('that changed or went missing are found by the check', async () => {
    const own = openStore(join(folder, 'checked'))
    const [good, changed, missing] = await Promise.all([1, 2, 3].map((value) => own.putArtifact(Uint8Array.of(value), { role: 'x' })))
    own.finishRun({ ...sampleRun(own.beginRun({ verb: 'run', environment: sampleEnvironment })), artifacts: [good!, changed!, missing!] })
    expect(await own.check()).toMatchObject({ clean: true, runs: 1, artifacts: 3, problems: [] })
    writeFileSync(changed!.path, 'other')
    rmSync(missing!.path)
    const { clean, problems } = await own.check()
    expect(clean).toBe(false)
    expect(problems.map((problem) => problem.where).toSorted()).toEqual([changed!.path, missing!.path].toSorted())
    own.close()
  })

  it('half-written by a dead process are swept', async () => {
    const own = openStore(join(folder, 'swept'))
    const incoming = join(own.folder, 'artifacts', '.incoming')
    mkdirSync(incoming, { recursive: true })
    writeFileSync(join(incoming, '999999999-aa'), 'half')
    await own.check()
    await expect(readFile(join(incoming, '999999999-aa'))).rejects.toMatchObject({ code: 'ENOENT' })
    own.close()
  })
})

describe('statistics', () => {
  it('of an earlier run are found by their key while their file is whole', async () => {
    const run = begin()
    const artifact = await store.putArtifact(Uint8Array.of(1, 2, 3), { role: 'statistics' })
    expect(store.findStatistics('key')).toBeUndefined()
    store.putStatistics('key', artifact, run.run)
    expect(store.findStatistics('key')).toStrictEqual({ run: run.run, artifact })
    writeFileSync(artifact.path, 'damaged')
    expect(store.findStatistics('key')).toBeUndefined()
    store.cancelRun(run.run)
  })
})
