import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { answer } from '../../main/app/answer.ts'
import { pathsBelow } from '../../main/app/allowed-paths.ts'
import type { App } from '../../main/app/api.ts'
import { openApp } from '../../main/app/app.ts'
import { bundledSample } from '../../main/app/demo.ts'
import { handlersOf } from '../../main/app/handlers.ts'
import { openJobs, type Jobs } from '../../main/app/jobs.ts'
import type { Run } from '../../main/core/run.ts'
import { seededRandom } from '../../main/core/random.ts'
import { quietTask } from '../../main/core/task.ts'
import { tensor } from '../../main/onnx/tensor.ts'
import { writeRecipe } from '../../main/recipe/write-recipe.ts'
import { encodeNpz } from '../../main/samples/npz.ts'
import {
  CALL_NAMES, CALLS, CallFault, clientOf, decodeReply, FAULT, type Call, type CallName, type Handlers, type RequestOf, type Run as ShownRun,
} from '../../preload/contract/index.ts'
import { smallRecipe } from '../fixtures/small-recipe.ts'
import { temporaryFolder } from '../fixtures/temporary-folder.ts'

/** Does not compile when the house's Run is no longer what the contract tells the window. */
export const sameRun = (run: Run): ShownRun => run

const PAYLOADS = 500

