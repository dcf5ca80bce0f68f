import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { strFromU8, strToU8, unzipSync, zipSync } from 'fflate'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { seededRandom } from '../../main/core/random.ts'
import type { Run } from '../../main/core/run.ts'
import { Fault } from '../../main/core/fault.ts'
import { openStore, type Store } from '../../main/store/open-store.ts'
import { layerError, sampleEnvironment, sampleRun, scaleRow } from '../fixtures/sample-run.ts'
import { temporaryFolder } from '../fixtures/temporary-folder.ts'
import { faultOf } from '../fixtures/thrown-fault.ts'

const folder = temporaryFolder()
const opened: Store[] = []
afterAll(() => opened.forEach((store) => store.close()))

function workspace(name: string): Store {
  const store = openStore(join(folder, name))
  opened.push(store)
  return store
}

const begin = (store: Store, parent: string | null = null): Run => store.beginRun({ verb: 'run', environment: sampleEnvironment, parent })
const incoming = (store: Store): string[] => (existsSync(join(store.folder, 'artifacts', '.incoming')) ? readdirSync(join(store.folder, 'artifacts', '.incoming')) : [])
const filesOf = (store: Store): string[] => readdirSync(join(store.folder, 'artifacts'), { recursive: true, encoding: 'utf8' }).filter((name) => /[0-9a-f]{64}/.test(name))
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

/** Runs as they are known here: with paths of this workspace. */
const moved = (run: Run, from: Store, to: Store): Run =>
  ({ ...run, ...(run.artifacts ? { artifacts: run.artifacts.map((artifact) => ({ ...artifact, path: artifact.path.replace(from.folder, to.folder) })) } : {}) })

