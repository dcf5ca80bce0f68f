import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { Run } from '../../main/core/run.ts'
import { DATABASE_NAME, openDatabase } from '../../main/store/database.ts'
import { openStore, storeOn, type Store } from '../../main/store/open-store.ts'
import type { RunOrder, RunPageRequest } from '../../main/store/page-of-runs.ts'
import { backToSchema } from '../fixtures/older-schema.ts'
import { layerError, sampleEnvironment, sampleRun, scaleRow } from '../fixtures/sample-run.ts'
import { temporaryFolder } from '../fixtures/temporary-folder.ts'

const folder = temporaryFolder()
const opened: Store[] = []
afterAll(() => opened.forEach((store) => store.close()))

function freshStore(name: string): Store {
  const store = openStore(join(folder, name))
  opened.push(store)
  return store
}

interface Changes extends Partial<Omit<Run, 'recipe' | 'quality'>> {
  readonly recipe?: unknown
  readonly drop?: number | null
}

/** A recorded run that differs from the sample where it is said. `drop` null: without quality. */
function record(store: Store, { drop = 0.25, ...changes }: Changes = {}): Run {
  const started = store.beginRun({ verb: changes.verb ?? 'run', environment: sampleEnvironment, ...(changes.parent === undefined ? {} : { parent: changes.parent }) })
  const { quality, ...rest } = sampleRun(started)
  const run = { ...rest, ...(drop === null ? {} : { quality: { ...quality!, simulated: 33.5 - drop } }), ...changes }
  store.finishRun(run)
  return run
}

const recipe = (method: string, board = 'ort-cpu') => ({ model: 'net.onnx', board, quantize: { activations: { bits: 8, method } } })
const page = (store: Store, request: Partial<RunPageRequest> = {}) => store.pageOfRuns({ filter: {}, sort: [], offset: 0, limit: 100, ...request })
const ids = (found: { readonly runs: readonly { readonly run: string }[] }): string[] => found.runs.map(({ run }) => run)

describe('a workspace of schema 1', () => {
  it('is brought forward: every run has the line that it would get today, and nothing is lost', () => {
    const own = join(folder, 'first-schema')
    const store = openStore(own)
    const runs = [record(store, { recipe: recipe('mse') }), record(store, { drop: null }), record(store, { layers: [layerError('r0', { sqnrDb: Infinity }), layerError('r1', { sqnrDb: NaN })] })]
    const failed = store.beginRun({ verb: 'run', environment: sampleEnvironment })
    store.failRun(failed.run, { code: 'samples.none', what: 'no samples' })
    store.tagRun(runs[0]!.run, 'kept')
    store.archiveRun(runs[1]!.run)
    const today = store.listRuns({ archived: true })
    store.close()
    const db = openDatabase(own)
    backToSchema(db, 1)
    db.close()
    const forward = openStore(own)
    opened.push(forward)
    expect(forward.listRuns({ archived: true })).toStrictEqual(today)
    for (const run of runs) expect(forward.getRun(run.run)).toStrictEqual(run)
    expect(forward.marksOf(runs[1]!.run)).toEqual({ tags: [], archived: true, note: '', waivers: [], baseline: null })
    expect(existsSync(join(own, `${DATABASE_NAME}.v1.backup`))).toBe(true)
    const fresh = openDatabase(join(folder, 'fresh-schema'))
    const reopened = openDatabase(own, { readonly: true })
    const schema = (one: typeof fresh) => one.prepare('SELECT type, name, sql FROM sqlite_schema WHERE name NOT GLOB \'sqlite_*\' ORDER BY name').all()
    const tidy = (rows: unknown) => JSON.stringify(rows).replaceAll(/\s+|\\n/g, ' ')
    expect(tidy(schema(reopened))).toBe(tidy(schema(fresh)))
    fresh.close()
    reopened.close()
  })
})