describe('the calls', () => {
  const folder = temporaryFolder()
  let app: App
  let jobs: Jobs
  let handlers: Handlers
  let call: Call
  let run: Run
  let text: string
  let upload: string
  /** Runs of `export` and `verify`. */
  let bundled: { readonly exported: string; readonly verified: string }
  /** Uploads that are begun and hold nothing. */
  let empty: readonly [string, string]
  const bugs: unknown[] = []

  beforeAll(async () => {
    app = await openApp({ workspace: join(folder, 'workspace'), cwd: folder, threads: 1 })
    jobs = openJobs()
    handlers = handlersOf(app, jobs, { door: 'page', writable: true, folder, guard: pathsBelow([folder, bundledSample()]) })
    const recipe = await smallRecipe('gates.psnr_y_drop_db=-5')
    text = writeRecipe(recipe)
    run = await app.run({ recipe }, quietTask)
    const bundle = await app.exportBundle({ run: run.run, board: 'horizon-x5', out: join(folder, 'bundle.zip'), force: true }, quietTask)
    bundled = { exported: bundle.run, verified: (await app.verifyBundle({ bundle: join(folder, 'bundle.zip') }, quietTask)).run }
    await writeFile(join(folder, 'weights.npz'), encodeNpz({ 'head.weight': tensor('float32', [2], Float32Array.of(1, 2)) }))
    upload = await uploaded((await app.runs.exportTo({ artifacts: false }, quietTask)).path)
    empty = [await app.uploads.begin([{ name: 'a', bytes: 0 }]), await app.uploads.begin([{ name: 'b', bytes: 1 }])]
    call = clientOf(async (name, request) => (await answer(handlers, name, JSON.parse(JSON.stringify(request)), { writable: true, unexpected: (error) => bugs.push(error) })).bytes)
  })
  afterAll(async () => {
    await jobs.close()
    await app.close()
  })

  /** The id of an upload that holds a file. */
  async function uploaded(path: string): Promise<string> {
    const bytes = await readFile(path)
    const id = await app.uploads.begin([{ name: 'history.zip', bytes: bytes.length }])
    await app.uploads.append(id, 0, 0, Readable.from([bytes]))
    await app.uploads.finish(id)
    return id
  }

  /** A request that each call takes. */
  const examples = (): { readonly [N in CallName]: RequestOf<N> } => ({
    'app.info': {},
    'app.instructions': {},
    'app.doctor': {},
    'models.inspect': { model: { kind: 'bundled' } },
    'models.weights': { model: { kind: 'bundled' }, from: 'weights.npz', rules: 'preset: pytorch' },
    'models.graph': { model: { kind: 'run', run: run.run, version: 'quantized' } },
    'recipe.bundled': {},
    'recipe.open': { path: join(bundledSample(), 'recipe.yaml') },
    'recipe.check': { text, set: ['seed=3'] },
    'recipe.text': { recipe: run.recipe as Record<string, unknown> },
    'recipe.choices': {},
    'jobs.start': { kind: 'quantize', recipe: text, parent: run.run },
    'jobs.list': {},
    'jobs.get': { id: jobs.list()[0]?.id ?? 'x' },
    'jobs.cancel': { id: jobs.list()[0]?.id ?? 'x' },
    'jobs.pause': { id: jobs.list()[0]?.id ?? 'x', paused: false },
    'runs.list': { verb: 'run', status: 'done', limit: 10, archived: true, text: 'sample' },
    'runs.show': { run: run.run },
    'runs.diff': { a: run.run, b: run.run, all: true },
    'runs.gate': { run: run.run, baseline: run.run, gates: { psnr_y_drop_db: 0.1 } },
    'runs.tag': { run: run.run, add: ['best 最好'], remove: ['old'] },
    'runs.archive': { run: run.run, archived: false },
    'runs.page': { filter: { verb: 'run', method: 'auto', bounds: [{ number: 'drop', sense: '<=', value: 9 }], since: '2020-01-01T00:00:00Z' }, sort: [{ by: 'drop', down: true }, { by: 'tags', down: false }], offset: 0, limit: 20 },
    'runs.marks': { run: run.run },
    'runs.lineage': { run: run.run },
    'runs.compare': { runs: [run.run, run.run], all: true },
    'runs.note': { run: run.run, text: '# 注\n\nseen' },
    'runs.pin': { run: run.run, pinned: true },
    'runs.waive': { run: run.run, rule: 'psnr_y_drop_db', reason: 'asked for too much' },
    'runs.gateBaseline': { run: run.run },
    'runs.methods': { runs: [run.run] },
    'runs.advise': { run: run.run },
    'statistics.tensors': { run: run.run },
    'statistics.histogram': { run: run.run, tensor: 'input', bins: 64, of: 'signed', from: 0, to: 255 },
    'statistics.whatIf': { run: run.run, tensor: 'input', grid: { type: 'uint8', symmetric: false }, ranges: [{ lo: 0, hi: 255 }] },
    'layers.plan': { run: run.run },
    'layers.explain': { run: run.run, tensor: 'body3.relu' },
    'layers.below': { run: run.run, layers: { 'body3.relu': { threshold: 100, bits: 8, method: null }, sum: { range: [-1, 200] } } },
    'statistics.thresholds': { run: run.run, tensor: 'input', grid: { type: 'int8', symmetric: true } },
    'rewrites.find': { recipe: text },
    'rewrites.preview': { recipe: text, wishes: [{ rewrite: 'anchor', options: { to: 'merged' } }] },
    'rewrites.repair': { recipe: JSON.stringify({ ...parse(text), model: join(bundledSample(), 'models/troubled_x2.onnx') }), wishes: [{ rewrite: 'insert-clip' }], step: 0, sample: 0 },
    'models.audit': { recipe: text },
    'pictures.list': { run: run.run },
    'pictures.show': { run: run.run, sample: 0 },
    'pictures.thumbnail': { run: run.run, sample: 0, side: 32 },
    'pictures.vectors': { run: run.run, sample: 0 },
    'samples.look': { recipe: run.recipe as Record<string, unknown>, part: 'evaluation' },
    'samples.thumbnails': { recipe: run.recipe as Record<string, unknown>, part: 'calibration', files: [0, 1], side: 32 },
    'samples.preview': { recipe: run.recipe as Record<string, unknown>, part: 'calibration', file: 1, crop: 0, as: 'stretched' },
    'samples.coverage': { recipe: run.recipe as Record<string, unknown>, part: 'calibration' },
    'samples.leak': { recipe: run.recipe as Record<string, unknown> },
    'export.boards': { run: run.run },
    'export.preview': { run: run.run, board: 'horizon-x5', formats: ['ncnn'], language: 'zh' },
    'export.place': { out: 'bundles/new.zip' },
    'export.bundle': { run: bundled.exported },
    'export.earlier': { run: bundled.exported, path: 'README.md' },
    'export.recent': {},
    'export.sheet': { run: run.run },
    'export.verified': { run: bundled.verified },
    'uploads.begin': { files: [{ name: 'net/模型.onnx', bytes: 3 }] },
    'uploads.state': { upload },
    'uploads.finish': { upload: empty[0] },
    'uploads.abort': { upload: empty[1] },
  })

  it('each have an answer to an ordinary question, checked on both sides', async () => {
    const order: CallName[] = ['jobs.start', ...CALL_NAMES.filter((name) => name !== 'jobs.start')]
    for (const name of order) expect(await call(name, examples()[name]), name).toBeTypeOf('object')
    expect(bugs).toEqual([])
  })

  it('know the run as it was recorded', async () => {
    const { run: shown, tags } = await call('runs.show', { run: run.run })
    expect(shown).toEqual(JSON.parse(JSON.stringify(run)))
    expect(tags).toEqual(['best 最好'])
    expect((await call('runs.list', { tag: 'best 最好' })).runs.map((one) => one.run)).toEqual([run.run])
  })

  it('show a bundle before it is written, write it, and check it, as jobs', async () => {
    const { boards, out, board } = await call('export.boards', { run: run.run })
    expect([boards.length, board]).toEqual([13, 'ort-cpu'])
    const preview = await call('export.preview', { run: run.run, board: 'horizon-x5' })
    expect(preview.last).toMatchObject({ run: bundled.exported, of: run.run, gone: [] })
    // What tells of gates depends on whether one was waived meanwhile.
    const plain = preview.files.filter(({ path }) => !/^(?:report\/report|README)/.test(path))
    expect(plain.map(({ path, change }) => [path, change])).toEqual(plain.map(({ path }) => [path, /^(?:calibration|golden\/(?:float|sim))|^model\/rewrite/.test(path) ? 'unknown' : 'same']))
    expect(preview.files.find(({ path }) => path === 'config/sample_x2.yaml')!.text).toContain('march: bayes-e')
    expect((await call('export.earlier', { run: bundled.exported, path: 'config/sample_x2.yaml' })).text).toContain('march: bayes-e')
    expect(await call('export.earlier', { run: bundled.exported, path: '../secret' })).toEqual({ text: null })
    const place = await call('export.place', { out: out.replace('{board}', 'horizon-x5') })
    expect(place).toMatchObject({ kind: 'zip', replaces: false, fault: null })
    expect((await call('export.place', { out: '.' })).fault).toMatchObject({ code: 'input.out-exists' })
    const ended = async (spec: RequestOf<'jobs.start'>) => {
      const { id } = await call('jobs.start', spec)
      await expect.poll(async () => (await call('jobs.get', { id })).state, { timeout: 60_000 }).toMatch(/done|failed|cancelled/)
      return call('jobs.get', { id })
    }
    const made = await ended({ kind: 'export', run: run.run, board: 'horizon-x5', out: place.out, force: true })
    expect(made).toMatchObject({ state: 'done', command: expect.stringContaining('export') })
    expect(await call('export.bundle', { run: made.run! })).toMatchObject({ board: 'horizon-x5', out: place.out, kind: 'zip', present: true })
    expect((await call('export.recent', {})).bundles[0]).toMatchObject({ run: made.run, of: run.run, board: 'horizon-x5', out: place.out })
    const checked = await ended({ kind: 'verify', bundle: place.out })
    expect(await call('export.verified', { run: checked.run! })).toMatchObject({ passed: true, of: run.run })
    await expect(call('jobs.start', { kind: 'export', run: run.run, board: 'horizon-x5', out: '/etc/bundle' })).rejects.toMatchObject({ fault: { code: 'input.outside-roots' } })
    await expect(call('jobs.start', { kind: 'verify', bundle: '/etc/bundle' })).rejects.toMatchObject({ fault: { code: 'input.outside-roots' } })
    await expect(call('export.boards', { run: bundled.verified })).rejects.toMatchObject({ fault: { code: 'input.nothing-to-export' } })
  })

  it('tune by jobs that say what they do; what no search can go on from is refused before it is queued', async () => {
    const specs: RequestOf<'jobs.start'>[] = [
      { kind: 'tune', mode: 'try', recipe: text, settings: ['layers.head.bits=16'], parent: run.run }, { kind: 'tune', mode: 'sensitivity', recipe: text, samples: 1, parent: run.run },
      { kind: 'tune', mode: 'search', recipe: text }, { kind: 'tune', mode: 'pareto', recipe: text, budget: 'bitmacs<=1.2x' },
    ]
    const words = [/tune recipe\.yaml --try layers\.head\.bits=16/, /tune recipe\.yaml --sensitivity/, /tune recipe\.yaml --search/, /tune recipe\.yaml --budget 'bitmacs<=1\.2x'/]
    const begun = await Promise.all(specs.map((spec) => call('jobs.start', spec)))
    expect(begun.map(({ kind, mode }) => `${kind} ${mode}`)).toEqual(['tune try', 'tune sensitivity', 'tune search', 'tune pareto'])
    for (const [place, { id }] of begun.entries()) expect((await call('jobs.get', { id })).command).toMatch(words[place]!)
    // The first may be under way: what waits ends at once.
    for (const { id } of begun.toReversed()) await call('jobs.cancel', { id })
    await expect.poll(async () => (await call('jobs.get', { id: begun[0]!.id })).state, { timeout: 30_000 }).toBe('cancelled')
    await expect(call('jobs.start', { kind: 'tune', mode: 'search', recipe: text, resume: run.run })).rejects.toMatchObject({ fault: { code: 'input.not-a-search', where: run.run } })
    await expect(call('jobs.start', { kind: 'tune', mode: 'search', recipe: JSON.stringify({ ...(parse(text) as object), tune: { axes: ['methods'] } }) })).rejects.toMatchObject({ fault: { code: 'recipe.wrong-value' } })
    expect((await call('jobs.start', { kind: 'demo' })).mode).toBeNull()
    for (const { id } of (await call('jobs.list', {})).jobs) await call('jobs.cancel', { id })
  })

  it('write history as a file and take it in again by jobs that tell what came of them', async () => {
    const ended = async (spec: RequestOf<'jobs.start'>) => {
      const { id } = await call('jobs.start', spec)
      await expect.poll(async () => (await call('jobs.get', { id })).state).toMatch(/done|failed|cancelled/)
      return call('jobs.get', { id })
    }
    const made = await ended({ kind: 'runs-export', runs: [run.run], artifacts: false })
    expect(made).toMatchObject({ state: 'done', run: null, transfer: { kind: 'exported', runs: 1, artifacts: 0, leftOut: 0 }, command: expect.stringContaining(`runs export ${run.run} --out history.zip --no-artifacts`) })
    expect(await ended({ kind: 'runs-import', upload })).toMatchObject({ state: 'done', transfer: { kind: 'imported', added: 0, artifacts: 0 } })
    expect(await ended({ kind: 'runs-export', runs: ['nobody'] })).toMatchObject({ state: 'failed', transfer: null, fault: { code: 'input.unknown-run' } })
    const stopped = await call('jobs.start', { kind: 'runs-export' })
    await call('jobs.cancel', { id: stopped.id })
    await expect.poll(async () => (await call('jobs.get', { id: stopped.id })).state).toBe('cancelled')
  })

  it(`refuse ${PAYLOADS} ill-typed payloads each with a typed fault, and nothing happens`, async () => {
    const random = seededRandom(17)
    const before = jobs.list().length
    for (const name of CALL_NAMES) {
      const example = examples()[name]
      let refused = 0
      for (let tries = 0; refused < PAYLOADS; tries++) {
        expect(tries, name).toBeLessThan(PAYLOADS * 6)
        const payload = tries % 3 === 0 ? anything(random, 3) : spoiled(example, random)
        // Some of what is made at random is well-typed: those are asked of the calls that start nothing in the next test.
        if (CALLS[name].request.safeParse(payload).success) continue
        refused += 1
        const reply = decodeReply((await answer(handlers, name, payload, { writable: true })).bytes)
        expect(reply, name).toMatchObject({ ok: false, fault: { code: 'input.bad-request' } })
        if (!reply.ok) FAULT.parse(reply.fault)
      }
    }
    expect(jobs.list()).toHaveLength(before)
  })

  it('answer what is well-typed and means nothing with a fault that says so', async () => {
    const random = seededRandom(5)
    const names: readonly CallName[] = ['recipe.check', 'recipe.text', 'jobs.get', 'jobs.cancel', 'runs.list', 'runs.show', 'runs.diff', 'runs.gate', 'runs.page', 'runs.marks', 'runs.lineage', 'runs.compare', 'runs.waive', 'statistics.histogram', 'statistics.whatIf', 'statistics.thresholds', 'layers.below']
    const codes = new Set<string>()
    for (const name of names) {
      for (let tries = 0; tries < 60; tries++) {
        const payload = misplaced(examples()[name], random)
        if (!CALLS[name].request.safeParse(payload).success) continue
        const { code } = await answer(handlers, name, payload, { writable: true, unexpected: (error) => bugs.push([name, payload, error]) })
        if (code !== null) codes.add(code)
      }
    }
    expect(bugs).toEqual([])
    expect([...codes].filter((code) => !/^(?:input|recipe|samples|model|workspace)\./.test(code))).toEqual([])
    for (const code of ['input.unknown-run', 'input.unknown-job', 'input.unknown-tensor', 'recipe.unknown-key']) expect(codes).toContain(code)
  })

  it('do not exist under other names', async () => {
    for (const name of ['', 'toString', '__proto__', 'constructor', 'runs.shw', 'RUNS.SHOW', 'x'.repeat(10_000)]) {
      const reply = decodeReply((await answer(handlers, name, {}, { writable: true })).bytes)
      expect(reply).toMatchObject({ ok: false, fault: { code: 'input.unknown-call' } })
      expect(JSON.stringify(reply).length).toBeLessThan(1000)
    }
  })

  it('write nothing through a door that only shows', async () => {
    const writing = CALL_NAMES.filter((name) => CALLS[name].writes)
    expect(writing).toEqual(['jobs.start', 'jobs.cancel', 'jobs.pause', 'runs.tag', 'runs.archive', 'runs.note', 'runs.pin', 'runs.waive', 'uploads.begin', 'uploads.finish', 'uploads.abort'])
    for (const name of writing) expect((await answer(handlers, name, examples()[name], { writable: false })).code).toBe('workspace.read-only-door')
  })

  it('know what was written on a run, and what it is judged by', async () => {
    const { waivers } = await call('runs.waive', { run: run.run, rule: 'psnr_y_drop_db <= -5', reason: 'asked for too much, again' })
    expect(waivers.at(-1)).toMatchObject({ rule: 'psnr_y_drop_db <= -5', reason: 'asked for too much, again' })
    await call('runs.note', { run: run.run, text: '# 注\nseen' })
    await call('runs.pin', { run: run.run, pinned: true })
    expect(await call('runs.marks', { run: run.run })).toMatchObject({ note: '# 注\nseen', baseline: run.run, waivers: expect.arrayContaining(waivers) as unknown })
    expect((await call('runs.page', { filter: { baseline: true } })).runs).toMatchObject([{ run: run.run, note: '# 注', baseline: true, gates: { passed: 0, failed: 1, waived: 1 }, method: 'auto', bits: 8, board: 'ort-cpu' }])
    expect(await call('runs.gateBaseline', { run: run.run })).toMatchObject({ passed: false, accepted: true, gates: [{ measured: 0, passed: false, waived: 'asked for too much, again' }] })
    expect(await call('runs.gate', { run: run.run, baseline: run.run, gates: { size_ratio: 0.001 } })).toMatchObject({ passed: false, accepted: false, gates: [{ waived: null }] })
    await call('runs.pin', { run: run.run, pinned: false })
    await expect(call('runs.gateBaseline', { run: run.run })).rejects.toMatchObject({ fault: { code: 'input.no-baseline' } })
    await expect(call('runs.waive', { run: run.run, rule: 'x', reason: 'because' })).rejects.toMatchObject({ fault: { code: 'input.no-gate' } })
    await expect(call('runs.waive', { run: run.run, rule: 'psnr_y_drop_db', reason: '  ' })).rejects.toMatchObject({ fault: { code: 'input.bad-request' } })
  })

  it('tell a reply that is not what was agreed, on either side', async () => {
    const broken = { ...handlers, 'jobs.list': () => ({ jobs: [{ id: 1 }] }), 'app.info': () => ({ version: NaN }) } as unknown as Handlers
    const seen: unknown[] = []
    for (const name of ['jobs.list', 'app.info']) expect((await answer(broken, name, {}, { writable: true, unexpected: (error) => seen.push(error) })).code).toBe('bug.bad-reply')
    expect(seen).toHaveLength(2)
    const raw = clientOf(async () => Uint8Array.of(1, 2, 3))
    await expect(raw('jobs.list', {})).rejects.toMatchObject({ fault: { code: 'bug.bad-reply' } })
    const dead = clientOf(async () => Promise.reject(new TypeError('fetch failed')))
    await expect(dead('jobs.list', {})).rejects.toMatchObject({ fault: { code: 'engine.unreachable' } })
    await expect(call('runs.show', { run: '' })).rejects.toBeInstanceOf(CallFault)
  })

  it('keep the page inside its folders', async () => {
    const refusedPaths = ['/etc/passwd', '../outside.onnx', join(folder, '..', 'outside.onnx')]
    for (const path of refusedPaths) await expect(call('models.inspect', { model: { kind: 'path', path } }), path).rejects.toMatchObject({ fault: { code: 'input.outside-roots' } })
    const { symlink } = await import('node:fs/promises')
    await mkdir(join(folder, 'inside'))
    await symlink('/etc', join(folder, 'inside', 'link'))
    await expect(call('models.inspect', { model: { kind: 'path', path: 'inside/link/passwd' } })).rejects.toMatchObject({ fault: { code: 'input.outside-roots' } })
    await expect(call('models.inspect', { model: { kind: 'path', path: 'inside/none.onnx' } })).rejects.toMatchObject({ fault: { code: expect.stringMatching(/^input\.(?!outside)/) } })
    await expect(call('jobs.start', { kind: 'run', recipe: 'model: /etc/passwd' })).rejects.toMatchObject({ fault: { code: 'input.outside-roots', where: '/etc/passwd' } })
    await expect(call('jobs.start', { kind: 'compare', run: run.run, set: ['samples.evaluation.path=/etc'] })).rejects.toMatchObject({ fault: { code: 'input.outside-roots' } })
    await expect(call('jobs.start', { kind: 'run', recipe: `${text}workspace: /elsewhere\n` })).rejects.toMatchObject({ fault: { code: 'recipe.other-workspace' } })
  })
})

