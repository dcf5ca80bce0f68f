import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { zipSync } from 'fflate'
import type { App } from '../../../main/app/api.ts'
import { openApp } from '../../../main/app/app.ts'
import { parseCsv } from '../../../main/core/csv.ts'
import { sha256 } from '../../../main/core/hash.ts'
import type { Run } from '../../../main/core/run.ts'
import { quietTask } from '../../../main/core/task.ts'
import { boardNames } from '../../../main/boards/read-profile.ts'
import { checkFolder } from '../../../main/export/bundle-folder.ts'
import { exportJob } from '../../../main/engine/jobs/export.ts'
import { exportPreviewJob } from '../../../main/engine/jobs/export-preview.ts'
import { verifyJob } from '../../../main/engine/jobs/verify.ts'
import { filesBelow } from '../../../main/export/destination.ts'
import { readManifest } from '../../../main/export/manifest.ts'
import { decodeNpy } from '../../../main/samples/npy.ts'
import { decodeNpz } from '../../../main/samples/npz.ts'
import { float32 } from '../../../main/onnx/tensor.ts'
import { readModel } from '../../../main/onnx/model-file.ts'
import { readQdq } from '../../../main/quantize/read-qdq.ts'
import { spellingsOf } from '../../../main/samples/spellings.ts'
import { runToExport } from '../../fixtures/bundle-run.ts'
import { temporaryFolder } from '../../fixtures/temporary-folder.ts'
import { horizonYaml, rknnLayers } from '../../fixtures/tool-readers.ts'
import { ortRanges, tpuQtable, tpuTableCpp, tpuTablePython } from '../../fixtures/vendor-readers.ts'

/** A Python that has the real library, where somebody develops; the project itself needs none. */
const python = process.env['SCALEWRIGHT_PYTHON'] ?? 'python3'
const hasLibrary = spawnSync(python, ['-c', 'import onnxruntime.quantization']).status === 0
if (!hasLibrary) console.warn('SKIPPED: ranges and overrides in the real ONNX Runtime quantizer: no Python with it (SCALEWRIGHT_PYTHON)')

const folder = temporaryFolder()
let app: App
let run: Run
/** The job in this process: no child to start for each of the boards. */
const exported = async (board: string, out: string, wish: Partial<Parameters<typeof exportJob>[0]> = {}, of = run) =>
  exportJob({ ...(await app.exportSubject(of, { board })), out, force: false, language: 'en', scalewright: '0', ...wish }, quietTask)
/** Bundles by board. */
const at = (board: string): string => join(folder, 'bundles', board)
const text = (board: string, path: string): string => readFileSync(join(at(board), path), 'utf8')

/** Files that the preview of a board promised otherwise. */
async function unlikePreview(board: string, written: readonly { path: string; bytes: number; sha256: string }[]): Promise<string[]> {
  const { files } = await exportPreviewJob({ ...(await app.exportSubject(run, { board })), language: 'en' })
  const fits = { exact: (bytes: number, said: number) => bytes === said, most: (bytes: number, said: number) => bytes <= said, least: (bytes: number, said: number) => bytes >= said, about: (bytes: number, said: number) => bytes > said / 4 && bytes < said * 4 }
  const said = new Map(files.map((file) => [file.path, file]))
  const lost = files.filter(({ path }) => !written.some((file) => file.path === path)).map(({ path }) => `${path} is not written`)
  return lost.concat(written.flatMap(({ path, bytes, sha256: hash }) => {
    const file = said.get(path)
    if (file === undefined) return [`${path} is not in the preview`]
    return [...(fits[file.size](bytes, file.bytes) ? [] : [`${path} has ${bytes} bytes, ${file.size} ${file.bytes} were said`]), ...(file.sha256 === null || file.sha256 === hash ? [] : [`${path} is another`])]
  }))
}

beforeAll(async () => {
  app = await openApp({ workspace: join(folder, 'ws'), cwd: folder, threads: 1 })
  run = await runToExport(app)
})
afterAll(() => app.close())

