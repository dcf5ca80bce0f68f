import { statSync } from 'node:fs'
import { readFile, statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { boardNames } from '../../boards/read-profile.ts'
import { asFault, type FaultData } from '../../core/fault.ts'
import { sha256 } from '../../core/hash.ts'
import { quietTask, type Task } from '../../core/task.ts'
import { bundleTexts } from '../../export/bundle-texts.ts'
import { checkDestination, isZipPath } from '../../export/destination.ts'
import { FORMATS } from '../../export/formats/index.ts'
import { pictureSheet, type LayerHistogram, type SheetRow } from '../../export/figures.ts'
import { goldenInputs, goldenOutputs } from '../../export/golden.ts'
import { hasErrors } from '../../export/readiness.ts'
import type { Language } from '../../export/report.ts'
import { PLAIN_SAMPLES, sampleFiles } from '../../export/sample-files.ts'
import { numbered, type Check, type Format, type Subject } from '../../export/subject.ts'
import { elementCount, isFloat } from '../../onnx/tensor.ts'
import { encodeNpz } from '../../samples/npz.ts'
import { isLowered, loadRun, modelFiles, subjectFor, type BoardInput, type LoadedRun, type LoadInput } from './export-subject.ts'

/** Runs never change: the last one stays in memory for a screen that asks board by board. */
let kept: { readonly key: string; readonly loaded: Promise<LoadedRun> } | undefined

function loadedRun(input: LoadInput, task: Task): Promise<LoadedRun> {
  const key = `${input.run.run} ${input.quantized} ${input.statistics}`
  if (kept?.key !== key) {
    const loaded = loadRun(input, task)
    kept = { key, loaded }
    loaded.catch(() => { if (kept?.loaded === loaded) kept = undefined })
  }
  return kept!.loaded
}

interface FormatCard {
  readonly name: string
  readonly title: string
  /** Ending of the importer's own file, whose names its tables can take. */
  readonly names: string | null
}

const cardOf = ({ name, title, names }: Format): FormatCard => ({ name, title, names: names ?? null })

export interface BoardCard {
  readonly name: string
  readonly title: string
  readonly vendor: string
  readonly toolchain: readonly string[]
  readonly origin: string
  readonly formats: readonly FormatCard[]
  /** Worst first. */
  readonly checks: readonly Check[]
  readonly ready: boolean
}

/** Every board with what it would say of the run. */
export async function exportBoardsJob(input: LoadInput & Omit<BoardInput, 'board' | 'formats'>, task: Task = quietTask): Promise<{ readonly boards: readonly BoardCard[]; readonly formats: readonly FormatCard[] }> {
  const loaded = await loadedRun(input, task)
  const boards: BoardCard[] = []
  for (const name of await boardNames({ workspace: input.workspace })) {
    const { subject, formats, checks } = await subjectFor(loaded, { ...input, board: name, formats: [] })
    const { title, vendor, toolchain, origin } = subject.board
    boards.push({ name, title, vendor, toolchain, origin, formats: formats.map(({ format }) => cardOf(format)), checks, ready: !hasErrors(checks) })
  }
  return { boards, formats: FORMATS.map(cardOf) }
}

export interface PreviewFile {
  readonly path: string
  readonly bytes: number
  /** What `bytes` is: pictures and outputs of models are known once they are written. */
  readonly size: 'exact' | 'about' | 'most' | 'least'
  /** null: no text, or a long one. */
  readonly text: string | null
  readonly sha256: string | null
}

export interface ExportPreview {
  readonly checks: readonly Check[]
  readonly files: readonly PreviewFile[]
  readonly bytes: number
  readonly coverage: { readonly rows: number; readonly matched: number }
  /** Of the layers that lost most, as the report draws them. */
  readonly histograms: readonly LayerHistogram[]
  /** What the README tells to type. */
  readonly commands: readonly { readonly title: string; readonly lines: readonly string[] }[]
}

const LONGEST_TEXT = 256 << 10

/** The bundle as it would be written, texts whole; nothing is computed by a model. */
export async function exportPreviewJob({ force = true, language, picture, ...input }: LoadInput & BoardInput & { readonly language: Language; readonly picture?: string; readonly force?: boolean }, task: Task = quietTask): Promise<ExportPreview> {
  const ready = await subjectFor(await loadedRun(input, task), input)
  const { subject, formats, checks, first, calibration } = ready
  const inputs = goldenInputs(first.feeds, subject.inputs)
  const golden = inputs.map(({ name }) => name)
  const shown = picture !== undefined && statSync(picture, { throwIfNoEntry: false }) ? { picture: await readFile(picture) } : {}
  const { files, coverage } = bundleTexts(subject, formats, { checks, forced: force && hasErrors(checks), language, golden, proofs: [], histograms: ready.histograms, ...shown })
  // Models were not run yet: of the report the golden pictures are missing, of the proofs the last one.
  const open = new Set([...(ready.expectation.output.kind.value === 'picture' ? ['report/report.html'] : []), ...(isLowered(ready) ? ['model/rewrite.json'] : [])])
  const texts = files.map(({ path, text }): PreviewFile => {
    const isOpen = open.has(path)
    return { path, bytes: Buffer.byteLength(text), size: isOpen ? 'least' : 'exact', text: text.length > LONGEST_TEXT ? null : text, sha256: isOpen ? null : sha256(text) }
  })
  const binary = (path: string, bytes: Uint8Array): PreviewFile => ({ path, bytes: bytes.byteLength, size: 'exact', text: null, sha256: sha256(bytes) })
  const models = modelFiles(ready).map(({ path, bytes }) => binary(path, bytes))
  const samples: PreviewFile[] = []
  if (calibration) {
    const sample = await calibration.samples.load(0)
    const like = (await Promise.all(formats.map(({ format }) => sampleFiles(sample, 0, subject.inputs, format.samples ?? PLAIN_SAMPLES)))).flat()
    const unique = [...new Map(like.map(({ path, bytes }) => [path, bytes.byteLength])).entries()]
    for (let index = 0; index < subject.samples; index++) {
      // Arrays all take the same; what is packed does not.
      for (const [path, bytes] of unique) samples.push({ path: path.replace(/000(\.\w+)$/, `${numbered(index)}$1`), bytes, size: index === 0 || !/\.(?:png|npz)$/.test(path) ? 'exact' : 'about', text: null, sha256: null })
    }
  }
  const outputBytes = packedAtMost(subject)
  const vectors = inputs.flatMap(({ feeds }, index) => [
    binary(`golden/in_${numbered(index)}.npz`, encodeNpz(feeds)),
    ...['float_out', 'sim_out'].map((kind): PreviewFile => ({ path: `golden/${kind}_${numbered(index)}.npz`, bytes: outputBytes ?? 0, size: outputBytes === null ? 'least' : 'most', text: null, sha256: null })),
  ])
  const all = [...texts, ...models, ...samples, ...vectors].toSorted((a, b) => (a.path < b.path ? -1 : 1))
  return {
    checks, files: all, bytes: all.reduce((sum, { bytes }) => sum + bytes, 0), coverage: { rows: coverage.rows, matched: coverage.matched }, histograms: ready.histograms,
    commands: formats.map(({ format, settings }) => ({ title: format.title, lines: format.commands(subject, settings) })),
  }
}

/** An array's header, and its entry in the archive twice. */
const ENTRY_BYTES = 512

/** What the outputs take as .npz, at the size of the samples, if packing gains nothing. null: nobody knows. */
function packedAtMost({ graph: { outputs, values } }: Subject): number | null {
  const sizes = outputs.map(({ name, type }) => {
    const dims = values.get(name)?.dims ?? [null]
    if (type === 'string' || !dims.every((dim) => typeof dim === 'number')) return null
    return ENTRY_BYTES + 2 * Buffer.byteLength(name) + 1.001 * elementCount(dims) * (isFloat(type) ? 4 : 8)
  })
  return sizes.every((size) => size !== null) ? Math.ceil(sizes.reduce((sum, size) => sum + size, 0)) : null
}

let keptSheet: { readonly loaded: LoadedRun; readonly rows: Promise<SheetRow[]> } | undefined

/** The golden pictures of a run as the report shows them: both models are run. Empty where the model gives no picture. */
export async function exportSheetJob(input: LoadInput, task: Task = quietTask): Promise<{ readonly rows: readonly SheetRow[] }> {
  const loaded = await loadedRun(input, task)
  if (keptSheet?.loaded !== loaded) {
    const { workBytes, qdq, first, inputs, expectation } = loaded
    const rows = expectation.output.kind.value === 'picture'
      ? goldenOutputs({ float: workBytes, simulated: qdq }, goldenInputs(first.feeds, inputs), task).then((outputs) => pictureSheet(outputs, expectation))
      : Promise.resolve([])
    const kept = { loaded, rows }
    keptSheet = kept
    rows.catch(() => { if (keptSheet === kept) keptSheet = undefined })
  }
  return { rows: await keptSheet!.rows }
}

/** What stands at a destination, and what is free there. */
export async function exportPlaceJob({ out }: { readonly out: string }): Promise<{ readonly kind: 'folder' | 'zip'; readonly freeBytes: number; readonly replaces: boolean; readonly fault: FaultData | null }> {
  let folder = dirname(out)
  while (!statSync(folder, { throwIfNoEntry: false }) && dirname(folder) !== folder) folder = dirname(folder)
  const { bavail, bsize } = await statfs(folder)
  const fault = await checkDestination(out).then(() => null, (error: unknown) => asFault(error).toJSON())
  return { kind: isZipPath(out) ? 'zip' : 'folder', freeBytes: bavail * bsize, replaces: statSync(out, { throwIfNoEntry: false }) !== undefined, fault }
}
