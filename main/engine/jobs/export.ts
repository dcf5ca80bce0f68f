import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Fault } from '../../core/fault.ts'
import { sha256OfFile } from '../../core/hash.ts'
import type { ProofFacts } from '../../core/run.ts'
import { breathe, type Task } from '../../core/task.ts'
import { bundleFolder, checkFolder, zipFolder } from '../../export/bundle-folder.ts'
import { bundleTexts, type BundleTexts } from '../../export/bundle-texts.ts'
import { checkDestination, checkSpace, intoPlace, isZipPath } from '../../export/destination.ts'
import { pictureSheet } from '../../export/figures.ts'
import { goldenInputs, goldenOutputs, writeGolden } from '../../export/golden.ts'
import { hasErrors } from '../../export/readiness.ts'
import type { Language } from '../../export/report.ts'
import { PLAIN_SAMPLES, sampleFiles } from '../../export/sample-files.ts'
import type { Check } from '../../export/subject.ts'
import { proveModels } from '../../rewrite/prove.ts'
import { exportSubject, isLowered, modelFiles, type ModelFile, type ReadySubject, type SubjectInput } from './export-subject.ts'

export interface ExportJobInput extends SubjectInput {
  /** Absolute path of a folder, or of a file that ends with .zip. */
  readonly out: string
  /** Writes the bundle although a check failed; the bundle says so. */
  readonly force: boolean
  readonly language: Language
  /** Path of the run's side-by-side picture. */
  readonly picture?: string
  readonly scalewright: string
}

export interface ExportOutput {
  readonly checks: readonly Check[]
  readonly files: readonly { readonly path: string; readonly bytes: number; readonly sha256: string }[]
  /** Of the zip, or of the manifest of a folder. */
  readonly sha256: string
  readonly bytes: number
  readonly coverage: { readonly rows: number; readonly matched: number }
  readonly board: string
  readonly formats: readonly string[]
  readonly forced: boolean
  readonly proofs: readonly ProofFacts[]
}

/** Writes the bundle of a run: beside its destination, read back and checked, then in one step into its place. Throws `input.not-ready` where a check failed and nobody forces it. */
export async function exportJob(input: ExportJobInput, task: Task): Promise<ExportOutput> {
  const { out, force, language, picture, scalewright } = input
  await checkDestination(out)
  const ready = await exportSubject(input, task)
  const { subject, checks, formats, qdq } = ready
  if (hasErrors(checks) && !force) throw notReady(checks)
  const forced = hasErrors(checks)
  const models = modelFiles(ready)
  const model = models[0]!.bytes
  const proofs = await proveLowered(ready, model)
  const golden = goldenInputs(ready.first.feeds, subject.inputs)
  const options = { checks, forced, language, golden: golden.map(({ name }) => name), proofs, histograms: ready.histograms, ...(picture === undefined ? {} : { picture: await readFile(picture) }) }
  await checkSpace(out, estimate(ready, models, bundleTexts(subject, formats, options)))
  let made: Pick<ExportOutput, 'files' | 'sha256' | 'bytes' | 'coverage'> | undefined
  await intoPlace(out, async (staging) => {
    const folder = join(staging, 'bundle')
    const bundle = bundleFolder(folder)
    for (const { path, bytes } of models) await bundle.add(path, bytes)
    await addSamples(ready, (path, bytes) => bundle.add(path, bytes), task)
    const outputs = await goldenOutputs({ float: model, simulated: qdq }, golden, task)
    await writeGolden(golden, outputs, (path, bytes) => bundle.add(path, bytes))
    const texts = bundleTexts(subject, formats, { ...options, sheet: await pictureSheet(outputs, ready.expectation) })
    for (const { path, text, format } of texts.files) await bundle.add(path, text, format)
    const manifest = await bundle.finish({
      schema: 'scalewright-bundle', version: 1, scalewright, run: subject.run.run, created: subject.run.created, board: subject.board.name, formats: formats.map(({ format }) => format.name), language,
      model: { name: subject.model, sha256: subject.run.model?.sha256 ?? '' }, environment: { ...subject.run.environment }, coverage: { rows: texts.coverage.rows, matched: texts.coverage.matched },
      golden: golden.map(({ name }) => name), forced, readiness: checks.map(({ fixes: _fixes, ...check }) => ({ ...check, where: [...check.where] })),
    })
    const { problems } = await checkFolder(folder, out, task)
    if (problems.length > 0) throw new Fault({ code: 'bug.bundle', where: problems[0]!.path, what: `the bundle that was just written cannot be read back: ${problems[0]!.what}`, next: 'Report this with the recipe; nothing was left behind.' })
    const result = isZipPath(out) ? join(staging, 'bundle.zip') : folder
    if (isZipPath(out)) await zipFolder(folder, result)
    const listed = manifest.files.map(({ path, bytes, sha256 }) => ({ path, bytes, sha256 }))
    made = { files: listed, bytes: listed.reduce((sum, file) => sum + file.bytes, 0), sha256: await sha256OfFile(isZipPath(out) ? result : join(folder, 'MANIFEST.json')), coverage: manifest.coverage }
    return result
  })
  return { ...made!, checks, board: subject.board.name, formats: formats.map(({ format }) => format.name), forced, proofs }
}