describe('pages', () => {
  const store = freshStore('pages')
  const a = record(store, { recipe: recipe('mse', 'board-a'), drop: 0.1, layers: [layerError('r0', { sqnrDb: 20 }), layerError('r1', { sqnrDb: 5, mode: 'alone' })] })
  const b = record(store, { recipe: recipe('kl', 'board-b'), drop: 0.3, layers: [layerError('r0', { sqnrDb: 30 })] })
  const c = record(store, { recipe: recipe('kl', 'board-a'), drop: null, layers: [], verb: 'compare', gates: [] })
  const d = record(store, { recipe: recipe('max', 'board-a'), drop: -0.05, layers: [layerError('r0', { sqnrDb: 25, mode: 'alone' })], model: { path: 'Äpfel/other.onnx', sha256: 'ef'.repeat(32), bytes: 1, parameters: 1, macsPerSample: 0 } })
  store.tagRun(a.run, 'Ship')
  store.noteRun(b.run, '# Too 粗糙 for the board\nmore')

  it('hold a part of all that fulfil the filter, newest first', () => {
    expect(ids(page(store))).toEqual([d, c, b, a].map(({ run }) => run))
    expect(page(store, { offset: 1, limit: 2 })).toMatchObject({ total: 4, runs: [{ run: c.run }, { run: b.run }] })
    expect(page(store, { offset: 9 })).toEqual({ total: 4, runs: [] })
  })

  it('tell method, board, worst layer, note and gates of each run', () => {
    const [first] = page(store, { filter: { tag: 'Ship' } }).runs
    expect(first).toMatchObject({
      method: 'mse', bits: 8, board: 'board-a', worstSqnrDb: 20, note: '', baseline: false, gates: { passed: 1, failed: 1, waived: 0 },
      quality: { protocol: 'psnr-y/shave3/studio', unit: 'dB', float: 33.5, simulated: 33.4, fused: null }, latencyRatio: 0.5, sizeRatio: 0.26,
    })
    expect(page(store).runs.map(({ worstSqnrDb, note }) => [worstSqnrDb, note])).toEqual([[25, ''], [null, ''], [30, '# Too 粗糙 for the board'], [20, '']])
    expect(page(store).runs[1]).toMatchObject({ quality: null, gates: null })
  })

  it.each<[string, RunPageRequest['filter'], Run[]]>([
    ['method', { method: 'kl' }, [c, b]],
    ['board and method', { board: 'board-a', method: 'kl' }, [c]],
    ['verb', { verb: 'compare' }, [c]],
    ['model by path', { model: 'other' }, [d]],
    ['model by hash', { model: 'efef' }, [d]],
    ['text of a note', { text: '粗糙' }, [b]],
    ['text of a tag', { text: 'ship' }, [a]],
    ['text of the path', { text: 'OTHER.onnx' }, [d]],
    ['drop', { bounds: [{ number: 'drop', sense: '<=', value: 0.1 + 1e-9 }] }, [d, a]],
    ['several bounds', { bounds: [{ number: 'worst', sense: '<', value: 30 }, { number: 'drop', sense: '>', value: 0 }] }, [a]],
    ['an equal ratio', { bounds: [{ number: 'latency', sense: '=', value: 0.5 }, { number: 'size', sense: '>=', value: 0.26 }, { number: 'seconds', sense: '<', value: 2 }] }, [d, c, b, a]],
    ['nothing before', { until: '2020-01-01T00:00:00Z' }, []],
    ['all since', { since: '2020-01-01T00:00:00Z' }, [d, c, b, a]],
    ['a baseline where none is', { baseline: true }, []],
    ['quotes and jokers', { text: "x' OR 1 --%_*" }, []],
  ])('are filtered by %s', (_what, filter, found) => {
    expect(ids(page(store, { filter }))).toEqual(found.map(({ run }) => run))
    expect(page(store, { filter }).total).toBe(found.length)
  })

  it.each<[RunOrder, boolean, Run[]]>([
    ['drop', false, [d, a, b, c]], ['drop', true, [b, a, d, c]], ['worst', false, [a, d, b, c]], ['method', true, [a, d, c, b]], ['board', false, [d, c, a, b]],
    ['created', false, [a, b, c, d]], ['run', true, [d, c, b, a]], ['tags', false, [a, d, c, b]], ['model', false, [c, b, a, d]], ['simulated', true, [d, a, b, c]],
  ])('are sorted by %s (down: %s), what has no value last and the newest first among equals', (by, down, expected) => {
    expect(ids(page(store, { sort: [{ by, down }] }))).toEqual(expected.map(({ run }) => run))
  })

  it('are sorted by several columns', () => {
    expect(ids(page(store, { sort: [{ by: 'board', down: true }, { by: 'method', down: false }] }))).toEqual([b, c, d, a].map(({ run }) => run))
  })

  it('leave archived runs out unless they are asked for', () => {
    store.archiveRun(d.run)
    expect(page(store).total).toBe(3)
    expect(ids(page(store, { filter: { archived: true }, limit: 1 }))).toEqual([d.run])
    store.archiveRun(d.run, false)
  })
})