describe('a bundle', () => {
  it.each(['horizon-j5', 'horizon-j6', 'horizon-x5', 'mobile-npu', 'openvino-cpu', 'ort-cpu', 'qnn-htp', 'rknn-rk3588', 'sophon-bm1684', 'sophon-bm1684x', 'sophon-cv18xx', 'tensorrt', 'tflite'])('for %s is whole, is ready, and is verified', async (board) => {
    expect(await exported(board, at(board))).toMatchObject({ board, forced: false })
    const manifest = readManifest(text(board, 'MANIFEST.json'), board)
    expect(manifest).toMatchObject({ board, run: run.run, golden: ['picture', 'black', 'checkerboard'], coverage: { matched: 11 } })
    expect(manifest.coverage.rows).toBe(manifest.coverage.matched)
    expect(await filesBelow(at(board))).toEqual(['MANIFEST.json', ...manifest.files.map(({ path }) => path)].toSorted())
    for (const { path, bytes, sha256: hash } of manifest.files) expect([statSync(join(at(board), path)).size, sha256(readFileSync(join(at(board), path)))], path).toEqual([bytes, hash])
    for (const path of ['README.md', 'ACCEPT.md', 'preprocess.json', 'names.csv', 'model/model.onnx', 'model/model.qdq.onnx', 'model/rewrite.json', 'report/report.html', 'report/report.md', 'report/layers.csv', 'golden/in_002.npz', 'golden/float_out_000.npz', 'golden/sim_out_001.npz']) expect(existsSync(join(at(board), path)), path).toBe(true)
    expect((await checkFolder(at(board), board, quietTask)).problems).toEqual([])
    expect(await unlikePreview(board, manifest.files)).toEqual([])
    const [, told] = text(board, 'README.md').split('## Files')
    for (const [, path] of told!.split('Names:')[0]!.matchAll(/^\| ([\w./]+) \|/gm)) expect(path === 'file' || existsSync(join(at(board), path!)), `${board}: README names ${path}`).toBe(true)
    expect(readFileSync(join(at(board), 'MANIFEST.json'), 'utf8') + text(board, 'model/recipe.json') + text(board, 'README.md')).not.toContain(folder)
  })

  it('is made for every board there is', async () => expect(readdirSync(join(folder, 'bundles')).toSorted()).toEqual(await boardNames()))

  it('is recorded as a run with what was written, and its golden vectors come out again bit by bit', async () => {
    const { bundle, verb, parent, artifacts, run: id } = await app.exportBundle({ run: run.run, board: 'horizon-x5', out: join(folder, 'recorded.zip'), language: 'zh' }, quietTask)
    expect([verb, parent, bundle.forced, artifacts!.map(({ role }) => role)]).toEqual(['export', run.run, false, ['bundle-record', 'bundle']])
    expect((await app.runs.list({ verb: 'export', board: 'horizon-x5' }))[0]).toMatchObject({ run: id, parent: run.run })
    expect((await app.artifact(id, 'bundle')).sha256).toBe(sha256(readFileSync(join(folder, 'recorded.zip'))))
    const verified = await app.verifyBundle({ bundle: join(folder, 'recorded.zip') }, quietTask)
    expect(verified).toMatchObject({ passed: true, problems: [], board: 'horizon-x5', of: run.run })
    expect(verified.golden.map(({ exact }) => exact)).toEqual(Array.from({ length: 6 }, () => true))
    expect((await app.runs.show(verified.run)).gates!.map(({ passed }) => passed)).toEqual([true, true])
  })

  it('of the same run has the same bytes, as a folder and as a zip', async () => {
    const { sha256: hash } = await exported('ort-cpu', join(folder, 'again'), { scalewright: '0' })
    for (const path of await filesBelow(at('ort-cpu'))) expect(readFileSync(join(folder, 'again', path)).equals(readFileSync(join(at('ort-cpu'), path))), path).toBe(true)
    for (const name of ['a.zip', 'b.zip']) await exported('ort-cpu', join(folder, name))
    expect(readFileSync(join(folder, 'a.zip')).equals(readFileSync(join(folder, 'b.zip')))).toBe(true)
    expect(hash).toBe(sha256(readFileSync(join(at('ort-cpu'), 'MANIFEST.json'))))
  })

  it('is caught with one byte flipped in any file', async () => {
    const copy = join(folder, 'flipped')
    cpSync(at('sophon-bm1684'), copy, { recursive: true })
    for (const [index, path] of (await filesBelow(copy)).entries()) {
      const before = readFileSync(join(copy, path))
      const after = Buffer.from(before)
      after[Math.floor((index * 7919) % after.length)]! ^= 1
      writeFileSync(join(copy, path), after)
      const found = await checkFolder(copy, copy, quietTask).then(({ problems }) => problems.map((problem) => [problem.path, problem.kind]), (error: { code: string }) => error.code)
      expect(found, path).toEqual(path === 'MANIFEST.json' ? 'input.bundle' : [[path, 'changed']])
      writeFileSync(join(copy, path), before)
    }
    rmSync(join(copy, 'names.csv'))
    writeFileSync(join(copy, 'built.bmodel'), 'x')
    expect((await verifyJob({ bundle: copy, golden: 0, threads: 1 }, quietTask)).problems).toEqual([{ path: 'names.csv', kind: 'missing', what: 'the file is missing' }, { path: 'built.bmodel', kind: 'unlisted', what: 'the manifest does not name it' }])
    rmSync(join(copy, 'README.md'))
    symlinkSync('/etc/hostname', join(copy, 'README.md'))
    expect((await checkFolder(copy, copy, quietTask)).problems[0]).toMatchObject({ path: 'README.md', kind: 'link' })
  })

  it('tells the same numbers to every toolchain', async () => {
    const stems = { table: text('sophon-bm1684', 'thresholds/sample_x2_cali_table') }
    expect(tpuTablePython(stems.table)).toEqual(tpuTableCpp(stems.table))
    expect(tpuTableCpp(stems.table).get('input')).toEqual({ threshold: 255, min: 0, max: 255 })
    const names = parseCsv(text('sophon-bm1684', 'names.csv'), 'names.csv').slice(1)
    const rows = tpuTableCpp(stems.table)
    const ranges = ortRanges(text('ort-cpu', 'thresholds/ort_ranges.json'))
    // ONNX Runtime's quantizer stops at a tensor before an activation that has no range.
    for (const { cells: [value, , , , matched] } of names) if (matched === 'yes' || matched === 'fused') expect(ranges.has(value!), value).toBe(true)
    expect(names.filter(({ cells }) => cells[4] === 'fused').length).toBeGreaterThan(3)
    for (const { cells: [, , , vendor, matched] } of names) if (matched === 'yes' || matched === 'fused') expect(rows.has(vendor!), vendor).toBe(true)
  })

  it.skipIf(!hasLibrary).each([['from the ranges', []], ['from the overrides', ['overrides']]])('makes ONNX Runtime’s own quantizer choose our scales, %s', async (_what, words) => {
    const copy = join(folder, 'python')
    cpSync(at('ort-cpu'), copy, { recursive: true })
    const { status, stderr } = spawnSync(python, ['config/quantize_with_ort.py', ...words], { cwd: copy, encoding: 'utf8' })
    expect(status, stderr).toBe(0)
    const { rows } = readQdq((await readModel(join(copy, 'sample_x2.ort.onnx'))).graph)
    const own = new Map(run.scales!.filter(({ kind }) => kind === 'activation').map((row) => [row.tensor, row]))
    const theirs = rows.filter(({ kind }) => kind === 'activation').map((row) => ({ ...row, tensor: row.tensor.replace(/_QuantizeLinear_Input$/, '') })).filter(({ tensor }) => own.has(tensor))
    expect(theirs.length).toBeGreaterThan(8)
    for (const { tensor, scale, zeroPoint } of theirs) {
      expect(zeroPoint, tensor).toEqual(own.get(tensor)!.zeroPoint)
      // They divide the range in float32 again.
      expect(scale[0]! / own.get(tensor)!.scale[0]!, tensor).toBeCloseTo(1, 6)
    }
  })

  it('gives pixels 0..255 without a header to hb_mapper, as .npy to hb_compile, a picture to RKNN, and what the model takes to the others', async () => {
    const raw = readFileSync(join(at('horizon-x5'), 'calibration/input_f32/000.rgbchw'))
    expect(raw.length).toBe(3 * 32 * 32 * 4)
    const npy = decodeNpy(readFileSync(join(at('horizon-j6'), 'calibration/input_f32/000.npy')), 'npy')
    expect(Buffer.from(float32(npy).buffer).equals(raw)).toBe(true)
    expect(float32(npy).every((pixel) => Number.isInteger(pixel) && pixel >= 0 && pixel <= 255)).toBe(true)
    const lines = text('rknn-rk3588', 'calibration/dataset.txt').trim().split('\n')
    expect(lines).toHaveLength(2)
    for (const line of lines) expect(readFileSync(join(at('rknn-rk3588'), 'calibration', line)).subarray(1, 4).toString()).toBe('PNG')
    const fed = decodeNpz(readFileSync(join(at('sophon-bm1684x'), 'calibration/samples/000.npz')), 'npz')
    expect([...fed.keys()]).toEqual(['input'])
    expect(float32(fed.get('input')!)).toEqual(float32(npy))
    expect(readFileSync(join(at('qnn-htp'), 'calibration/input/000.raw')).equals(raw)).toBe(true)
  })

  it('says to Horizon what its four groups need', async () => {
    type Groups = Record<'model_parameters' | 'input_parameters' | 'calibration_parameters', Record<string, unknown>>
    const [x5, j6] = [parse(text('horizon-x5', 'config/sample_x2.yaml')) as Groups, parse(text('horizon-j6', 'config/sample_x2.yaml')) as Groups]
    expect(x5.model_parameters).toMatchObject({ march: 'bayes-e', onnx_model: '../model/model.onnx' })
    expect(x5.input_parameters).toMatchObject({ input_name: 'input', input_shape: '1x3x32x32', input_type_train: 'rgb', input_layout_train: 'NCHW', norm_type: 'no_preprocess' })
    expect(x5.calibration_parameters).toMatchObject({ cal_data_dir: '../calibration/input_f32', cal_data_type: 'float32' })
    expect(existsSync(join(at('horizon-x5'), 'config', x5.calibration_parameters['cal_data_dir'] as string))).toBe(true)
    // Nothing of this run is in float or in 16 bits, and its output has codes of 8.
    expect([x5.model_parameters['node_info'], j6.model_parameters['node_info']]).toEqual([undefined, undefined])
    expect([x5.calibration_parameters['optimization'], j6.calibration_parameters['quant_config']]).toEqual(['set_model_output_int8', { model_config: { model_output_type: 'int8' } }])
    expect(tpuQtable(text('sophon-bm1684x', 'thresholds/sample_x2_qtable')).size).toBe(0)
    expect(rknnLayers(text('rknn-rk3588', 'config/hybrid_layers.yaml')).size).toBe(0)
    expect(horizonYaml(text('horizon-x5', 'config/sample_x2.yaml'), 'hb_mapper').inputs[0]!.folder).toBe('../calibration/input_f32')
    expect(horizonYaml(text('horizon-j6', 'config/sample_x2.yaml'), 'hb_compile').march).toBe('nash-e')
  })

  it('holds the model in an opset that the board reads, proved equal', async () => {
    const { graph } = await readModel(join(at('horizon-x5'), 'model/model.onnx'))
    expect([graph.opsets.get(''), graph.irVersion <= 7]).toEqual([11, true])
    const { proofs } = JSON.parse(text('horizon-x5', 'model/rewrite.json')) as { proofs: { rewrite: string; verdict: string }[] }
    expect(proofs.at(-1)).toMatchObject({ rewrite: 'lower-opset', verdict: 'exact' })
    const pairs = (await readModel(join(at('openvino-cpu'), 'model/model.qdq.openvino.onnx'))).graph.nodes.filter(({ op }) => /QuantizeLinear/.test(op))
    expect(pairs.every(({ attributes }) => attributes.has('axis'))).toBe(true)
  })

  it('spells the preprocessing for every vendor, from one and the same', async () => {
    const { inputs: [input] } = JSON.parse(text('rknn-rk3588', 'preprocess.json')) as { inputs: [{ color: 'rgb'; layout: 'nchw'; range: [number, number]; mean: number[]; scale: number[]; spellings: Record<string, string> }] }
    for (const { speller, text: wanted } of spellingsOf(input)) expect(input.spellings[speller]).toBe(wanted)
    expect(text('rknn-rk3588', 'config/rknn_build.py')).toContain('mean_values=[[0, 0, 0]], std_values=[[1, 1, 1]]')
  })

  it('has a report without any other file', () => {
    const html = text('ort-cpu', 'report/report.html')
    expect(html).not.toMatch(/<script|(?:src|href)="(?!data:|#)/)
    expect(html).toContain("default-src 'none'")
  })
})

describe('a destination', () => {
  it('that is not empty, is a file, or cannot be written is refused, and nothing is left', async () => {
    const place = join(folder, 'places')
    mkdirSync(join(place, 'full'), { recursive: true })
    writeFileSync(join(place, 'full/mine.txt'), 'x')
    writeFileSync(join(place, 'file'), 'x')
    writeFileSync(join(place, 'other.zip'), zipSync({ 'a.txt': Buffer.from('x') }))
    mkdirSync(join(place, 'folder.zip'))
    for (const [out, code] of [['full', 'input.out-exists'], ['file', 'input.out-exists'], ['other.zip', 'input.out-exists'], ['folder.zip', 'input.out-is-folder'], ['file/below', 'workspace.enotdir']] as const) {
      await expect(exported('ort-cpu', join(place, out)), out).rejects.toMatchObject({ code })
    }
    await expect(exported('ort-cpu', '/proc/none/here')).rejects.toMatchObject({ code: expect.stringMatching(/^workspace\./) as string })
    expect(readdirSync(place).toSorted()).toEqual(['file', 'folder.zip', 'full', 'other.zip'])
  })

  it('that holds an earlier bundle is replaced, unless somebody added to it', async () => {
    const out = join(folder, 'earlier')
    cpSync(at('ort-cpu'), out, { recursive: true })
    await exported('sophon-bm1684', out)
    expect(readManifest(readFileSync(join(out, 'MANIFEST.json'), 'utf8'), out).board).toBe('sophon-bm1684')
    writeFileSync(join(out, 'notes.txt'), 'mine')
    await expect(exported('ort-cpu', out)).rejects.toMatchObject({ code: 'input.out-exists', what: expect.stringContaining('notes.txt') as string })
    expect(readdirSync(folder).filter((name) => name.startsWith('.'))).toEqual([])
  })

  it('gets nothing where the run has nothing, the board is unknown, or a check failed', async () => {
    const [without] = await app.runs.list({ verb: 'export' })
    await expect(app.exportBundle({ run: without!.run, board: 'ort-cpu', out: join(folder, 'none') }, quietTask)).rejects.toMatchObject({ code: 'input.nothing-to-export' })
    await expect(app.exportBundle({ run: run.run, board: 'horizon-j7', out: join(folder, 'none') }, quietTask)).rejects.toMatchObject({ code: 'input.unknown-board', next: expect.stringContaining('horizon-j6') as string })
    await expect(exported('ort-cpu', join(folder, 'none'), { formats: ['onx'] })).rejects.toMatchObject({ code: 'input.unknown-format' })
    const unsigned = await runToExport(app, 'quantize.activations.type=uint8', 'quantize.activations.symmetric=false', 'gates={psnr_y_drop_db: -5}', 'compare.layers=none')
    await expect(exported('tensorrt', join(folder, 'none'), {}, unsigned)).rejects.toMatchObject({ code: 'input.not-ready', next: expect.stringContaining('--force') as string })
    expect(existsSync(join(folder, 'none'))).toBe(false)
    const { checks } = await exported('tensorrt', join(folder, 'forced'), { force: true }, unsigned)
    expect(checks.filter(({ state }) => state === 'error').map(({ id }) => id)).toEqual(['gates', 'signed'])
    const [readme, manifest] = [readFileSync(join(folder, 'forced/README.md'), 'utf8'), readManifest(readFileSync(join(folder, 'forced/MANIFEST.json'), 'utf8'), '')]
    expect(manifest.forced).toBe(true)
    for (const words of ['Not in order: exported all the same', '存在问题：仍强制导出', 'quantize.activations.symmetric=true']) expect(readme.replaceAll('\\_', '_')).toContain(words)
    await app.runs.waive(unsigned.run, { rule: unsigned.gates![0]!.rule, reason: 'a test' })
    const waived = await exported('ort-cpu', join(folder, 'waived'), {}, unsigned)
    expect(waived.checks.find(({ id }) => id === 'gates')).toMatchObject({ state: 'note', where: [expect.stringContaining('a test') as string] })
  })
})