export function notReady(checks: readonly Check[]): Fault {
  const errors = checks.filter(({ state }) => state === 'error')
  return new Fault({
    code: 'input.not-ready', where: errors[0]!.where[0] ?? errors[0]!.id, what: errors.map(({ what }) => what.en).join(' '),
    next: `${errors[0]!.fix?.en ?? errors[0]!.why?.en ?? ''} Or give --force: the bundle then says so.`.trim(),
  })
}

/** Calibration samples as the first format that says how wants them; folders of several formats are told apart by name. */
async function addSamples({ calibration, formats, subject }: ReadySubject, add: (path: string, bytes: Uint8Array) => Promise<void>, task: Task): Promise<void> {
  if (!calibration) return
  const layouts = formats.map(({ format }) => format.samples ?? PLAIN_SAMPLES)
  const { samples } = calibration
  for (let index = 0; index < samples.count; index++) {
    const sample = await samples.load(index)
    const written = new Set<string>()
    for (const layout of layouts) {
      for (const { path, bytes } of await sampleFiles(sample, index, subject.inputs, layout)) {
        if (!written.has(path)) await add(path, bytes)
        written.add(path)
      }
    }
    task.report({ stage: 'samples', done: index + 1, total: samples.count, unit: 'pictures' })
    await breathe(task)
  }
}

/** What the bundle will take on the disk while it is made; a zip stands beside its folder for a moment. */
function estimate({ subject, formats }: ReadySubject, models: readonly ModelFile[], texts: BundleTexts): number {
  const feed = subject.inputs.reduce((sum, { dims }) => sum + dims.reduce((product, dim) => product * dim, 4), 0)
  return 2 * (models.reduce((sum, { bytes }) => sum + bytes.byteLength, 0) + texts.files.reduce((sum, { text }) => sum + text.length, 0) + feed * (subject.samples * formats.length + 60))
}

/** The model in the board's older opset must give the very numbers of the one that was quantized. */
async function proveLowered(ready: ReadySubject, model: Uint8Array): Promise<readonly ProofFacts[]> {
  if (!isLowered(ready)) return []
  const { subject, workBytes, first, piece } = ready
  const proof = await proveModels(workBytes, model, [first.feeds], { mode: 'reference', threads: 1, where: piece.file.path }, { rewrite: 'lower-opset', nodes: [], relativeTolerance: 1e-6 })
  if (proof.verdict === 'broken') {
    throw new Fault({ code: 'model.preparation-broken', where: piece.file.path, what: `written in opset ${subject.graph.opsets.get('')} the model gives other values (by ${proof.maxAbs})`, next: 'Export the model with an older opset, and report this model.' })
  }
  return [proof]
}