describe('history as a file', () => {
  const from = workspace('from')
  const file = join(folder, 'history.zip')
  let root: Run
  let child: Run
  let failed: Run
  let running: Run

  beforeAll(async () => {
    const model = await from.putArtifact(new Uint8Array(3_000_000).fill(7), { role: 'quantized-model', name: 'net.onnx' })
    const picture = await from.putArtifact(strToU8('a picture'), { role: 'picture', name: 'side.png' })
    root = { ...sampleRun(begin(from)), artifacts: [model, picture], layers: [layerError('r0', { sqnrDb: Infinity, cosine: NaN }), layerError('r1', { sqnrDb: -Infinity })] }
    from.finishRun(root)
    child = { ...sampleRun(begin(from, root.run)), artifacts: [picture], scales: [scaleRow('w', { scale: [1 / 3, 5e-324, Math.fround(0.1)] })] }
    from.finishRun(child)
    const begun = begin(from)
    from.failRun(begun.run, { code: 'samples.none', what: 'no samples', where: 'here' }, 2)
    failed = from.getRun(begun.run)
    running = begin(from)
    from.tagRun(root.run, 'ship 最好')
    from.noteRun(child.run, '# 注\n\nmore')
    from.waiveGate(child.run, 'worst_layer_cosine', 'seen and accepted')
    from.pinRun(root.run, true)
    from.archiveRun(failed.run)
  })

  it('takes every ended run with all that is written on it to another workspace, byte by byte', async () => {
    const to = workspace('to')
    expect(await from.exportHistory({ artifacts: true, out: file })).toMatchObject({ path: file, runs: 3, artifacts: 2, leftOut: 0, bytes: readFileSync(file).length })
    expect(await to.importHistory(file)).toEqual({ added: [root.run, failed.run, child.run], known: 0, artifacts: 2 })
    for (const run of [root, child, failed]) {
      expect(to.getRun(run.run)).toStrictEqual(moved(run, from, to))
      expect(to.marksOf(run.run)).toStrictEqual(from.marksOf(run.run))
      expect(to.isImported(run.run)).toBe(true)
    }
    expect(from.isImported(root.run)).toBe(false)
    expect(to.listRuns({ archived: true })).toStrictEqual(from.listRuns({ archived: true }).filter(({ status }) => status !== 'running'))
    expect(to.lineageOf(child.run).map(({ run, depth }) => [run.run, depth])).toEqual([[root.run, -1], [child.run, 0]])
    expect(await to.check()).toMatchObject({ clean: true, runs: 3, artifacts: 2 })
    expect(incoming(to)).toEqual([])
    // Once more: everything is known, and nothing of it is changed.
    to.untagRun(root.run, 'ship 最好')
    expect(await to.importHistory(file)).toEqual({ added: [], known: 3, artifacts: 0 })
    expect(to.tagsOf(root.run)).toEqual([])
  })

  it('merges two workstations: what both have stays, a baseline that is pinned stays', async () => {
    const to = workspace('merged')
    expect(await from.exportHistory({ runs: [root.run], artifacts: true, out: join(folder, 'root.zip') })).toMatchObject({ runs: 1 })
    await to.importHistory(join(folder, 'root.zip'))
    const own = sampleRun(begin(to, root.run))
    to.finishRun(own)
    to.pinRun(own.run, true)
    expect(await to.importHistory(file)).toMatchObject({ added: [child.run, failed.run], known: 1, artifacts: 0 })
    expect(to.marksOf(root.run).baseline).toBe(own.run)
    const back = join(folder, 'back.zip')
    expect(await to.exportHistory({ artifacts: true, out: back })).toMatchObject({ runs: 4 })
    expect(await from.importHistory(back)).toEqual({ added: [own.run], known: 3, artifacts: 0 })
    expect(from.marksOf(root.run).baseline).toBe(root.run)
    expect(from.getRun(own.run)).toStrictEqual(own)
  })

  it('takes along what the named runs came from, and nothing else', async () => {
    const out = join(folder, 'some.zip')
    expect(await from.exportHistory({ runs: [child.run.toLowerCase()], artifacts: false, out })).toMatchObject({ runs: 2, artifacts: 0 })
    const to = workspace('some')
    expect(await to.importHistory(out)).toMatchObject({ added: [root.run, child.run], artifacts: 0 })
    // Without their content, artifacts would name nothing.
    expect(to.getRun(root.run)).toStrictEqual({ ...root, artifacts: [] })
    expect(await to.check()).toMatchObject({ clean: true })
    expect(await faultOf(() => from.exportHistory({ runs: [running.run], artifacts: false, out }))).toMatchObject({ code: 'input.run-running' })
    expect(await faultOf(() => from.exportHistory({ runs: ['nobody'], artifacts: false, out }))).toMatchObject({ code: 'input.unknown-run' })
  })

  it('leaves out files of elsewhere that are gone, and refuses a workspace whose own files are damaged', async () => {
    const own = workspace('damaged-own')
    const outside = join(folder, 'outside.onnx')
    writeFileSync(outside, 'outside')
    const artifact = await own.putArtifact(strToU8('whole'), { role: 'x' })
    own.finishRun({ ...sampleRun(begin(own)), artifacts: [artifact, { role: 'quantized-model', path: outside, sha256: sha256('outside'), bytes: 7 }] })
    const out = join(folder, 'elsewhere.zip')
    expect(await own.exportHistory({ artifacts: true, out })).toMatchObject({ artifacts: 2, leftOut: 0 })
    const to = workspace('elsewhere')
    await to.importHistory(out)
    expect(readFileSync(to.listRuns().map(({ run }) => to.getRun(run))[0]!.artifacts![1]!.path, 'utf8')).toBe('outside')
    writeFileSync(outside, 'changed')
    expect(await own.exportHistory({ artifacts: true, out })).toMatchObject({ artifacts: 1, leftOut: 1 })
    const before = readFileSync(out)
    writeFileSync(artifact.path, 'spoil')
    expect(await faultOf(() => own.exportHistory({ artifacts: true, out }))).toMatchObject({ code: 'workspace.artifact-damaged', where: artifact.path })
    expect(readFileSync(out).equals(before)).toBe(true)
    expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([])
  })

  describe('that is not right is refused whole', () => {
    type Files = Record<string, Uint8Array>
    const manifestOf = (files: Files) => JSON.parse(strFromU8(files['manifest.json']!)) as { version: number; format: string; runs: { id: string; sha256: string }[]; artifacts: { sha256: string; bytes: number }[] }
    const withManifest = (files: Files, change: (manifest: ReturnType<typeof manifestOf>) => void): Files => {
      const manifest = manifestOf(files)
      change(manifest)
      return { ...files, 'manifest.json': strToU8(JSON.stringify(manifest)) }
    }
    /** The document of a run changed, and its hash set right: what a program that is not ours may write. */
    const withRun = (files: Files, id: string, change: (document: Record<string, Record<string, unknown>>) => void): Files => {
      const document = JSON.parse(strFromU8(files[`runs/${id}.json`]!)) as Record<string, Record<string, unknown>>
      change(document)
      const text = JSON.stringify(document)
      return withManifest({ ...files, [`runs/${id}.json`]: strToU8(text) }, (manifest) => (manifest.runs.find((run) => run.id === id)!.sha256 = sha256(text)))
    }
    const cases: [string, string, (files: Files) => Files][] = [
      ['another zip', 'input.not-a-history', () => ({ 'a.txt': strToU8('hello') })],
      ['another format', 'input.not-a-history', (files) => withManifest(files, (manifest) => (manifest.format = 'other'))],
      ['a manifest that is no JSON', 'input.not-a-history', (files) => ({ ...files, 'manifest.json': strToU8('{') })],
      ['a newer format', 'input.newer-history', (files) => withManifest(files, (manifest) => (manifest.version = 2))],
      ['a run that was changed', 'input.damaged-history', (files) => ({ ...files, [`runs/${root.run}.json`]: strToU8(strFromU8(files[`runs/${root.run}.json`]!).replace('33.25', '33.49')) })],
      ['an artifact that was changed', 'input.damaged-history', (files) => ({ ...files, [`artifacts/${sha256('a picture')}`]: strToU8('b picture') })],
      ['a run that is missing', 'input.damaged-history', (files) => Object.fromEntries(Object.entries(files).filter(([name]) => !name.includes(child.run)))],
      ['a file too many', 'input.damaged-history', (files) => ({ ...files, '../../evil': strToU8('x') })],
      ['a parent that is nowhere', 'input.damaged-history', (files) => withRun(files, root.run, ({ run }) => (run!['parent'] = '01ARZ3NDEKTSV4RRFFQ69G5FAV'))],
      ['a circle', 'input.damaged-history', (files) => withRun(files, root.run, ({ run }) => (run!['parent'] = child.run))],
      ['a run under the id of another', 'input.damaged-history', (files) => withRun(files, root.run, ({ run }) => (run!['run'] = child.run))],
      ['a run that never ended', 'input.damaged-history', (files) => withRun(files, child.run, ({ run }) => (run!['status'] = 'running'))],
      ['an artifact elsewhere', 'input.damaged-history', (files) => withRun(files, child.run, ({ run }) => (run!['artifacts'] = [{ role: 'picture', path: '/etc/passwd', sha256: sha256('a picture'), bytes: 9 }]))],
      ['an artifact above', 'input.damaged-history', (files) => withRun(files, child.run, ({ run }) => (run!['artifacts'] = [{ role: 'picture', path: '../../x', sha256: sha256('a picture'), bytes: 9 }]))],
      ['an artifact of another size', 'input.damaged-history', (files) => withRun(files, child.run, ({ run }) => (run!['artifacts'] = [{ role: 'picture', path: `artifacts/${sha256('a picture').slice(0, 2)}/${sha256('a picture')}.bin`, sha256: sha256('a picture'), bytes: 8 }]))],
      ['layers of another kind', 'input.damaged-history', (files) => withRun(files, child.run, ({ run }) => (run!['layers'] = [{ tensor: 'x' }]))],
      ['a mark too long', 'input.damaged-history', (files) => withRun(files, child.run, ({ marks }) => (marks!['note'] = 'x'.repeat(70_000)))],
    ]

    it.each(cases)('%s', async (what, code, spoil) => {
      const bad = join(folder, 'bad.zip')
      writeFileSync(bad, zipSync(spoil(unzipSync(readFileSync(file)))))
      const to = workspace(`bad ${what}`)
      const fault = await faultOf(() => to.importHistory(bad))
      expect(fault).toMatchObject({ code, where: bad, next: expect.any(String) })
      expect(to.listRuns({ archived: true })).toEqual([])
      expect(filesOf(to)).toEqual([])
      expect(incoming(to)).toEqual([])
    })

    it('a text, an empty file, a file that is cut short, nothing at all', async () => {
      const to = workspace('bad files')
      const bytes = readFileSync(file)
      const bad = join(folder, 'cut.zip')
      for (const content of [strToU8('no zip at all, but long enough to be looked at'), new Uint8Array(0), bytes.subarray(0, bytes.length >> 1), bytes.subarray(0, bytes.length - 1)]) {
        writeFileSync(bad, content)
        expect(await faultOf(() => to.importHistory(bad))).toMatchObject({ code: 'input.not-a-history' })
      }
      expect(await faultOf(() => to.importHistory(join(folder, 'nowhere.zip')))).toMatchObject({ code: 'input.missing-file' })
      expect(to.listRuns()).toEqual([])
    })

    it('bytes spoiled at random: refused with a fault of ours, or unchanged in what counts', async () => {
      const small = join(folder, 'small.zip')
      await from.exportHistory({ runs: [child.run], artifacts: false, out: small })
      let to = workspace('flipped')
      const [bytes, bad, random] = [readFileSync(small), join(folder, 'flipped.zip'), seededRandom(3)]
      let refused = 0
      for (let tries = 0; tries < 120; tries++) {
        const spoiled = Uint8Array.from(bytes)
        spoiled[Math.floor(random() * bytes.length)]! ^= 1 << Math.floor(random() * 8)
        writeFileSync(bad, spoiled)
        const outcome = await to.importHistory(bad).catch((error: unknown) => error)
        if (outcome instanceof Fault) {
          refused += 1
          expect(outcome.code).toMatch(/^input\.(?:not-a|damaged|newer)-history$/)
        } else {
          // A date or a checksum of the zip itself: nothing that is read.
          expect(outcome).toMatchObject({ added: [root.run, child.run] })
          expect(to.getRun(child.run)).toStrictEqual({ ...child, artifacts: [] })
        }
        expect(incoming(to)).toEqual([])
        if (to.listRuns().length > 0) to = workspace(`flipped ${tries}`)
      }
      expect(refused).toBeGreaterThan(100)
    })
  })

  it('that cannot be recorded leaves neither runs nor files', async () => {
    const to = workspace('blocked')
    // A file stands where the folder of the larger artifact has to be.
    mkdirSync(join(to.folder, 'artifacts'), { recursive: true })
    writeFileSync(join(to.folder, 'artifacts', root.artifacts![0]!.sha256.slice(0, 2)), 'in the way')
    expect(await faultOf(() => to.importHistory(file))).toMatchObject({ code: expect.stringMatching(/^workspace\.(?:enotdir|eexist)$/) })
    expect(to.listRuns({ archived: true })).toEqual([])
    expect(filesOf(to)).toEqual([])
    expect(incoming(to)).toEqual([])
  })

  it('can be stopped', async () => {
    const to = workspace('stopped')
    const controller = new AbortController()
    const task = { signal: controller.signal, report: () => controller.abort() }
    await expect(to.importHistory(file, task)).rejects.toThrow(/abort/i)
    expect(to.listRuns()).toEqual([])
    expect(incoming(to)).toEqual([])
    const again = new AbortController()
    await expect(from.exportHistory({ artifacts: true, out: join(folder, 'stopped.zip') }, { signal: again.signal, report: () => again.abort() })).rejects.toThrow(/abort/i)
    expect(existsSync(join(folder, 'stopped.zip'))).toBe(false)
  })
})