describe('marks', () => {
  const store = freshStore('marks')
  const run = record(store)
  const other = record(store)

  it('are a note that can be taken away', () => {
    store.noteRun(run.run, '注\n\n- two')
    expect(store.marksOf(run.run).note).toBe('注\n\n- two')
    store.noteRun(run.run, '  \n')
    expect(store.marksOf(run.run)).toEqual({ tags: [], archived: false, note: '', waivers: [], baseline: null })
  })

  it('are one baseline for each model', () => {
    expect(store.pinRun(run.run, true)).toEqual({ before: null, after: run.run })
    expect(store.marksOf(other.run).baseline).toBe(run.run)
    expect(store.pinRun(other.run, true)).toEqual({ before: run.run, after: other.run })
    expect(page(store, { filter: { baseline: true } }).runs).toMatchObject([{ run: other.run, baseline: true }])
    expect(store.pinRun(run.run, false)).toEqual({ before: other.run, after: other.run })
    expect(store.pinRun(other.run, false)).toEqual({ before: other.run, after: null })
    const { model: _, ...bare } = sampleRun(store.beginRun({ verb: 'run', environment: sampleEnvironment }))
    store.finishRun(bare)
    expect(() => store.pinRun(bare.run, true)).toThrow(expect.objectContaining({ code: 'input.no-model', where: bare.run }))
  })

  it('are waivers of gates that failed, kept in order', () => {
    expect(store.waiveGate(run.run, 'worst_layer_cosine >= 0.99', 'the layer is cut off on the board')).toMatchObject([{ rule: 'worst_layer_cosine >= 0.99', reason: 'the layer is cut off on the board' }])
    expect(store.waiveGate(run.run, 'worst_layer_cosine', 'seen again')).toHaveLength(2)
    expect(store.marksOf(run.run).waivers.map(({ reason }) => reason)).toEqual(['the layer is cut off on the board', 'seen again'])
    expect(store.listRuns().find((one) => one.run === run.run)?.gates).toEqual({ passed: 1, failed: 1, waived: 1 })
    expect(() => store.waiveGate(run.run, 'psnr_y_drop_db', 'why not')).toThrow(expect.objectContaining({ code: 'input.gate-passed' }))
    expect(() => store.waiveGate(run.run, 'worst_layer_cosin', 'why not')).toThrow(expect.objectContaining({ code: 'input.no-gate', next: expect.stringContaining('worst_layer_cosine') }))
    expect(() => store.waiveGate('nobody', 'x', 'why not')).toThrow(expect.objectContaining({ code: 'input.unknown-run' }))
    expect(store.getRun(run.run)).toStrictEqual(run)
  })
})

describe('lineage', () => {
  const store = freshStore('lineage')
  const root = record(store, { recipe: recipe('mse') })
  const left = record(store, { parent: root.run, recipe: recipe('kl') })
  const right = record(store, { parent: root.run, recipe: recipe('mse', 'board-b') })
  const leaf = record(store, { parent: left.run, recipe: { ...recipe('kl'), seed: 3 } })

  it('is what a run came from and what was made of it, with what each changed', () => {
    expect(store.lineageOf(left.run).map(({ run, depth, changes }) => [run.run, depth, changes])).toEqual([
      [root.run, -1, []],
      [left.run, 0, [{ key: 'quantize.activations.method', a: 'mse', b: 'kl' }]],
      [leaf.run, 1, [{ key: 'seed', a: undefined, b: 3 }]],
    ])
    expect(store.lineageOf(root.run).map(({ run, depth }) => [run.run, depth])).toEqual([[root.run, 0], [left.run, 1], [right.run, 1], [leaf.run, 2]])
    expect(store.lineageOf(leaf.run).map(({ depth }) => depth)).toEqual([-2, -1, 0])
  })
})