type Random = () => number
const pick = <T>(random: Random, from: readonly T[]): T => from[Math.floor(random() * from.length)]!

const ODD: readonly unknown[] = [
  null, true, false, 0, -1, 1.5, 1e308, -1e308, 2 ** 53, '', ' ', '\0', '..', '../../etc/passwd', '__proto__', 'constructor', '💥'.repeat(50), 'x'.repeat(300_000), [], {},
  [null], [[[[]]]], { kind: 'path' }, { kind: 'demo', extra: 1 }, { length: 1e9 }, JSON.parse('{"__proto__": {"run": "x"}}') as unknown,
]

/** Anything that JSON can hold. */
function anything(random: Random, depth: number): unknown {
  const roll = random()
  if (depth === 0 || roll < 0.5) return pick(random, ODD)
  if (roll < 0.7) return Array.from({ length: Math.floor(random() * 4) }, () => anything(random, depth - 1))
  const keys = ['run', 'tensor', 'id', 'kind', 'recipe', 'text', 'a', 'b', 'set', 'ranges', '__proto__', 'toString', '']
  return Object.fromEntries(Array.from({ length: 1 + Math.floor(random() * 4) }, () => [pick(random, keys), anything(random, depth - 1)]))
}

/** A right payload with one thing wrong: a key too many, a key too few, or a value of another type somewhere. */
function spoiled(example: object, random: Random): unknown {
  const copy = structuredClone(example) as Record<string, unknown>
  const roll = random()
  const keys = Object.keys(copy)
  if (roll < 0.3 || keys.length === 0) return { ...copy, [pick(random, ['extra', 'constructor', 'signal', '0'])]: pick(random, ODD) }
  const key = pick(random, keys)
  if (roll < 0.5) delete copy[key]
  else copy[key] = typeof copy[key] === 'object' && copy[key] !== null && roll < 0.7 ? spoiled(copy[key], random) : pick(random, ODD)
  return copy
}

/** A payload of the right types with other values. */
function misplaced(example: object, random: Random): unknown {
  const other = (value: unknown): unknown => {
    if (random() < 0.4) return value
    if (typeof value === 'string') return pick(random, ['', 'nowhere', '../x', '__proto__', '01', 'ZZZ', 'model: x\nkey: [', '💥', value])
    if (typeof value === 'number') return pick(random, [0, 1, -1, 8, 1e30, -1e30, 1e-40, 4096])
    if (Array.isArray(value)) return value.map(other)
    if (value !== null && typeof value === 'object') return { ...Object.fromEntries(Object.entries(value).map(([key, item]) => [key, other(item)])), ...(random() < 0.1 ? { unheard: 1 } : {}) }
    return value
  }
  return Object.fromEntries(Object.entries(example).map(([key, value]) => [key, other(value)]))
}