describe('several runs side by side', () => {
  const store = freshStore('compared')
  const a = record(store, { recipe: recipe('mse'), scales: [scaleRow('r0'), scaleRow('r1')] })
  const b = record(store, { recipe: recipe('kl'), scales: [scaleRow('r0'), scaleRow('r1', { scale: [0.2] })], drop: 0.5 })
  const c = record(store, { recipe: { ...recipe('mse'), seed: 1 }, scales: [scaleRow('r0')], layers: [layerError('r0', { sqnrDb: 50 }), layerError('r0', { mode: 'alone' })], drop: null })

  it('show only what differs, with a place for each run', () => {
    const { runs, facts, recipe: recipes, metrics, scales, layers } = store.compareRuns([a.run, b.run, c.run])
    expect(runs.map(({ run }) => run)).toEqual([a.run, b.run, c.run])
    expect(facts).toEqual([])
    expect(recipes).toEqual([{ key: 'quantize.activations.method', values: ['mse', 'kl', 'mse'] }, { key: 'seed', values: [null, null, 1] }])
    expect(metrics).toContainEqual({ protocol: 'psnr-y/shave3/studio', version: 'simulated', values: [33.25, 33, null] })
    expect(metrics.every(({ protocol }) => protocol.includes('/'))).toBe(true)
    expect(metrics).toHaveLength(5)
    expect(scales).toMatchObject([{ tensor: 'r1', kind: 'activation', values: [{ scale: [0.1] }, { scale: [0.2] }, null] }])
    expect(layers).toMatchObject([
      { tensor: 'r0', mode: 'accumulated', node: 'node_r0', op: 'Conv', values: [{ sqnrDb: 40.1 }, { sqnrDb: 40.1 }, { sqnrDb: 50 }] },
      { tensor: 'r1', values: [{ sqnrDb: 40.1 }, { sqnrDb: 40.1 }, null] },
      { tensor: 'r0', mode: 'alone', values: [null, null, { sqnrDb: 40.1 }] },
    ])
  })

  it('show everything where that is asked for', () => {
    const all = store.compareRuns([a.run, a.run], { all: true })
    expect(all.runs).toHaveLength(2)
    expect(all.scales).toHaveLength(2)
    expect(all.layers).toHaveLength(2)
    expect(all.metrics).toHaveLength(5)
    expect(all.facts.find(({ key }) => key === 'model.path')?.values).toEqual(['net.onnx', 'net.onnx'])
    expect(store.compareRuns([a.run, a.run])).toMatchObject({ facts: [], recipe: [], metrics: [], scales: [], layers: [] })
  })
})

describe('a long history', () => {
  it('is read without its documents', () => {
    const db = openDatabase(join(folder, 'long'))
    db.pragma('synchronous = OFF') // The disk's speed is not what is looked at here.
    const store = storeOn(db, join(folder, 'long'))
    const whole = sampleRun({ run: '', parent: null, verb: 'run', status: 'done', created: '2026-01-01T00:00:00.000Z', seconds: 1, environment: sampleEnvironment }, 3)
    for (let count = 0; count < 300; count++) store.finishRun({ ...whole, run: `01RUN${String(count).padStart(6, '0')}`, quality: { ...whole.quality!, simulated: 33.5 - count / 1000 } })
    const found = page(store, { filter: { bounds: [{ number: 'drop', sense: '>=', value: 0.2 }] }, sort: [{ by: 'drop', down: true }], offset: 10, limit: 5 })
    expect(found.total).toBe(100)
    expect(ids(found)).toEqual([289, 288, 287, 286, 285].map((count) => `01RUN000${count}`))
    const plan = db.prepare("EXPLAIN QUERY PLAN SELECT id FROM runs JOIN summaries ON summaries.run = runs.id WHERE archived = 0 AND method = 'mse' ORDER BY id DESC LIMIT 10").all() as { detail: string }[]
    expect(plan.map(({ detail }) => detail).join('\n')).toMatch(/COVERING INDEX runs_by_head[^]*SEARCH summaries USING PRIMARY KEY/)
    store.close()
  })
})
